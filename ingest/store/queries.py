"""Questions about articles, stories and polls, as the command line and the web page ask them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, select

from ingest.store import search
from ingest.store.lists import among
from ingest.store.schedule_rows import AnyRow
from ingest.store.tables import (
    article,
    article_content,
    feed,
    publisher,
    revision,
    sighting,
    story,
    story_article,
)
from ingest.store.view_rows import (
    ArticleRow,
    FeedRow,
    MatchRow,
    PollRow,
    StoryRow,
    rows_of,
    v_articles,
    v_feeds,
    v_matches,
    v_polls,
    v_stories,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleFilter:
    """Which articles; what is None does not matter. Times are of first_seen_at."""

    since: datetime | None = None
    until: datetime | None = None
    publisher: str | None = None
    feed_id: int | None = None  # seen in this feed
    language: str | None = None  # "pt" is also "pt-BR"
    agency: str | None = None
    story_id: int | None = None
    after_id: int | None = None  # for going on with a page: older than this one


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryFilter:
    """Which stories; what is None does not matter. Times are of the last change."""

    since: datetime | None = None
    until: datetime | None = None
    publisher: str | None = None  # one of its articles is theirs
    language: str | None = None
    agency: str | None = None
    min_publishers: int | None = None
    min_articles: int | None = None


@dataclass(frozen=True, slots=True)
class StoryMember:
    """An article of a story, with the best match that put it there."""

    article_id: int
    publisher: str
    headline: str
    url: str | None
    published_at: datetime | None
    first_seen_after: datetime | None
    first_seen_at: datetime
    word_count: int
    source_agency: str | None
    language: str | None
    match: MatchRow | None


@dataclass(frozen=True, slots=True)
class SightingRow:
    """An article in a feed: from when to when. `last_seen_at` None: it still is."""

    feed_id: int
    feed: str
    first_seen_at: datetime
    last_seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class Version:
    """One version of an article; the newest has no `superseded_at` and no `reason`."""

    number: int
    seen_at: datetime
    superseded_at: datetime | None
    reason: str | None  # why the next one replaced it
    headline: str
    alternative_headline: str | None
    byline: str | None
    summary: str | None
    body_text: str | None
    word_count: int
    modified_at: datetime | None


@dataclass(frozen=True, slots=True)
class RemovedText:
    """Text the normaliser took out of an article, and why."""

    reason: str
    text: str


@dataclass(frozen=True, slots=True)
class ArticlePage:
    """All there is about one article."""

    article: ArticleRow
    feed: str  # its own feed
    first_seen_after: datetime | None
    removed: tuple[RemovedText, ...]
    sightings: tuple[SightingRow, ...]
    versions: tuple[Version, ...]  # oldest first; the last one is the present one
    matches: tuple[MatchRow, ...]  # in which it is either side


def list_articles(
    connection: Connection, wanted: ArticleFilter = ArticleFilter(), *, limit: int = 50
) -> list[ArticleRow]:
    """Articles, those first seen last first."""
    ids = (
        select(article.c.id)
        .where(_passes(wanted))
        .order_by(article.c.first_seen_at.desc(), article.c.id.desc())
        .limit(limit)
    )
    return articles_by_id(connection, connection.scalars(ids).all())


def articles_by_id(connection: Connection, article_ids: Sequence[int]) -> list[ArticleRow]:
    """The articles with these ids, in their order; those that are gone are left out."""
    rows = rows_of(
        ArticleRow,
        connection.execute(
            select(v_articles).where(among(connection, v_articles.c.id, article_ids))
        ),
    )
    by_id = {row.id: row for row in rows}
    return [by_id[one] for one in article_ids if one in by_id]


def _passes(wanted: ArticleFilter) -> ColumnElement[bool]:
    a = article.c
    conditions: list[ColumnElement[bool]] = []
    if wanted.since is not None:
        conditions.append(a.first_seen_at >= wanted.since)
    if wanted.until is not None:
        conditions.append(a.first_seen_at < wanted.until)
    if wanted.publisher is not None:
        conditions.append(a.publisher_id.in_(_publisher_ids(wanted.publisher)))
    if wanted.language is not None:
        conditions.append(_speaks(wanted.language))
    if wanted.agency is not None:
        conditions.append(func.lower(a.source_agency) == wanted.agency.lower())
    if wanted.story_id is not None:
        members = select(story_article.c.article_id).where(
            story_article.c.story_id == wanted.story_id
        )
        conditions.append(a.id.in_(members))
    if wanted.feed_id is not None:
        seen = select(sighting.c.article_id).where(
            sighting.c.feed_id == wanted.feed_id, sighting.c.article_id.is_not(None)
        )
        conditions.append(a.id.in_(seen))
    if wanted.after_id is not None:
        conditions.append(a.id < wanted.after_id)
    return and_(True, *conditions)


def _publisher_ids(name: str) -> Select[Any]:
    lowered = name.lower()
    p = publisher.c
    return select(p.id).where((func.lower(p.name) == lowered) | (p.domain == lowered))


def _speaks(language: str) -> ColumnElement[bool]:
    spoken = func.lower(article.c.language)
    return (spoken == language.lower()) | spoken.like(f"{language.lower()}-%")


def search_articles(
    connection: Connection,
    words: str,
    wanted: ArticleFilter = ArticleFilter(),
    *,
    limit: int = 50,
) -> list[ArticleRow]:
    """The articles that have the words, best first; see `search.search` for what may be asked."""
    hits = search.search(connection, words, limit=limit, where=_passes(wanted))
    return articles_by_id(connection, [hit.article_id for hit in hits])


def article_page(connection: Connection, article_id: int) -> ArticlePage | None:
    """All there is about an article; None where there is none by that id."""
    found = articles_by_id(connection, [article_id])
    if not found:
        return None
    own = connection.execute(
        select(
            article.c.first_seen_after,
            article.c.revised_at,
            article.c.revision,
            feed.c.name,
            article_content.c.removed,
        )
        .join_from(article, feed, feed.c.id == article.c.feed_id)
        .outerjoin(article_content, article_content.c.article_id == article.c.id)
        .where(article.c.id == article_id)
    ).one()
    row = found[0]
    newest = Version(
        own.revision,
        own.revised_at or row.first_seen_at,
        None,
        None,
        row.headline,
        row.alternative_headline,
        row.byline,
        row.summary,
        row.body_text,
        row.word_count,
        row.modified_at,
    )
    matches = connection.execute(
        select(v_matches)
        .where((v_matches.c.article_id == article_id) | (v_matches.c.of_article_id == article_id))
        .order_by(v_matches.c.resemblance.desc(), v_matches.c.article_id)
    )
    return ArticlePage(
        row,
        own.name,
        own.first_seen_after,
        tuple(RemovedText(one["reason"], one["text"]) for one in own.removed or ()),
        tuple(_sightings(connection, article_id)),
        (*_former_versions(connection, article_id), newest),
        tuple(rows_of(MatchRow, matches)),
    )


def _sightings(connection: Connection, article_id: int) -> list[SightingRow]:
    rows = connection.execute(
        select(sighting.c.feed_id, feed.c.name, sighting.c.first_seen_at, sighting.c.last_seen_at)
        .join_from(sighting, feed, feed.c.id == sighting.c.feed_id)
        .where(sighting.c.article_id == article_id)
        .order_by(sighting.c.first_seen_at, sighting.c.feed_id)
    )
    return [SightingRow(*row) for row in rows]


def _former_versions(connection: Connection, article_id: int) -> list[Version]:
    r = revision.c
    rows = connection.execute(
        select(
            r.number, r.seen_at, r.superseded_at, r.reason, r.headline, r.alternative_headline,
            r.byline, r.summary, r.body_text, r.word_count, r.modified_at,
        )
        .where(r.article_id == article_id)
        .order_by(r.number)
    )  # fmt: skip
    return [Version(*row) for row in rows]


def list_stories(
    connection: Connection, wanted: StoryFilter = StoryFilter(), *, limit: int = 50
) -> list[StoryRow]:
    """Stories, those that changed last first."""
    s = story.c
    conditions: list[ColumnElement[bool]] = [s.merged_into_id.is_(None), s.articles > 0]
    if wanted.since is not None:
        conditions.append(s.updated_at >= wanted.since)
    if wanted.until is not None:
        conditions.append(s.updated_at < wanted.until)
    if wanted.min_publishers is not None:
        conditions.append(s.publishers >= wanted.min_publishers)
    if wanted.min_articles is not None:
        conditions.append(s.articles >= wanted.min_articles)
    if wanted.agency is not None:
        conditions.append(func.lower(s.source_agency) == wanted.agency.lower())
    if wanted.language is not None:
        conditions.append(
            exists().where(article.c.id == s.first_article_id, _speaks(wanted.language))
        )
    if wanted.publisher is not None:
        conditions.append(
            exists().where(
                story_article.c.story_id == s.id,
                article.c.id == story_article.c.article_id,
                article.c.publisher_id.in_(_publisher_ids(wanted.publisher)),
            )
        )
    ids = connection.scalars(
        select(s.id).where(*conditions).order_by(s.updated_at.desc(), s.id.desc()).limit(limit)
    ).all()
    rows = connection.execute(select(v_stories).where(among(connection, v_stories.c.story_id, ids)))
    by_id = {row.story_id: row for row in rows_of(StoryRow, rows)}
    return [by_id[one] for one in ids if one in by_id]


def get_story(connection: Connection, story_id: int) -> StoryRow | None:
    """The story by this id, or the one it was merged into; None where there is none."""
    living = living_story_id(connection, story_id)
    rows = connection.execute(select(v_stories).where(v_stories.c.story_id == living))
    return next(iter(rows_of(StoryRow, rows)), None)


def living_story_id(connection: Connection, story_id: int) -> int:
    """Where a story's articles are now, following merges."""
    seen = {story_id}
    while True:
        target = connection.scalar(select(story.c.merged_into_id).where(story.c.id == story_id))
        if target is None or target in seen:
            return story_id
        seen.add(target)
        story_id = target


