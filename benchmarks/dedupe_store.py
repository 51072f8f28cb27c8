"""Putting a labelled set into a database the way the daemon's writer does: batches, then settle."""

from __future__ import annotations

import itertools
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import insert

from ingest.dedupe import Decision, Document, fingerprints
from ingest.store import gathering, stories, tables
from ingest.store.candidates import SqlIndex
from ingest.store.engine import Database
from ingest.store.fingerprints import write_fingerprints
from ingest.store.ids import allocate
from ingest.store.upsert import insert_rows

# One article a document, each of a publisher of its own would be untrue and one publisher for all
# too; one rule looks at it, for entries without a text, of which there are none here.
PUBLISHER_ID = FEED_ID = 1


@dataclass(frozen=True, slots=True)
class Incoming:
    """A document of a set: `at` is when it is published and seen."""

    id: str
    title: str
    text: str
    at: datetime


@dataclass(slots=True)
class Steps:
    """CPU seconds by step, over all documents."""

    seconds: dict[str, float] = field(default_factory=dict)
    documents: int = 0
    candidates: int = 0  # articles that were compared with those
    wall_seconds: float = 0.0

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        before = time.process_time()
        try:
            yield
        finally:
            spent = time.process_time() - before
            self.seconds[name] = self.seconds.get(name, 0.0) + spent


def watch_settle(steps: Steps) -> None:
    """Time the steps inside `settle` from outside: the product carries no stopwatch."""
    for module, name, shown in (
        (gathering, "load_documents", "settle: read texts"),
        (stories, "gather", "settle: gather (with the two above)"),
        (stories, "_decide", "settle: decide"),
        (stories, "write_book", "settle: write stories"),
        (stories, "sweep", "settle: sweep the index"),
        (stories, "replace_matches", "settle: write matches"),
    ):
        setattr(module, name, _watched(getattr(module, name), shown, steps))
    decide = vars(stories)["decide"]

    def counted(document: Document, candidates: Sequence[Document], *more: Any) -> Decision:
        steps.candidates += len(candidates)
        decision: Decision = decide(document, candidates, *more)
        return decision

    vars(stories)["decide"] = counted
    SqlIndex._ask = _watched(  # type: ignore[method-assign]
        SqlIndex._ask, "settle: look up hashes", steps
    )


def _watched(function: Callable[..., Any], name: str, steps: Steps) -> Callable[..., Any]:
    def watched(*args: Any, **named: Any) -> Any:
        with steps.timed(name):
            return function(*args, **named)

    return watched


def prepare(database: Database, now: datetime) -> None:
    """A publisher and a feed, to which every document belongs."""
    with database.begin() as connection:
        connection.execute(
            insert(tables.publisher).values(id=PUBLISHER_ID, name="benchmark", created_at=now)
        )
        connection.execute(insert(tables.site).values(id=FEED_ID, name="example.org"))
        connection.execute(
            insert(tables.feed).values(
                id=FEED_ID,
                publisher_id=PUBLISHER_ID,
                site_id=FEED_ID,
                name="benchmark",
                url="https://example.org/feed",
                source="user",
                settings={},
                added_at=now,
            )
        )


def store(database: Database, batch: Sequence[Incoming], first_id: int, steps: Steps) -> None:
    """Store a batch as the writer does: articles, fingerprints, the queue; one transaction."""
    with steps.timed("fingerprint"):
        prints = fingerprints([(one.title, one.text) for one in batch])
    ids = range(first_id, first_id + len(batch))
    with database.begin() as connection:
        with steps.timed("(articles, not counted)"):
            connection.execute(
                insert(tables.article),
                [_article(i, one) for i, one in zip(ids, batch, strict=True)],
            )
            connection.execute(
                insert(tables.article_content),
                [
                    {"article_id": i, "body_text": one.text}
                    for i, one in zip(ids, batch, strict=True)
                ],
            )
        with steps.timed("index: write"):
            write_fingerprints(
                connection,
                [(i, one, doc.at) for i, one, doc in zip(ids, prints, batch, strict=True)],
            )
            stories.queue_articles(connection, dict(zip(ids, prints, strict=True)), batch[0].at)


def fill(
    database: Database, batch: Sequence[Incoming], first_id: int, *, in_runs: bool = False
) -> None:
    """Store documents as if they had been settled: a text is a story, its copies are in it.

    `in_runs`: a sweep has yet to bring their postings into the table.
    """
    prints = fingerprints([(one.title, one.text) for one in batch])
    ids = range(first_id, first_id + len(batch))
    with database.begin() as connection:
        insert_rows(
            connection,
            tables.article,
            [_article(i, one) for i, one in zip(ids, batch, strict=True)],
        )
        insert_rows(
            connection,
            tables.article_content,
            [{"article_id": i, "body_text": one.text} for i, one in zip(ids, batch, strict=True)],
        )
        write_fingerprints(
            connection,
            [(i, one, doc.at) for i, one, doc in zip(ids, prints, batch, strict=True)],
            in_bulk=not in_runs,
        )
        founders: dict[str, int] = {}
        members = [(i, founders.setdefault(one.text, i)) for i, one in zip(ids, batch, strict=True)]
        counts = Counter(founder for _, founder in members)
        founded = sorted(founders.values())
        taken = dict(zip(founded, allocate(connection, tables.story, len(founded)), strict=True))
        at = batch[-1].at
        rows = [
            {
                "id": taken[founder],
                "first_article_id": founder,
                "fullest_article_id": founder,
                "articles": counts[founder],
                "created_at": at,
                "updated_at": at,
            }
            for founder in founded
        ]
        insert_rows(connection, tables.story, rows)
        insert_rows(
            connection,
            tables.story_article,
            [{"article_id": i, "story_id": taken[its], "joined_at": at} for i, its in members],
        )


def _article(article_id: int, one: Incoming) -> dict[str, object]:
    return {
        "id": article_id,
        "publisher_id": PUBLISHER_ID,
        "feed_id": FEED_ID,
        "headline": one.title,
        "word_count": one.text.count(" ") + 1,
        "text_from": "feed",
        "published_at": one.at,
        "published_quality": "exact",
        "first_seen_at": one.at,
        "content_hash": article_id,
    }


class Writer:
    """Texts like those of a set: each word follows the one before as it does there (order 1).

    Three words in a row are then mostly new, and some are as common as in real text. One in five
    is a copy of one of the last thousand.
    """

    def __init__(self, texts: Sequence[str], seed: int = 1) -> None:
        self._generator = random.Random(seed)
        self._next: dict[str, list[str]] = {}
        for text in texts:
            words = text.split()
            for word, following in itertools.pairwise(words):
                self._next.setdefault(word, []).append(following)
        self._starts = [text.split(maxsplit=1)[0] for text in texts if text.split()]
        self._past: list[tuple[str, str]] = []

    def write(self, words: int) -> tuple[str, str]:
        """A headline and a text of so many words."""
        chance = self._generator
        if self._past and chance.random() < 0.2:
            return chance.choice(self._past)
        word = chance.choice(self._starts)
        written = [word]
        while len(written) < words:
            word = chance.choice(self._next.get(word) or self._starts)
            written.append(word)
        made = " ".join(written[2:10]), " ".join(written)
        self._past.append(made)
        if len(self._past) > 1_000:
            self._past.pop(0)
        return made
