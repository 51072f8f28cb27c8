"""Learned boilerplate: blocks of text that recur over a publisher's articles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from ingest.store.article_tables import RECURRING_ARTICLES
from ingest.store.tables import boilerplate_block
from ingest.store.upsert import upsert

# A block that has not been seen for so long is news again: pages are redesigned.
FORGET_AFTER_DAYS = 60


def learned_blocks(connection: Connection, publisher_id: int, now: datetime) -> frozenset[int]:
    """Hashes of the publisher's blocks that recurred in at least RECURRING_ARTICLES articles."""
    block = boilerplate_block.c
    found = connection.scalars(
        select(block.block_hash).where(
            block.publisher_id == publisher_id,
            block.articles >= RECURRING_ARTICLES,
            block.last_seen_at >= now - timedelta(days=FORGET_AFTER_DAYS),
        )
    )
    return frozenset(found)


def count_blocks(
    connection: Connection,
    blocks: Mapping[int, Iterable[Iterable[int]]],
    now: datetime,
) -> None:
    """Count the blocks of new articles: for each publisher id, one iterable of hashes an article.

    A block that an article has twice counts once.
    """
    rows = [
        {
            "publisher_id": publisher_id,
            "block_hash": block_hash,
            "articles": articles,
            "first_seen_at": now,
            "last_seen_at": now,
        }
        for publisher_id in sorted(blocks)
        for block_hash, articles in sorted(
            Counter(h for article in blocks[publisher_id] for h in set(article)).items()
        )
    ]
    upsert(connection, boilerplate_block, rows, keep=("first_seen_at",), add=("articles",))
