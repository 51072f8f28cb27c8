"""Questions that only the web page and the metrics ask: spread, lead and lag, hours, queues."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from sqlalchemy import Connection, case, func, select

from ingest.model import PollOutcome
from ingest.store.leases import is_due
from ingest.store.lists import among
from ingest.store.tables import (
    article,
    article_content,
    feed,
    feed_schedule,
    match,
    poll,
    publisher,
    story,
    story_article,
)

MAX_COPIES = 50_000  # rows of articles read for lead and lag; the newest are taken
_FINE = (PollOutcome.OK, PollOutcome.NOT_MODIFIED, PollOutcome.SAME_BYTES)


@dataclass(frozen=True, slots=True)
class Runner:
    """A publisher that ran a story: with which article, and how long after the first one."""

    article_id: int
    publisher: str
    seen_at: datetime  # when it was published as far as can be believed, else first seen
    lag_seconds: float


@dataclass(frozen=True, slots=True)
class StoryStamp:
    """When a story was made and when it last changed: what an output feed tells."""

    story_id: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class PublisherRow:
    """A publisher's part in the news of a window."""

    name: str
    domain: str | None
    feeds: int
    articles: int
    wire_articles: int  # attributed to an agency
    shared: int  # in a story of several publishers
    led: int  # of those, the ones it ran first
    median_lag_seconds: float | None  # behind the first, where it was not the first

    @property
    def wire_share(self) -> float:
        """The share of its articles attributed to an agency."""
        return self.wire_articles / self.articles if self.articles else 0.0


@dataclass(frozen=True, slots=True)
class Lag:
    """How often `follower` ran what `leader` had run first, and how much later."""

    leader: str
    follower: str
    stories: int
    median_seconds: float


@dataclass(frozen=True, slots=True)
class PublisherPage:
    """Publishers and the pairs of them that share the most stories."""

    publishers: tuple[PublisherRow, ...]
    lags: tuple[Lag, ...]


@dataclass(frozen=True, slots=True)
class FeedHour:
    """The polls of one feed in one hour."""

    feed_id: int
    hours_ago: int
    polls: int
    failed: int
    new: int


@dataclass(frozen=True, slots=True)
class Totals:
    """What the metrics count in the database."""

    matches: dict[str, int]  # by relation


def runners(connection: Connection, story_ids: Sequence[int]) -> dict[int, list[Runner]]:
    """For each story the publishers that ran it, each once, the first on top."""
    at = func.coalesce(article.c.published_at, article.c.first_seen_at)
    rows = connection.execute(
        select(
            story_article.c.story_id,
            article.c.id,
            publisher.c.name,
            article.c.published_at,
            article.c.first_seen_at,
            (story.c.first_article_id == article.c.id).label("is_first"),
        )
        .join_from(story_article, article, article.c.id == story_article.c.article_id)
        .join(publisher, publisher.c.id == article.c.publisher_id)
        .join(story, story.c.id == story_article.c.story_id)
        .where(among(connection, story_article.c.story_id, story_ids))
        .order_by(
            story_article.c.story_id,
            case((story.c.first_article_id == article.c.id, 0), else_=1),
            at,
            article.c.id,
        )
    )
    found: dict[int, list[Runner]] = defaultdict(list)
    for row in rows:
        listed = found[row.story_id]
        if any(one.publisher == row.name for one in listed):
            continue
        seen_at = row.published_at or row.first_seen_at
        first_at = listed[0].seen_at if listed else seen_at
        lag = max(0.0, (seen_at - first_at).total_seconds())
        listed.append(Runner(row.id, row.name, seen_at, lag))
    return dict(found)


def story_stamps(connection: Connection, story_ids: Sequence[int]) -> dict[int, StoryStamp]:
    """When these stories were made and last changed."""
    rows = connection.execute(
        select(story.c.id, story.c.created_at, story.c.updated_at).where(
            among(connection, story.c.id, story_ids)
        )
    )
    return {row.id: StoryStamp(row.id, row.created_at, row.updated_at) for row in rows}