def story_members(connection: Connection, story_id: int) -> list[StoryMember]:
    """A story's articles, in the order in which they were seen."""
    a = article.c
    rows = connection.execute(
        select(
            a.id, publisher.c.name, a.headline, a.url, a.published_at, a.first_seen_after,
            a.first_seen_at, a.word_count, a.source_agency, a.language,
        )
        .join_from(story_article, article, a.id == story_article.c.article_id)
        .join(publisher, publisher.c.id == a.publisher_id)
        .where(story_article.c.story_id == story_id)
        .order_by(a.first_seen_at, a.id)
    ).all()  # fmt: skip
    ids = [row.id for row in rows]
    best: dict[int, MatchRow] = {}
    found = connection.execute(
        select(v_matches)
        .where(among(connection, v_matches.c.article_id, ids))
        .where(among(connection, v_matches.c.of_article_id, ids))
        .order_by(v_matches.c.containment.desc(), v_matches.c.of_article_id)
    )
    for match in rows_of(MatchRow, found):
        best.setdefault(match.article_id, match)
    return [_member(row, best.get(row.id)) for row in rows]


def _member(row: AnyRow, match: MatchRow | None) -> StoryMember:
    return StoryMember(
        row.id,
        row.name,
        row.headline,
        row.url,
        row.published_at,
        row.first_seen_after,
        row.first_seen_at,
        row.word_count,
        row.source_agency,
        row.language,
        match,
    )


def feed_rows(connection: Connection, *, state: str | None = None) -> list[FeedRow]:
    """The rows of v_feeds, by name."""
    query = select(v_feeds).order_by(v_feeds.c.name)
    if state is not None:
        query = query.where(v_feeds.c.state == state)
    return rows_of(FeedRow, connection.execute(query))


def poll_rows(
    connection: Connection,
    *,
    feed_id: int | None = None,
    since: datetime | None = None,
    limit: int = 50,
) -> list[PollRow]:
    """Polls, newest first."""
    query = select(v_polls).order_by(v_polls.c.started_at.desc()).limit(limit)
    if feed_id is not None:
        query = query.where(v_polls.c.feed_id == feed_id)
    if since is not None:
        query = query.where(v_polls.c.started_at >= since)
    return rows_of(PollRow, connection.execute(query))


def count_articles(connection: Connection, wanted: ArticleFilter = ArticleFilter()) -> int:
    """How many articles a filter lets through."""
    return connection.scalar(select(func.count(article.c.id)).where(_passes(wanted))) or 0
