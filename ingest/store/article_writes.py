"""The rows of a batch of articles, each table in one statement."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, select

from ingest.model import EntryOutcome, Fingerprint, KeyKind
from ingest.store import changes
from ingest.store.article_rows import (
    content_columns,
    earlier,
    metadata_columns,
    metadata_row,
)
from ingest.store.changes import ChangeKind, NewChange
from ingest.store.fingerprints import write_fingerprints
from ingest.store.identity import Resolved
from ingest.store.ids import allocate
from ingest.store.learned import count_blocks
from ingest.store.lists import among
from ingest.store.search import Searchable, index_articles, unindex_articles
from ingest.store.tables import (
    article,
    article_content,
    article_key,
    match_queue,
    revision,
)
from ingest.store.upsert import Columns, insert_missing, insert_rows, update_rows, upsert


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
        insert_rows(connection, article, _new_columns(new))
        content = content_columns([one.item.article for one in new])
        insert_rows(connection, article_content, {"article_id": [*map(_id, new)], **content})
    if revised:
        _revise(connection, revised)
    written = new + revised
    index_articles(connection, [_searchable(one) for one in written])
    write_fingerprints(connection, _prints(written))
    sketches = [one.item.entry.fingerprint for one in written]
    waiting: Columns = {
        "article_id": [*map(_id, written)],
        "queued_at": [now] * len(written),
        "reason": [one.outcome.value for one in written],
        "question": [sketch and sketch.question for sketch in sketches],
    }
    # One that waits already keeps its place, and asks what its newest text asks.
    upsert(connection, match_queue, waiting, keep=("queued_at", "reason"))
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
    added: dict[int, tuple[KeyKind, Resolved]] = {}
    touched: dict[int, datetime] = {}
    for one in resolved:
        is_deleted = one.item.target.is_deleted
        for value, kind in one.item.keys:
            if value in stored_keys:
                touched[value] = one.item.seen_at
            elif not is_deleted:
                added.setdefault(value, (kind, one))
    hashes = sorted(touched)
    seen: Columns = {"key_hash": hashes, "last_seen_at": [touched[value] for value in hashes]}
    update_rows(connection, article_key, seen)
    hashes = sorted(added)
    firsts = [added[value] for value in hashes]
    seen_at = [one.item.seen_at for _, one in firsts]
    rows: Columns = {
        "key_hash": hashes,
        "kind": [kind for kind, _ in firsts],
        "feed_id": [one.item.due.feed_id for _, one in firsts],
        "article_id": [_id(one) for _, one in firsts],
        "first_seen_at": seen_at,
        "last_seen_at": seen_at,
    }
    return insert_missing(connection, article_key, rows) == len(hashes)


def _new_columns(new: Sequence[Resolved]) -> Columns:
    return {
        **metadata_columns([one.item.article for one in new]),
        "id": [*map(_id, new)],
        "publisher_id": [one.item.due.publisher_id for one in new],
        "feed_id": [one.item.due.feed_id for one in new],
        "first_seen_at": [one.item.seen_at for one in new],
        "first_seen_after": [one.item.due.schedule.last_success_at for one in new],
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


def _prints(written: Sequence[Resolved]) -> list[tuple[int, Fingerprint, datetime]]:
    return [
        (_id(one), sketch, one.item.seen_at)
        for one in written
        if (sketch := one.item.entry.fingerprint) is not None
    ]


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
                "id": row.id,
                "published_at": published_at,
                "feed_id": one.item.due.feed_id,
                "revised_at": one.item.seen_at,
                "revision": row.revision + 1,
            }
        )
    insert_rows(connection, revision, kept)
    update_rows(connection, article, replaced)
    content = content_columns([one.item.article for one in revised])
    update_rows(connection, article_content, {"article_id": [*map(_id, revised)], **content})


def _change(one: Resolved) -> NewChange:
    is_new = one.outcome is EntryOutcome.NEW
    return NewChange(
        ChangeKind.ARTICLE_NEW if is_new else ChangeKind.ARTICLE_REVISED,
        article_id=_id(one),
        feed_id=one.item.due.feed_id,
        data=None if is_new else {"reason": one.reason},
    )
