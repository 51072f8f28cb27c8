"""Learned boilerplate: blocks of text that recur over a publisher's articles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from itertools import chain

from sqlalchemy import Connection, bindparam, literal_column, select

from ingest.store.article_tables import RECURRING_ARTICLES
from ingest.store.tables import boilerplate_block
from ingest.store.upsert import Columns, upsert

# A block that has not been seen for so long is news again: pages are redesigned.
FORGET_AFTER_DAYS = 60


def learned_blocks(connection: Connection, publisher_id: int, now: datetime) -> frozenset[int]:
    """Hashes of the publisher's blocks that recurred in at least RECURRING_ARTICLES articles."""
    since = now - timedelta(days=FORGET_AFTER_DAYS)
    found = connection.scalars(_LEARNED, {"publisher_id": publisher_id, "since": since})
    return frozenset(found)


_block = boilerplate_block.c
_LEARNED = select(_block.block_hash).where(
    _block.publisher_id == bindparam("publisher_id"),
    # Not as a parameter, or SQLite does not see that the small index has them all.
    _block.articles >= literal_column(str(RECURRING_ARTICLES)),
    _block.last_seen_at >= bindparam("since"),
)


def count_blocks(
    connection: Connection,
    blocks: Mapping[int, Iterable[Iterable[int]]],
    now: datetime,
) -> None:
    """Count the blocks of new articles: for each publisher id, one iterable of hashes an article.

    A block that an article has twice counts once.
    """
    counted = [
        (publisher_id, block_hash, count)
        for publisher_id in sorted(blocks)
        for block_hash, count in sorted(
            Counter(chain.from_iterable(map(set, blocks[publisher_id]))).items()
        )
    ]
    if not counted:
        return
    publishers, hashes, counts = zip(*counted, strict=True)
    times = [now] * len(counted)
    rows: Columns = {
        "publisher_id": publishers,
        "block_hash": hashes,
        "articles": counts,
        "first_seen_at": times,
        "last_seen_at": times,
    }
    upsert(connection, boilerplate_block, rows, keep=("first_seen_at",), add=("articles",))