def publisher_page(connection: Connection, since: datetime) -> PublisherPage:
    """Who leads, who follows, who lives off the wire, over articles first seen since then."""
    counted = {
        row.publisher_id: row
        for row in connection.execute(
            select(
                article.c.publisher_id,
                func.count().label("articles"),
                func.count(article.c.source_agency).label("wire"),
            )
            .where(article.c.first_seen_at >= since)
            .group_by(article.c.publisher_id)
        )
    }
    copies = _copies(connection, since)
    led: dict[int, int] = defaultdict(int)
    shared: dict[int, int] = defaultdict(int)
    lags: dict[int, list[float]] = defaultdict(list)
    pairs: dict[tuple[int, int], list[float]] = defaultdict(list)
    for ran in copies.values():
        if len(ran) < 2:
            continue
        (leader, first_at), *others = ran.items()
        led[leader] += 1
        shared[leader] += 1
        for follower, at in others:
            seconds = max(0.0, (at - first_at).total_seconds())
            shared[follower] += 1
            lags[follower].append(seconds)
            pairs[leader, follower].append(seconds)
    names: dict[int, str] = {}
    rows = []
    for row in connection.execute(
        select(publisher.c.id, publisher.c.name, publisher.c.domain, func.count(feed.c.id))
        .outerjoin_from(
            publisher, feed, (feed.c.publisher_id == publisher.c.id) & feed.c.removed_at.is_(None)
        )
        .group_by(publisher.c.id, publisher.c.name, publisher.c.domain)
    ):
        key = row[0]
        names[key] = row[1]
        own = counted.get(key)
        rows.append(
            PublisherRow(
                row[1],
                row[2],
                row[3],
                own.articles if own is not None else 0,
                own.wire if own is not None else 0,
                shared[key],
                led[key],
                median(lags[key]) if lags[key] else None,
            )
        )
    rows.sort(key=lambda one: (-one.led, -one.shared, -one.articles, one.name.lower()))
    ranked = sorted(pairs.items(), key=lambda item: (-len(item[1]), item[0]))
    return PublisherPage(
        tuple(rows),
        tuple(
            Lag(names[leader], names[follower], len(seconds), median(seconds))
            for (leader, follower), seconds in ranked[:40]
        ),
    )


def _copies(connection: Connection, since: datetime) -> dict[int, dict[int, datetime]]:
    """For each story the publishers that ran it with the time of each, the first on top."""
    rows = connection.execute(
        select(
            story_article.c.story_id,
            article.c.publisher_id,
            article.c.published_at,
            article.c.first_seen_at,
            (story.c.first_article_id == article.c.id).label("is_first"),
        )
        .join_from(story_article, article, article.c.id == story_article.c.article_id)
        .join(story, story.c.id == story_article.c.story_id)
        .where(story.c.publishers > 1, article.c.first_seen_at >= since)
        .order_by(article.c.first_seen_at.desc())
        .limit(MAX_COPIES)
    ).all()
    found: dict[int, dict[int, datetime]] = defaultdict(dict)
    for row in sorted(
        rows, key=lambda one: (not one.is_first, one.published_at or one.first_seen_at)
    ):
        found[row.story_id].setdefault(row.publisher_id, row.published_at or row.first_seen_at)
    return found


def totals(connection: Connection) -> Totals:
    """Matches by relation."""
    rows = connection.execute(select(match.c.relation, func.count()).group_by(match.c.relation))
    return Totals({row[0]: row[1] for row in rows})


def feed_hours(connection: Connection, now: datetime, *, hours: int = 24) -> list[FeedHour]:
    """Every feed's polls of the last hours, by hour; hours without a poll are left out."""
    latest = now.replace(minute=0, second=0, microsecond=0)
    hour = (
        func.strftime("%Y-%m-%d %H", poll.c.started_at)
        if connection.dialect.name == "sqlite"
        else func.to_char(poll.c.started_at, "YYYY-MM-DD HH24")
    )
    ago = {f"{latest - timedelta(hours=back):%Y-%m-%d %H}": back for back in range(hours)}
    rows = connection.execute(
        select(
            poll.c.feed_id,
            hour,
            func.count(),
            func.count().filter(poll.c.outcome.not_in(_FINE)),
            func.coalesce(func.sum(poll.c.entries_new), 0),
        )
        .where(poll.c.started_at >= latest - timedelta(hours=hours - 1))
        .group_by(poll.c.feed_id, hour)
    )
    return [
        FeedHour(row[0], ago[row[1]], row[2], row[3], int(row[4])) for row in rows if row[1] in ago
    ]


def body_html(connection: Connection, article_id: int) -> str | None:
    """The stored HTML of an article's body; None where there is none."""
    html: str | None = connection.scalar(
        select(article_content.c.body_html).where(article_content.c.article_id == article_id)
    )
    return html


@dataclass(frozen=True, slots=True)
class DueNow:
    """The queue of feeds whose time has come: its length, and how long the first has waited."""

    feeds: int
    lag_seconds: float


def due_now(connection: Connection, now: datetime) -> DueNow:
    """Look at the queue of due feeds."""
    row = connection.execute(
        select(func.count(), func.min(feed_schedule.c.next_poll_at)).where(is_due(now))
    ).one()
    return DueNow(row[0], (now - row[1]).total_seconds() if row[1] is not None else 0.0)
