"""The rows of a batch of articles, each table in one statement."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from ingest.model import EntryOutcome, HarvestedEntry, KeyKind
from ingest.store import changes
from ingest.store.article_rows import content_row, earlier, metadata_row
from ingest.store.changes import ChangeKind, NewChange
from ingest.store.fingerprints import write_fingerprints
from ingest.store.identity import Resolved
from ingest.store.ids import allocate
from ingest.store.learned import count_blocks
from ingest.store.leases import DueFeed
from ingest.store.lists import among
from ingest.store.polls import pack_entries
from ingest.store.search import Searchable, index_articles, unindex_articles
from ingest.store.tables import (
    article,
    article_content,
    article_key,
    feed_document,
    match_queue,
    raw_entry,
    revision,
    sighting,
)
from ingest.store.upsert import insert_or


def write(
    connection: Connection, resolved: Sequence[Resolved], stored_keys: set[int], now: datetime
) -> bool:
    """Write new and revised articles with all that belongs to them, and every entry's keys.

    False where another writer has taken one of the keys meanwhile: then nothing may be kept.
    """
    new = [one for one in resolved if one.outcome is EntryOutcome.NEW]
    revised = [one for one in resolved if one.outcome is EntryOutcome.REVISED]
    for one, article_id in zip(new, allocate(connection, article, len(new)), strict=True):
        one.item.target.article_id = article_id
    if not _write_keys(connection, resolved, stored_keys):
        for one in new:
            one.item.target.article_id = None
        return False
    if new:
        connection.execute(insert(article), [_new_row(one) for one in new])
        connection.execute(
            insert(article_content),
            [{"article_id": _id(one), **content_row(one.item.article)} for one in new],
        )
    if revised:
        _revise(connection, revised)
    written = new + revised
    index_articles(connection, [_searchable(one) for one in written])
    write_fingerprints(
        connection,
        [
            (_id(one), one.item.entry.fingerprint, one.item.seen_at)
            for one in written
            if one.item.entry.fingerprint is not None
        ],
    )
    if written:
        connection.execute(
            insert_or(connection, match_queue).on_conflict_do_nothing(),
            [
                {"article_id": _id(one), "queued_at": now, "reason": one.outcome.value}
                for one in written
            ],
        )
    blocks: defaultdict[int, list[tuple[int, ...]]] = defaultdict(list)
    for one in new:
        blocks[one.item.due.publisher_id].append(one.item.article.block_hashes)
    count_blocks(connection, blocks, now)
    changes.append(connection, [_change(one) for one in written], now)
    return True


def _id(one: Resolved) -> int:
    article_id = one.item.target.article_id
    assert article_id is not None
    return article_id


def _write_keys(
    connection: Connection, resolved: Sequence[Resolved], stored_keys: set[int]
) -> bool:
    added: dict[int, dict[str, Any]] = {}
    touched: dict[int, datetime] = {}
    for one in resolved:
        target = one.item.target
        for value, kind in one.item.keys:
            if value in stored_keys:
                touched[value] = one.item.seen_at
            elif not target.is_deleted:
                added.setdefault(value, _key_row(one, value, kind))
    if touched:
        connection.execute(
            update(article_key)
            .where(article_key.c.key_hash == bindparam("b_hash"))
            .values(last_seen_at=bindparam("seen_at")),
            [{"b_hash": value, "seen_at": at} for value, at in sorted(touched.items())],
        )
    if not added:
        return True
    rows = [row for _, row in sorted(added.items())]
    if connection.dialect.name == "sqlite":
        connection.execute(insert(article_key), rows)
        return True
    taken = connection.execute(
        insert_or(connection, article_key)
        .on_conflict_do_nothing()
        .returning(article_key.c.key_hash),
        rows,
    )
    return len(taken.all()) == len(rows)


def _key_row(one: Resolved, value: int, kind: KeyKind) -> dict[str, Any]:
    return {
        "key_hash": value,
        "kind": kind,
        "feed_id": one.item.due.feed_id,
        "article_id": _id(one),
        "first_seen_at": one.item.seen_at,
        "last_seen_at": one.item.seen_at,
    }


def _new_row(one: Resolved) -> dict[str, Any]:
    return {
        **metadata_row(one.item.article),
        "id": _id(one),
        "publisher_id": one.item.due.publisher_id,
        "feed_id": one.item.due.feed_id,
        "first_seen_at": one.item.seen_at,
        "first_seen_after": one.item.due.schedule.last_success_at,
    }


def _searchable(one: Resolved) -> Searchable:
    brought = one.item.article
    return Searchable(
        _id(one),
        brought.headline,
        brought.alternative_headline,
        brought.summary,
        brought.body_text,
    )


_SUPERSEDED = (
    "content_hash", "url", "headline", "alternative_headline", "byline", "modified_at",
    "word_count", "text_from",
)  # fmt: skip


def _revise(connection: Connection, revised: Sequence[Resolved]) -> None:
    """Keep each article's present version as a revision and put the new one in its place."""
    by_id = {_id(one): one for one in revised}
    rows = connection.execute(
        select(article, article_content.c.summary, article_content.c.body_text)
        .join_from(article, article_content, article_content.c.article_id == article.c.id)
        .where(among(connection, article.c.id, by_id))
    ).all()
    unindex_articles(
        connection,
        [
            Searchable(r.id, r.headline, r.alternative_headline, r.summary, r.body_text)
            for r in rows
        ],
    )
    kept, replaced = [], []
    for row in rows:
        one = by_id[row.id]
        values = row._mapping
        kept.append(
            {
                "article_id": row.id,
                "number": row.revision,
                "seen_at": row.revised_at or row.first_seen_at,
                "superseded_at": one.item.seen_at,
                "reason": one.reason,
                "summary": row.summary,
                "body_text": row.body_text,
                **{name: values[name] for name in _SUPERSEDED},
            }
        )
        brought = metadata_row(one.item.article)
        published_at = earlier(row.published_at, brought["published_at"])
        if published_at == row.published_at:
            brought["published_raw"] = row.published_raw
            brought["published_quality"] = row.published_quality
        replaced.append(
            {
                **brought,
                "b_id": row.id,
                "published_at": published_at,
                "feed_id": one.item.due.feed_id,
                "revised_at": one.item.seen_at,
                "revision": row.revision + 1,
            }
        )
    connection.execute(insert(revision), kept)
    names = [name for name in replaced[0] if name != "b_id"]
    connection.execute(
        update(article)
        .where(article.c.id == bindparam("b_id"))
        .values({name: bindparam(name) for name in names}),
        replaced,
    )
    content = [{"b_id": _id(one), **content_row(one.item.article)} for one in revised]
    connection.execute(
        update(article_content)
        .where(article_content.c.article_id == bindparam("b_id"))
        .values({name: bindparam(name) for name in content[0] if name != "b_id"}),
        content,
    )


