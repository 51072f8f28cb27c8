"""Rows of an archive into an empty database: articles with their stories and matches.

    feeds of the archive (removed: nothing is polled) -> articles, texts, address keys, index
        -> stories under their ids, summed up again -> matches, decisions

What a file held is written in one transaction, and rows that are there already are passed over,
so an interrupted load is gone on with by the same one. Guids, raw entries, former versions and
polls are not in an archive.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, select

from ingest.config import FeedSettings
from ingest.errors import UsageError
from ingest.model import EntryOutcome, Key, KeyKind
from ingest.normalise.article import url_keys
from ingest.store import feed_standing, feeds
from ingest.store.article_rows import key_hash
from ingest.store.copying import set_counter
from ingest.store.engine import Database
from ingest.store.indexing import rebuild_index
from ingest.store.lists import among
from ingest.store.search import Searchable, index_articles
from ingest.store.story_rows import refresh
from ingest.store.tables import (
    article,
    article_content,
    article_key,
    feed,
    match,
    meta,
    sighting,
    story,
    story_article,
    story_pin,
)
from ingest.store.upsert import insert_missing, insert_rows, upsert

_STORIES = 10_000  # that are summed up at once
_DONE = "loaded"  # the row of `meta` that says which archive is
MARK = "loaded_from"  # the row of `meta` that an unfinished load has
_CONTENT = ("summary", "body_text", "body_html")
_MATCH = tuple(column.name for column in match.c)

Rows = Sequence[Mapping[str, Any]]


def begin(database: Database, archive: str) -> None:
    """Mark the database as being loaded. Raises UsageError where it holds something else."""
    with database.begin() as connection:
        begun = connection.scalar(select(meta.c.value).where(meta.c.key == MARK))
        if begun == archive:
            return
        is_used = connection.execute(select(feed.c.id).limit(1)).first() is not None
        if begun is not None or is_used:
            raise UsageError(f"{database.url}: not empty; load into a new database")
        upsert(connection, meta, [{"key": MARK, "value": archive}])


def is_done(database: Database, archive: str) -> bool:
    """Whether `keep` was said of this archive."""
    with database.connect() as connection:
        return connection.scalar(select(meta.c.value).where(meta.c.key == _DONE)) == archive


def keep(database: Database, archive: str) -> None:
    """Note that this archive is loaded."""
    with database.begin() as connection:
        upsert(connection, meta, [{"key": _DONE, "value": archive}])


def end(
    database: Database,
    now: datetime,
    *,
    fingerprints_since: datetime | None,
    last_story_id: int = 0,
) -> None:
    """Sum up the stories, let new ids follow the loaded ones, and take the mark away.

    Articles first seen at or after `fingerprints_since` get fingerprints, so that copies of them
    which arrive from now on are found; None: no article does. `last_story_id`: new stories have
    higher ids than this one, too.
    """
    if fingerprints_since is not None:
        rebuild_index(database, since=fingerprints_since)
    with database.begin() as connection:
        last = 0
        while ids := connection.scalars(
            select(story.c.id).where(story.c.id > last).order_by(story.c.id).limit(_STORIES)
        ).all():
            refresh(connection, ids, now)
            last = ids[-1]
        last_joined = (
            select(func.max(story_article.c.joined_at))
            .where(story_article.c.story_id == story.c.id)
            .scalar_subquery()
        )
        connection.execute(story.update().values(updated_at=last_joined))
        for table, least in ((article, 0), (story, last_story_id)):
            highest = connection.scalar(select(func.max(table.c.id))) or 0
            set_counter(connection, table, max(least, highest))
        connection.execute(delete(meta).where(meta.c.key == MARK))


def load_articles(
    database: Database, rows: Rows, now: datetime, *, searchable: bool = True
) -> None:
    """Write articles, and the feeds and stories they name.

    Not `searchable`: without the rows by which they are searched for and recognised again, and
    with one that says when they were last seen.
    """
    with database.begin() as connection:
        owners = _feeds(connection, rows, now)
        known = set(
            connection.scalars(
                select(article.c.id).where(
                    among(connection, article.c.id, [row["id"] for row in rows])
                )
            )
        )
        fresh = [row for row in rows if row["id"] not in known]
        columns = [one.name for one in article.c if one.name not in ("publisher_id", "feed_id")]
        insert_rows(
            connection,
            article,
            [
                {
                    **{name: row[name] for name in columns},
                    "feed_id": owners[row["feed_url"]][0],
                    "publisher_id": owners[row["feed_url"]][1],
                }
                for row in fresh
            ],
        )
        insert_rows(
            connection,
            article_content,
            [{"article_id": row["id"], **{name: row[name] for name in _CONTENT}} for row in fresh],
        )
        if searchable:
            index_articles(
                connection,
                [
                    Searchable(
                        row["id"],
                        row["headline"],
                        row["alternative_headline"],
                        row["summary"],
                        row["body_text"],
                    )
                    for row in fresh
                ],
            )
            insert_missing(connection, article_key, _keys(fresh, owners))
        else:
            insert_rows(connection, sighting, [_seen(row, owners) for row in fresh])
        _write_stories(connection, fresh)


def load_matches(database: Database, rows: Rows) -> None:
    """Write the matches of which both articles are there."""
    with database.begin() as connection:
        found = _whose_articles_are_there(connection, rows, ("article_id", "of_article_id"))
        insert_missing(connection, match, [{name: row[name] for name in _MATCH} for row in found])


def load_pins(database: Database, rows: Rows) -> None:
    """Write a person's decisions about articles that are there."""
    with database.begin() as connection:
        found = _whose_articles_are_there(connection, rows, ("article_id", "other_article_id"))
        insert_missing(connection, story_pin, [dict(row) for row in found])


