"""Keeping the database at its size: what may go, when, and how much it would be.

Identity and content go apart. Text, raw entries, polls, postings and events expire by their own
settings; an article's row, keys and story stay, so that it is neither forgotten nor stored again.
Only `delete_articles` takes articles away, and leaves their keys behind as tombstones.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    and_,
    delete,
    func,
    or_,
    select,
    tuple_,
    update,
)

from ingest.config import DatabaseSettings, DedupeSettings
from ingest.errors import DatabaseUnreachable
from ingest.store import changes, partitions
from ingest.store.article_tables import RECURRING_ARTICLES
from ingest.store.changes import ChangeKind, NewChange
from ingest.store.engine import Database
from ingest.store.learned import FORGET_AFTER_DAYS
from ingest.store.lists import among
from ingest.store.old_postings import remove_old_postings
from ingest.store.search import Searchable, index_articles, unindex_articles
from ingest.store.tables import (
    article,
    article_content,
    article_key,
    boilerplate_block,
    change,
    fingerprint,
    match,
    match_queue,
    poll,
    raw_entry,
    revision,
    sighting,
    story,
    story_article,
    story_pin,
)

BATCH_ROWS = 2_000  # of one transaction: the writer waits no longer than that takes
KEEP_CHANGES_DAYS = 30  # how far back a reader of the change stream may resume
KEEP_RARE_BLOCKS_DAYS = 14  # a block that has not recurred by then is an article's own text


@dataclass(frozen=True, slots=True)
class Expired:
    """What has outlived its time: how many rows of what."""

    what: str
    rows: int
    setting: str  # what keeps it, as named in the config


def prune(
    database: Database,
    settings: DatabaseSettings,
    dedupe: DedupeSettings,
    now: datetime,
    *,
    dry_run: bool = False,
    stop: Callable[[], bool] = lambda: False,
) -> list[Expired]:
    """Remove what has outlived its time, in small transactions; report it, also as `dry_run`.

    `stop` is asked between transactions. What is left is done by the next call. What PostgreSQL
    keeps by day goes when its day is over: whole days are dropped, and the days to come get theirs.
    """
    reports = []
    if not dry_run:
        _make_parts(database, now)
    for what, setting, table, condition in _rules(settings, dedupe, now, database.dialect):
        total = _drop_parts(database, settings, now, dry_run=dry_run) if table is poll else 0
        if dry_run:
            with database.connect() as connection:
                query = select(func.count()).select_from(table).where(condition)
                total = connection.scalar(query) or 0
        else:
            while not stop():
                with database.begin() as connection:
                    rows = _remove(connection, table, condition)
                total += rows
                if rows < BATCH_ROWS:
                    break
        reports.append(Expired(what, total, setting))
    if not dry_run and not stop():
        remove_old_postings(database, stop=stop)
    return reports


def _make_parts(database: Database, now: datetime) -> None:
    # Another daemon may be at it, or a long query in the way: there are days until it matters.
    with contextlib.suppress(DatabaseUnreachable), database.begin() as connection:
        partitions.ensure(connection, now)


def _drop_parts(
    database: Database, settings: DatabaseSettings, now: datetime, *, dry_run: bool
) -> int:
    """Drop the days of polls that are over; how many rows they had. A dry run counts by query."""
    if dry_run:
        return 0
    day = _midnight(now - timedelta(days=settings.keep_polls_days)).date()
    try:
        with database.begin() as connection:
            return partitions.drop_before(connection, poll, day)
    except DatabaseUnreachable:  # readers hold it: the next call tries again
        return 0


def _midnight(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _rules(
    settings: DatabaseSettings, dedupe: DedupeSettings, now: datetime, dialect: str
) -> Iterable[tuple[str, str, Table, ColumnElement[bool]]]:
    def before(days: float) -> datetime:
        return now - timedelta(days=days)

    if settings.keep_polls_days:
        since = before(settings.keep_polls_days)
        old = poll.c.started_at < (_midnight(since) if dialect == "postgresql" else since)
        yield "polls", "database.keep_polls_days", poll, old
    if settings.keep_raw_days:
        old = raw_entry.c.seen_at < before(settings.keep_raw_days)
        yield "raw entries", "database.keep_raw_days", raw_entry, old
    if settings.keep_content_days:
        first_seen = select(article.c.id).where(
            article.c.first_seen_at < before(settings.keep_content_days)
        )
        has_text = or_(
            article_content.c.body_text.is_not(None), article_content.c.body_html.is_not(None)
        )
        old = and_(article_content.c.article_id.in_(first_seen), has_text)
        yield "article texts", "database.keep_content_days", article_content, old
    old = fingerprint.c.seen_at < before(dedupe.window_days)
    yield "fingerprints", "dedupe.window_days", fingerprint, old
    yield "change events", "30 days", change, change.c.at < before(KEEP_CHANGES_DAYS)
    seen = boilerplate_block.c.last_seen_at
    rare = boilerplate_block.c.articles < RECURRING_ARTICLES
    forgotten = or_(
        seen < before(FORGET_AFTER_DAYS), and_(rare, seen < before(KEEP_RARE_BLOCKS_DAYS))
    )
    yield "text blocks", "14 days unless they recur", boilerplate_block, forgotten


def _remove(connection: Connection, table: Table, condition: ColumnElement[bool]) -> int:
    """Remove one batch; how many rows it was."""
    if table is article_content:
        return _drop_texts(connection, condition)
    keys = list(table.primary_key.columns)
    chosen = select(*keys).where(condition).limit(BATCH_ROWS)
    if len(keys) == 1:
        return connection.execute(delete(table).where(keys[0].in_(chosen))).rowcount
    return connection.execute(delete(table).where(tuple_(*keys).in_(chosen))).rowcount


def _drop_texts(connection: Connection, condition: ColumnElement[bool]) -> int:
    ids = connection.scalars(
        select(article_content.c.article_id).where(condition).limit(BATCH_ROWS)
    ).all()
    if not ids:
        return 0
    unindex_articles(connection, _searchables(connection, ids))
    connection.execute(
        update(article_content)
        .where(among(connection, article_content.c.article_id, ids))
        .values(body_text=None, body_html=None, removed=None)
    )
    index_articles(connection, _searchables(connection, ids))  # headline and summary stay
    connection.execute(
        update(revision).where(among(connection, revision.c.article_id, ids)).values(body_text=None)
    )
    return len(ids)


def _searchables(connection: Connection, ids: Iterable[int]) -> list[Searchable]:
    rows = connection.execute(
        select(
            article.c.id,
            article.c.headline,
            article.c.alternative_headline,
            article_content.c.summary,
            article_content.c.body_text,
        )
        .join_from(article, article_content, article_content.c.article_id == article.c.id)
        .where(among(connection, article.c.id, ids))
    )
    return [Searchable(*row) for row in rows]


def delete_articles(
    connection: Connection, article_ids: Iterable[int], now: datetime, *, for_ever: bool = True
) -> int:
    """Delete articles and all that hangs on them; how many there were.

    Their keys stay without an article, so that they never come back; with `for_ever` false the
    keys go too, and a feed that still carries one brings it back as new.
    """
    wanted = list(article_ids)
    ids = list(
        connection.scalars(select(article.c.id).where(among(connection, article.c.id, wanted)))
    )
    if not ids:
        return 0
    stories = set(
        connection.scalars(
            select(story_article.c.story_id).where(
                among(connection, story_article.c.article_id, ids)
            )
        )
    )
    unindex_articles(connection, _searchables(connection, ids))
    for column in (
        story_pin.c.article_id,
        story_pin.c.other_article_id,
        match.c.article_id,
        match.c.of_article_id,
        match_queue.c.article_id,
        fingerprint.c.article_id,
        story_article.c.article_id,
        revision.c.article_id,
        article_content.c.article_id,
    ):
        connection.execute(delete(column.table).where(among(connection, column, ids)))
    _forget_sightings(connection, ids, for_ever=for_ever)
    connection.execute(delete(article).where(among(connection, article.c.id, ids)))
    _sum_up_stories(connection, stories, now)
    changes.append(
        connection, [NewChange(ChangeKind.ARTICLE_DELETED, article_id=one) for one in ids], now
    )
    return len(ids)


def _forget_sightings(connection: Connection, ids: list[int], *, for_ever: bool) -> None:
    of_key, of_sighting = (
        among(connection, article_key.c.article_id, ids),
        among(connection, sighting.c.article_id, ids),
    )
    places = select(sighting.c.feed_id, sighting.c.entry_key).where(of_sighting)
    connection.execute(
        delete(raw_entry).where(tuple_(raw_entry.c.feed_id, raw_entry.c.entry_key).in_(places))
    )
    if for_ever:
        connection.execute(update(article_key).where(of_key).values(article_id=None))
        connection.execute(update(sighting).where(of_sighting).values(article_id=None))
    else:
        connection.execute(delete(article_key).where(of_key))
        connection.execute(delete(sighting).where(of_sighting))


def _sum_up_stories(connection: Connection, story_ids: set[int], now: datetime) -> None:
    from ingest.store.story_rows import refresh

    if not story_ids:
        return
    refresh(connection, story_ids, now)
    empty = (
        ~select(story_article.c.article_id).where(story_article.c.story_id == story.c.id).exists()
    )
    connection.execute(delete(story).where(among(connection, story.c.id, story_ids), empty))
