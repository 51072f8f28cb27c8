"""How the whole is doing, for `ingest status`, the web page and the metrics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Table, func, select, text

from ingest.model import PollOutcome
from ingest.store.leases import count_due, next_due_at
from ingest.store.tables import (
    article,
    feed,
    feed_schedule,
    match_queue,
    poll,
    publisher,
    revision,
    site,
    story,
    worker,
)


@dataclass(frozen=True, slots=True)
class WorkerRow:
    """A process that polls, as it last reported."""

    name: str
    host: str
    pid: int
    version: str
    started_at: datetime
    seen_at: datetime
    stopped_at: datetime | None
    held_feeds: int  # leases that have not run out
    status: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class SiteRow:
    """A site that is asked to wait, or keeps failing."""

    name: str
    paused_until: datetime | None
    pause_reason: str | None
    failures: int


@dataclass(frozen=True, slots=True)
class Status:
    """The numbers of the moment. Times are UTC, lag in seconds."""

    feeds: int
    feeds_by_state: Mapping[str, int]
    due: int  # feeds whose time has come and that nobody holds
    lag_seconds: float  # how long the longest of them has been due
    next_due_at: datetime | None
    publishers: int
    articles: int
    articles_last_day: int
    revisions: int
    stories: int
    stories_of_several: int  # with two or more publishers
    queued_for_matching: int
    polls_last_hour: Mapping[PollOutcome, int]
    last_poll_at: datetime | None
    database_bytes: int
    paused_sites: tuple[SiteRow, ...]
    workers: tuple[WorkerRow, ...]


@dataclass(frozen=True, slots=True)
class Hour:
    """One hour of work: when it began, its polls, those that failed, and the new articles."""

    began_at: datetime
    polls: int
    failed: int
    new_articles: int


_FINE = (PollOutcome.OK, PollOutcome.NOT_MODIFIED, PollOutcome.SAME_BYTES)


def read_status(connection: Connection, now: datetime) -> Status:
    """Read all of it; a few counts over whole tables, milliseconds at a million rows."""
    subscribed = feed.c.removed_at.is_(None)
    by_state = connection.execute(
        select(feed_schedule.c.state, func.count())
        .join_from(feed_schedule, feed, feed.c.id == feed_schedule.c.feed_id)
        .where(subscribed)
        .group_by(feed_schedule.c.state)
    )
    states: dict[str, int] = {row[0]: row[1] for row in by_state}
    earliest = next_due_at(connection)
    due = count_due(connection, now)
    outcomes = connection.execute(
        select(poll.c.outcome, func.count())
        .where(poll.c.started_at >= now - timedelta(hours=1))
        .group_by(poll.c.outcome)
    )
    several = (
        select(func.count())
        .select_from(story)
        .where(story.c.merged_into_id.is_(None), story.c.publishers > 1)
    )
    return Status(
        feeds=sum(states.values()),
        feeds_by_state=states,
        due=due,
        lag_seconds=max(0.0, (now - earliest).total_seconds()) if due and earliest else 0.0,
        next_due_at=earliest,
        publishers=_count(connection, publisher),
        articles=_count(connection, article),
        articles_last_day=connection.scalar(
            select(func.count())
            .select_from(article)
            .where(article.c.first_seen_at >= now - timedelta(days=1))
        )
        or 0,
        revisions=_count(connection, revision),
        stories=connection.scalar(
            select(func.count())
            .select_from(story)
            .where(story.c.merged_into_id.is_(None), story.c.articles > 0)
        )
        or 0,
        stories_of_several=connection.scalar(several) or 0,
        queued_for_matching=_count(connection, match_queue),
        polls_last_hour={row[0]: row[1] for row in outcomes},
        last_poll_at=connection.scalar(select(func.max(poll.c.started_at))),
        database_bytes=_database_bytes(connection),
        paused_sites=tuple(_paused_sites(connection, now)),
        workers=tuple(list_workers(connection, now)),
    )


def _count(connection: Connection, table: Table) -> int:
    return connection.scalar(select(func.count()).select_from(table)) or 0


def _database_bytes(connection: Connection) -> int:
    if connection.dialect.name == "sqlite":
        pages = connection.scalar(text("PRAGMA page_count")) or 0
        return int(pages) * int(connection.scalar(text("PRAGMA page_size")) or 0)
    return int(connection.scalar(text("SELECT pg_database_size(current_database())")) or 0)


def _paused_sites(connection: Connection, now: datetime) -> list[SiteRow]:
    rows = connection.execute(
        select(site.c.name, site.c.paused_until, site.c.pause_reason, site.c.failures)
        .where(site.c.paused_until > now)
        .order_by(site.c.paused_until.desc())
    )
    return [SiteRow(*row) for row in rows]


def list_workers(connection: Connection, now: datetime) -> list[WorkerRow]:
    """The processes heard of, with how many feeds each holds, the latest heard of first."""
    held: dict[str, int] = {
        row[0]: row[1]
        for row in connection.execute(
            select(feed_schedule.c.lease_owner, func.count())
            .where(feed_schedule.c.lease_until > now)
            .group_by(feed_schedule.c.lease_owner)
        )
    }
    rows = connection.execute(select(worker).order_by(worker.c.seen_at.desc()))
    return [
        WorkerRow(
            row.name,
            row.host,
            row.pid,
            row.version,
            row.started_at,
            row.seen_at,
            row.stopped_at,
            held.get(row.name, 0),
            row.status,
        )
        for row in rows
    ]


def activity(connection: Connection, now: datetime, *, hours: int = 24) -> list[Hour]:
    """The last hours, oldest first, those without a poll too; for plots."""
    latest = now.replace(minute=0, second=0, microsecond=0)
    began = [latest - timedelta(hours=back) for back in range(hours - 1, -1, -1)]
    hour = (
        func.strftime("%Y-%m-%d %H", poll.c.started_at)
        if connection.dialect.name == "sqlite"
        else func.to_char(poll.c.started_at, "YYYY-MM-DD HH24")
    )
    rows = connection.execute(
        select(
            hour.label("hour"),
            func.count().label("polls"),
            func.count().filter(poll.c.outcome.not_in(_FINE)).label("failed"),
            func.coalesce(func.sum(poll.c.entries_new), 0).label("new_articles"),
        )
        .where(poll.c.started_at >= began[0])
        .group_by(hour)
    )
    found = {row.hour: row for row in rows}
    return [
        Hour(at, row.polls, row.failed, row.new_articles)
        if (row := found.get(at.strftime("%Y-%m-%d %H"))) is not None
        else Hour(at, 0, 0, 0)
        for at in began
    ]