def _whose_articles_are_there(
    connection: Connection, rows: Rows, names: tuple[str, str]
) -> list[Mapping[str, Any]]:
    ids = {row[name] for row in rows for name in names}
    there = set(
        connection.scalars(select(article.c.id).where(among(connection, article.c.id, ids)))
    )
    return [row for row in rows if all(row[name] in there for name in names)]


def _feeds(connection: Connection, rows: Rows, now: datetime) -> dict[str, tuple[int, int]]:
    """The feeds of these articles: id and publisher id by URL."""
    wanted = {row["feed_url"]: row for row in rows}
    found = {
        row.url: (row.id, row.publisher_id)
        for row in connection.execute(select(feed.c.url, feed.c.id, feed.c.publisher_id))
    }
    for url in sorted(wanted.keys() - found.keys()):
        row = wanted[url]
        settings = FeedSettings(url=url, name=row["feed"], publisher=row["publisher"])
        made = feeds.add(connection, settings, now=now, source="archive")
        feed_standing.remove(connection, made.feed_id, now, "known from an archive")
        found[url] = (made.feed_id, made.publisher_id)
    return found


def _keys(rows: Rows, owners: Mapping[str, tuple[int, int]]) -> list[dict[str, Any]]:
    keys: dict[int, dict[str, Any]] = {}
    for row in rows:
        if not row["canonical_url"]:
            continue
        feed_id = owners[row["feed_url"]][0]
        for key in url_keys(row["canonical_url"], KeyKind.URL):
            value = key_hash(Key(key.kind, key.value), feed_id)
            keys.setdefault(
                value,
                {
                    "key_hash": value,
                    "kind": key.kind,
                    "feed_id": feed_id,
                    "article_id": row["id"],
                    "first_seen_at": row["first_seen_at"],
                    "last_seen_at": row["last_seen_at"] or row["first_seen_at"],
                },
            )
    return [one for _, one in sorted(keys.items())]


def _seen(row: Mapping[str, Any], owners: Mapping[str, tuple[int, int]]) -> dict[str, Any]:
    return {
        "feed_id": owners[row["feed_url"]][0],
        "entry_key": row["id"],
        "entry_hash": 0,
        "article_id": row["id"],
        "outcome": EntryOutcome.NEW,
        "first_seen_at": row["first_seen_at"],
        "last_seen_at": row["last_seen_at"] or row["first_seen_at"],
    }


def _write_stories(connection: Connection, rows: Rows) -> None:
    members = [row for row in rows if row["story_id"] is not None]
    insert_missing(
        connection,
        story,
        [
            {
                "id": row["story_id"],
                "created_at": row["first_seen_at"],
                "updated_at": row["first_seen_at"],
            }
            for row in members
        ],
    )
    insert_missing(
        connection,
        story_article,
        [
            {
                "article_id": row["id"],
                "story_id": row["story_id"],
                "joined_at": row["first_seen_at"],
            }
            for row in members
        ],
    )
