"""Reading kept raw entries with what is needed to normalise them again, and writing what changed.

An article is made again from an entry of its own feed: other feeds only saw it. Where several
entries of that feed are the article (a re-issue, a repeat), the one that last wrote it comes first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, update

from ingest.model import Article, EntryOutcome, Fingerprint, KeyKind
from ingest.store import changes
from ingest.store.article_rows import content_row, earlier, metadata_row, ordered_keys
from ingest.store.changes import ChangeKind, NewChange
from ingest.store.feed_settings import settings_from_json
from ingest.store.fingerprints import write_fingerprints
from ingest.store.learned import learned_blocks
from ingest.store.lists import among
from ingest.store.schedule_rows import AnyRow
from ingest.store.search import Searchable, index_articles, unindex_articles
from ingest.store.tables import (
    article,
    article_content,
    article_key,
    feed,
    match_queue,
    publisher,
    raw_entry,
    revision,
    sighting,
)
from ingest.store.tables import fingerprint as fingerprint_table
from ingest.store.upsert import insert_missing, insert_rows

_WROTE = (EntryOutcome.NEW, EntryOutcome.REVISED)
_TEXTS = ("summary", "body_text", "body_html", "removed")
_SEARCHED = frozenset(("headline", "alternative_headline", "summary", "body_text"))
# What a revision keeps of the version that it is.
_SUPERSEDED = tuple(
    column.name
    for column in revision.c
    if column.name in article.c or column.name in article_content.c
    if column.name != "article_id"
)


@dataclass(frozen=True, slots=True)
class FeedFacts:
    """What is known of a feed that its entries are normalised with."""

    feed_id: int
    name: str
    url: str
    site_url: str | None
    publisher_id: int
    publisher: str
    language: str | None
    format: str
    clock_skew_seconds: float
    learned: frozenset[int]


@dataclass(frozen=True, slots=True)
class RawEntry:
    """A kept entry as the feed gave it, compressed, and when it was stored."""

    entry_key: int
    seen_at: datetime
    raw: bytes


@dataclass(frozen=True, slots=True)
class KeptArticle:
    """A stored article with the raw entries of its own feed, the one that wrote it first.

    `stored` holds its columns of `article` and `article_content`. `fingerprint_version` is None
    where it has no fingerprint (any more); `had_url_keys` says that its address was believed to be
    its own when it was stored.
    """

    article_id: int
    feed_id: int
    stored: Mapping[str, Any]
    fingerprint_version: int | None
    had_url_keys: bool
    raws: tuple[RawEntry, ...]


@dataclass(frozen=True, slots=True)
class Remade:
    """An article as it is now read from its raw entry."""

    kept: KeptArticle
    article: Article
    fingerprint: Fingerprint
    seen_at: datetime  # of the raw entry

    @property
    def is_revision(self) -> bool:
        """Whether it says something else than before."""
        return bool(self.article.content_hash != self.kept.stored["content_hash"])

    @property
    def has_new_fingerprint(self) -> bool:
        """Whether it has to be compared with others again."""
        version = self.kept.fingerprint_version
        return self.is_revision or (version is not None and version != self.fingerprint.version)

    def changed(self) -> dict[str, Any]:
        """The columns whose values differ, with their new values."""
        stored = self.kept.stored
        row = {**metadata_row(self.article), **content_row(self.article)}
        if self.seen_at != stored["first_seen_at"]:
            # The entry has been edited since: the first version's date may be the better one.
            published_at = earlier(stored["published_at"], row["published_at"])
            if published_at == stored["published_at"]:
                for name in ("published_at", "published_raw", "published_quality"):
                    row[name] = stored[name]
        return {name: value for name, value in row.items() if value != stored[name]}


def count(connection: Connection, since: datetime | None) -> int:
    """How many articles there are, first seen at or after `since`."""
    query = select(func.count()).select_from(article)
    if since is not None:
        query = query.where(article.c.first_seen_at >= since)
    return connection.scalar(query) or 0


def read_batch(
    connection: Connection, *, after_id: int, since: datetime | None, limit: int
) -> list[KeptArticle]:
    """The next articles in the order of their ids, with or without raw entries."""
    query = (
        select(
            article,
            *(article_content.c[name] for name in _TEXTS),
            fingerprint_table.c.version.label("fingerprint_version"),
        )
        .outerjoin(article_content, article_content.c.article_id == article.c.id)
        .outerjoin(fingerprint_table, fingerprint_table.c.article_id == article.c.id)
        .where(article.c.id > after_id)
        .order_by(article.c.id)
        .limit(limit)
    )
    if since is not None:
        query = query.where(article.c.first_seen_at >= since)
    rows = connection.execute(query).all()
    ids = [row.id for row in rows]
    raws = _raws(connection, ids)
    with_url_keys = set(
        connection.scalars(
            select(article_key.c.article_id).where(
                among(connection, article_key.c.article_id, ids),
                article_key.c.kind != KeyKind.GUID,
            )
        )
    )
    return [
        KeptArticle(
            row.id,
            row.feed_id,
            dict(row._mapping),
            row.fingerprint_version,
            row.id in with_url_keys,
            raws.get(row.id, ()),
        )
        for row in rows
    ]


def _raws(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[RawEntry, ...]]:
    found: defaultdict[int, list[AnyRow]] = defaultdict(list)
    for row in connection.execute(
        select(
            article.c.id,
            sighting.c.outcome,
            raw_entry.c.entry_key,
            raw_entry.c.seen_at,
            raw_entry.c.raw,
        )
        .join_from(
            article,
            sighting,
            (sighting.c.article_id == article.c.id) & (sighting.c.feed_id == article.c.feed_id),
        )
        .join(
            raw_entry,
            (raw_entry.c.feed_id == sighting.c.feed_id)
            & (raw_entry.c.entry_key == sighting.c.entry_key),
        )
        .where(among(connection, article.c.id, ids))
        .order_by(article.c.id, raw_entry.c.seen_at.desc(), raw_entry.c.entry_key)
    ):
        found[row.id].append(row)
    return {
        article_id: tuple(
            RawEntry(row.entry_key, row.seen_at, bytes(row.raw))
            for row in sorted(rows, key=lambda row: row.outcome not in _WROTE)
        )
        for article_id, rows in found.items()
    }


def feed_facts(
    connection: Connection, feed_ids: Iterable[int], now: datetime
) -> dict[int, FeedFacts]:
    """What is known of these feeds now."""
    rows = connection.execute(
        select(feed, publisher.c.name.label("publisher"))
        .join_from(feed, publisher, publisher.c.id == feed.c.publisher_id)
        .where(among(connection, feed.c.id, feed_ids))
    ).all()
    learned = {
        one: learned_blocks(connection, one, now) for one in {row.publisher_id for row in rows}
    }
    return {
        row.id: FeedFacts(
            row.id,
            row.name,
            row.url,
            row.site_url,
            row.publisher_id,
            row.publisher,
            settings_from_json(row.settings).language or row.language,
            row.format or "",
            float(row.clock_skew_seconds or 0),
            learned[row.publisher_id],
        )
        for row in rows
    }


def write(
    connection: Connection,
    batch: Sequence[Remade],
    now: datetime,
    *,
    fingerprints_since: datetime,
) -> set[int]:
    """Write articles that changed; the ids of those that were written.

    An article that a poll has changed since it was read is left alone: it is newer than what was
    made of it here. Fingerprints are written, and articles put on the queue to be compared, where
    they were first seen at or after `fingerprints_since`: older ones are outside the window.
    """
    if not batch:
        return set()
    ids = [one.kept.article_id for one in batch]
    present = {
        row.id: (row.feed_id, row.revision, row.content_hash)
        for row in connection.execute(
            select(article.c.id, article.c.feed_id, article.c.revision, article.c.content_hash)
            .where(among(connection, article.c.id, ids))
            .order_by(article.c.id)
            .with_for_update()
        )
    }
    same = [one for one in batch if present.get(one.kept.article_id) == _version(one.kept.stored)]
    revised = [one for one in same if one.is_revision]
    insert_rows(connection, revision, [_superseded(one, now) for one in revised])
    for one in same:
        _write_columns(connection, one, now)
    _write_search(connection, same)
    _write_keys(connection, same, now)
    to_compare = [
        one
        for one in same
        if one.has_new_fingerprint and one.kept.stored["first_seen_at"] >= fingerprints_since
    ]
    write_fingerprints(
        connection,
        [
            (one.kept.article_id, one.fingerprint, one.kept.stored["first_seen_at"])
            for one in to_compare
        ],
    )
    insert_missing(
        connection,
        match_queue,
        [
            {"article_id": one.kept.article_id, "queued_at": now, "reason": "revised"}
            for one in to_compare
        ],
    )
    changes.append(
        connection,
        [
            NewChange(
                ChangeKind.ARTICLE_REVISED,
                article_id=one.kept.article_id,
                feed_id=one.kept.feed_id,
                data={"reason": "reprocess"},
            )
            for one in revised
        ],
        now,
    )
    return {one.kept.article_id for one in same}


def _version(stored: Mapping[str, Any]) -> tuple[int, int, int]:
    return stored["feed_id"], stored["revision"], stored["content_hash"]


def _superseded(one: Remade, now: datetime) -> dict[str, Any]:
    stored = one.kept.stored
    return {
        "article_id": one.kept.article_id,
        "number": stored["revision"],
        "seen_at": stored["revised_at"] or stored["first_seen_at"],
        "superseded_at": now,
        "reason": "reprocess",
        **{name: stored[name] for name in _SUPERSEDED},
    }


def _write_columns(connection: Connection, one: Remade, now: datetime) -> None:
    changed = one.changed()
    content = {name: changed.pop(name) for name in _TEXTS if name in changed}
    if one.is_revision:
        changed.update(revised_at=now, revision=one.kept.stored["revision"] + 1)
    for table, key, values in (
        (article, article.c.id, changed),
        (article_content, article_content.c.article_id, content),
    ):
        if values:
            statement = update(table).where(key == bindparam("b_id"))
            connection.execute(
                statement.values({name: bindparam(f"b_{name}") for name in values}),
                {"b_id": one.kept.article_id, **{f"b_{k}": v for k, v in values.items()}},
            )


def _write_search(connection: Connection, batch: Sequence[Remade]) -> None:
    altered = [one for one in batch if _SEARCHED & one.changed().keys()]
    unindex_articles(
        connection, [_searchable(one.kept.article_id, one.kept.stored) for one in altered]
    )
    index_articles(
        connection,
        [_searchable(one.kept.article_id, {**one.kept.stored, **one.changed()}) for one in altered],
    )


def _searchable(article_id: int, row: Mapping[str, Any]) -> Searchable:
    return Searchable(
        article_id,
        row["headline"],
        row["alternative_headline"],
        row["summary"],
        row["body_text"],
    )


def _write_keys(connection: Connection, batch: Sequence[Remade], now: datetime) -> None:
    """Keys by which the article was not known before; one that is another article's stays so."""
    rows = {
        value: {
            "key_hash": value,
            "kind": kind,
            "feed_id": one.kept.feed_id,
            "article_id": one.kept.article_id,
            "first_seen_at": one.seen_at,
            "last_seen_at": now,
        }
        for one in batch
        for value, kind in ordered_keys(one.article, one.kept.feed_id)
    }
    insert_missing(connection, article_key, [row for _, row in sorted(rows.items())])
