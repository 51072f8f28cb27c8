"""What the next batches of the queue will be compared with, prepared over shards, ahead of them.

    the queue, a batch a shard -> texts read, index asked, pairs found, index asked how rare
      these texts are -> the batch is decided in its turn, and asks the index nothing more

What stands here follows from texts and postings alone, never from stories: the articles that an
article may meet come before it, and theirs are written. So it can be worked out long before, in any
order, by any process that reaches the database. It is a stock and no decision: what is not in it
is asked when it is needed, and one that does not fit the batch is left aside. Texts that were read
are not handed over: a text takes as long to pack and unpack as to read again (2026-11).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path

import numpy as np
from sqlalchemy import Connection, and_, or_, select

from ingest.config import DedupeSettings
from ingest.dedupe import RULES, Document
from ingest.dedupe.answers import Answers, once
from ingest.dedupe.candidates import foresee, worth_a_look
from ingest.dedupe.decide import hashes_to_count
from ingest.dedupe.meetings import Asked, Meetings, among_themselves, meetings_of
from ingest.dedupe.verify import share_too_little
from ingest.store import waiting
from ingest.store.candidates import Readings, SqlIndex, floor_of_window, load_documents
from ingest.store.engine import Database, connect_only
from ingest.store.gathering import AHEAD, lengths_of
from ingest.store.indexing import Engine
from ingest.store.story_rows import arrivals_of
from ingest.store.tables import match_queue


@dataclass(frozen=True, slots=True)
class Shard:
    """A batch of the queue, and where the database is."""

    url: str
    article_ids: tuple[int, ...]
    window_days: float


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """What a batch will be decided on, as far as it does not depend on stories."""

    article_ids: tuple[int, ...]
    floor: int
    below: int
    asked: list[Asked]
    answers: list[Answers]  # of the index: about the articles' own hashes, then about others
    met: Meetings

    def fits(self, article_ids: Sequence[int], floor: int, below: Sequence[int]) -> bool:
        """Whether it was made for this batch, this window, and nothing decided after it."""
        mine = (self.article_ids, self.floor, (self.below,))
        return mine == (tuple(article_ids), floor, tuple(below))


class Foresight:
    """The stock of a run; without an engine of several cores there is none."""

    def __init__(
        self, database: Database, engine: Engine | None, settings: DedupeSettings, batch: int
    ) -> None:
        self._url = _reachable(database)
        self._engine = engine if engine and engine.cores > 1 and settings.enabled else None
        self._window_days = settings.window_days
        self._batch = batch
        self._coming: Iterator[tuple[Shard, Prepared | None]] | None = None
        self._connection: Connection | None = None

    def of(self, connection: Connection) -> Prepared | None:
        """What is prepared for the batch that is next in this transaction, if anything is."""
        if self._engine is None:
            return None
        self._connection = connection  # the queue is read as the transaction sees it
        first = waiting.oldest(connection)
        for _ in range(2):
            if self._coming is None:
                self._coming = self._engine.map(prepare, self._shards())
            shard, prepared = next(self._coming, (None, None))
            if shard is not None and shard.article_ids[0] == first:
                return prepared
            self._coming = None  # somebody else has settled a batch: from here on anew
        return None

    def _shards(self) -> Iterator[Shard]:
        queue = match_queue.c
        query = select(queue.queued_at, queue.article_id).order_by(
            queue.queued_at, queue.article_id
        )
        query = query.limit(self._batch)
        after = query
        while True:
            assert self._connection is not None
            rows = self._connection.execute(after).all()
            if not rows:
                return
            yield Shard(self._url, tuple(row[1] for row in rows), self._window_days)
            at, last = rows[-1]
            after = query.where(
                or_(queue.queued_at > at, and_(queue.queued_at == at, queue.article_id > last))
            )


def prepare(shard: Shard) -> Prepared | None:
    """Prepare a batch; None where no article of it is there any more.

    Reads articles, texts and postings. Runs in any process that reaches the database.
    """
    with _database(shard.url).connect() as connection:
        arrivals = arrivals_of(connection, shard.article_ids)
        if not arrivals:
            return None
        ids = tuple(one for one in shard.article_ids if one in arrivals)
        seen_at = max(one.first_seen_at for one in arrivals.values())
        floor = floor_of_window(connection, seen_at - timedelta(days=shard.window_days))
        index = SqlIndex(connection, floor, min(ids))
        readings = _readings(shard.url)
        own = load_documents(connection, ids, readings)
        asked = [Asked(one, own[one].reading.question) for one in ids]
        hashes = np.concatenate([one.hashes for one in asked])
        answers = index.ask(hashes, among_themselves(asked))
        met = meetings_of(asked, answers)
        likely = _likely(connection, asked, answers, met)
        others = {each for _, each in likely} - own.keys()
        documents = {**own, **load_documents(connection, others, readings)}
        _look_up(index, likely, documents)
    return Prepared(ids, floor, min(ids), asked, index.answers, met)


def _likely(
    connection: Connection, asked: Sequence[Asked], answers: Answers, met: Meetings
) -> list[tuple[int, int]]:
    """Whom each article will be compared with, nearly: as if every story had one article."""
    lengths = lengths_of(connection, once(met.article))
    met = worth_a_look(asked, met, lengths)
    stories = {one: one for one in once(met.article).tolist()}
    for one in asked:
        stories.pop(one.article_id, None)
    return [
        (own, other)
        for own, its in foresee(asked, answers, met, stories, lengths).items()
        for other in (*(each.article_id for each in its.chosen), *its.waits_for[:AHEAD])
    ]


def _look_up(
    index: SqlIndex, likely: Sequence[tuple[int, int]], documents: Mapping[int, Document]
) -> None:
    """Ask how rare the texts are that may share enough for it, and whose headlines these are."""
    pairs = [(documents[a].reading, documents[b].reading) for a, b in likely]
    apart = share_too_little([(a.outline, b.outline) for a, b in pairs], RULES)
    hashes = hashes_to_count([pair for pair, told in zip(pairs, apart, strict=True) if not told])
    if hashes:
        index.answers_to(once(np.fromiter(hashes, np.int64, len(hashes))))


@cache
def _database(url: str) -> Database:
    return connect_only(url)


@cache
def _readings(url: str) -> Readings:  # noqa: ARG001 - one for each database
    return Readings()


def _reachable(database: Database) -> str:
    """The URL as another process opens it: with the password, and from any folder."""
    url = database.engine.url
    if database.dialect == "sqlite" and url.database:
        url = url.set(database=str(Path(url.database).resolve()))
    return url.render_as_string(hide_password=False)
