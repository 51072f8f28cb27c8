"""A made-up archive for bulk work: seeded, with republications, written past the stages.

One article in four republishes one of the two thousand before it: whole, abridged, with another
text's paragraph, or copy-edited, under its own headline or the same one. Two publishers in five end
each text with a sentence of theirs.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np
from sqlalchemy import Connection
from xxhash import xxh3_64_intdigest

from benchmarks.scale_fill import VOCABULARY
from ingest.config import FeedSettings
from ingest.store import feeds
from ingest.store.copying import set_counter
from ingest.store.engine import Database, open_database
from ingest.store.tables import article, article_content, story, story_article
from ingest.store.upsert import insert_rows

START = datetime(2026, 3, 1, tzinfo=UTC)
DAYS = 90  # over which the articles were seen, however many
FEEDS = 100
RECENT = 2_000  # articles that may be republished
BLOCK = 1_000  # articles that are written at once


class MadeUp(NamedTuple):
    """One article of the archive."""

    id: int
    headline: str
    text: str


def articles(count: int, words: int, seed: int = 11) -> Iterator[MadeUp]:
    """So many articles of about so many words, the same for the same seed."""
    draw = np.random.default_rng(seed)
    vocabulary = _vocabulary()
    # The commonest words of a language are less common than Zipf's law has it (Mandelbrot).
    share = np.cumsum(1.0 / (np.arange(VOCABULARY) + 9.0))

    def write(length: int) -> list[str]:
        at = np.searchsorted(share, draw.random(length) * share[-1])
        return [vocabulary[each] for each in at.tolist()]

    habits = [" ".join(write(22)) if n % 5 < 2 else "" for n in range(FEEDS)]
    recent: deque[tuple[list[str], str]] = deque(maxlen=RECENT)
    for number in range(1, count + 1):
        chance = draw.random(3)
        if recent and chance[0] < 0.25:
            text, headline = recent[int(chance[1] * len(recent))]
            text = _republished(text, int(chance[2] * 1e6), write)
            if chance[2] < 0.5:
                headline = " ".join(write(8))
        else:
            text = write(int(words * (0.4 + 1.2 * chance[1])))
            headline = " ".join(write(8))
        recent.append((text, headline))
        habit = habits[number % FEEDS]
        body = " ".join(text)
        yield MadeUp(number, headline, f"{body}\n\n{habit}" if habit else body)


def _republished(text: list[str], how: int, write: Callable[[int], list[str]]) -> list[str]:
    if how % 4 == 1:
        return text[: max(20, len(text) * 6 // 10)]
    if how % 4 == 2:
        return text + write(30)
    if how % 4 == 3:
        edited = list(text)
        for at in range(how % 37, len(edited), 40):
            edited[at] = write(1)[0]
        return edited
    return text


def _vocabulary() -> list[str]:
    draw = np.random.default_rng(7)
    letters = np.array(list("etaoinshrdlucmfwyp"))
    return ["".join(draw.choice(letters, size)) for size in draw.integers(2, 11, VOCABULARY)]


def fill(path: Path, count: int, words: int) -> None:
    """A database file with so many articles."""
    database = open_database(f"sqlite:///{path}", create=True)
    store(database, count, words)
    database.close()


def store(database: Database, count: int, words: int) -> None:
    """Store so many articles, each in a story of its own and without a fingerprint."""
    step = timedelta(days=DAYS) / count
    with database.begin() as connection:
        for number in range(FEEDS):
            settings = FeedSettings(url=f"https://outlet{number}.example/rss")
            feeds.add(connection, settings, now=START)
    block: list[MadeUp] = []
    for one in articles(count, words):
        block.append(one)
        if len(block) == BLOCK or one.id == count:
            with database.begin() as connection:
                _write(connection, block, step)
            block.clear()
    with database.begin() as connection:
        for table in (article, story):
            set_counter(connection, table, count)


def _write(connection: Connection, block: list[MadeUp], step: timedelta) -> None:
    seen = {one.id: START + step * one.id for one in block}
    insert_rows(
        connection,
        article,
        [
            {
                "id": one.id,
                "publisher_id": one.id % FEEDS + 1,
                "feed_id": one.id % FEEDS + 1,
                "headline": one.headline,
                "url": f"https://outlet{one.id % FEEDS}.example/{one.id}",
                "canonical_url": f"https://outlet{one.id % FEEDS}.example/{one.id}",
                "word_count": one.text.count(" ") + 1,
                "text_from": "feed",
                "published_at": seen[one.id] - timedelta(minutes=one.id % 50),
                "published_quality": "exact",
                "first_seen_at": seen[one.id],
                "content_hash": xxh3_64_intdigest(f"{one.headline}{one.text}".encode()) >> 1,
            }
            for one in block
        ],
    )
    insert_rows(
        connection,
        article_content,
        [{"article_id": one.id, "body_text": one.text} for one in block],
    )
    insert_rows(
        connection,
        story,
        [
            {
                "id": one.id,
                "first_article_id": one.id,
                "fullest_article_id": one.id,
                "created_at": seen[one.id],
                "updated_at": seen[one.id],
            }
            for one in block
        ],
    )
    insert_rows(
        connection,
        story_article,
        [{"article_id": one.id, "story_id": one.id, "joined_at": seen[one.id]} for one in block],
    )