def _change(one: Resolved) -> NewChange:
    is_new = one.outcome is EntryOutcome.NEW
    return NewChange(
        ChangeKind.ARTICLE_NEW if is_new else ChangeKind.ARTICLE_REVISED,
        article_id=_id(one),
        feed_id=one.item.due.feed_id,
        data=None if is_new else {"reason": one.reason},
    )


def write_sightings(
    connection: Connection,
    due: DueFeed,
    seen_at: datetime,
    before: Mapping[int, int],
    entries: Sequence[tuple[HarvestedEntry, EntryOutcome, Resolved | None]],
    *,
    is_whole: bool,
) -> None:
    """Write what was looked at in a document, and what it holds now.

    An unchanged entry that the document before held too costs nothing here. Entries that have left
    a whole document get the time at which they were last in it.
    """
    rows, raws = [], []
    now_known = {} if is_whole else dict(before)
    for entry, outcome, resolved in entries:
        if resolved is None or not resolved.must_ask_again:
            now_known[entry.entry_key] = entry.entry_hash
        elif entry.entry_key in before:
            now_known[entry.entry_key] = before[entry.entry_key]
        if resolved is None and outcome is EntryOutcome.UNCHANGED:
            continue
        article_id = resolved.item.target.article_id if resolved is not None else None
        row = {"feed_id": due.feed_id, "entry_key": entry.entry_key, "article_id": article_id}
        rows.append(
            {
                **row,
                "entry_hash": entry.entry_hash,
                "outcome": outcome,
                "reason": resolved.reason if resolved is not None else entry.reason,
                "first_seen_at": seen_at,
                "last_seen_at": None,
            }
        )
        if entry.raw is not None:
            raws.append({**row, "seen_at": seen_at, "raw": entry.raw})
    if rows:
        _upsert(connection, sighting, rows, keep=("first_seen_at",))
    if raws:
        _upsert(connection, raw_entry, raws)
    gone = before.keys() - now_known.keys()
    if gone:
        connection.execute(
            update(sighting)
            .where(sighting.c.feed_id == due.feed_id, sighting.c.entry_key == bindparam("b_key"))
            .values(last_seen_at=due.schedule.last_success_at or seen_at),
            [{"b_key": key} for key in sorted(gone)],
        )
    if now_known != before:
        packed = {"feed_id": due.feed_id, "entries": pack_entries(now_known), "seen_at": seen_at}
        _upsert(connection, feed_document, [packed])


def _upsert(
    connection: Connection, table: Any, rows: list[dict[str, Any]], keep: Sequence[str] = ()
) -> None:
    statement = insert_or(connection, table)
    keys = [column.name for column in table.primary_key]
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=keys,
            set_={
                name: statement.excluded[name]
                for name in rows[0]
                if name not in keys and name not in keep
            },
        ),
        rows,
    )
