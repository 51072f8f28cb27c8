"""The index of many articles: their texts read over shards, their postings written in its order.

    articles without a fingerprint -> shards of texts -> read wherever there is room
      -> postings apart by hash, on disk -> one part after the other, in order, into the table

The table is as large as the archive, and a hash may stand anywhere in it: written in the order of
the articles, each posting would be a page of its own. Memory is bounded by a shard and a part.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol, TypeAlias, TypeVar

import numpy as np
from sqlalchemy import Connection, Select, func, select

from ingest.dedupe import VERSION, fingerprints
from ingest.dedupe.tokenise import Ints
from ingest.store.engine import Database
from ingest.store.fingerprints import write_postings, write_sketches
from ingest.store.tables import article, article_content
from ingest.store.tables import fingerprint as fingerprint_table

SHARD = 2_000  # texts that are read at once: to read one is so cheap that fewer are not worth it
PART = 2_000_000  # postings that are put in order at once: 32 MB
MAX_PARTS = 256  # files that are open at once
ROWS = 200_000  # postings of a transaction
POSTINGS_AN_ARTICLE = 50  # about
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

# What a fingerprint is made of: id, first_seen_at, headline, text.
Texts: TypeAlias = list[tuple[int, datetime, str, str | None]]
Begin: TypeAlias = Callable[[], AbstractContextManager[Connection]]
_Shard = TypeVar("_Shard")
_Result = TypeVar("_Result")


class Engine(Protocol):
    """Something that runs a pure function over shards: `ingest.engines` has several."""

    @property
    def cores(self) -> int:
        """How many shards it works at at once."""

    def map(
        self, function: Callable[[_Shard], _Result], shards: Iterable[_Shard]
    ) -> Iterator[tuple[_Shard, _Result]]:
        """Each shard with its result, in the order of the shards."""


@dataclass(frozen=True, slots=True, eq=False)
class Sketches:
    """The fingerprints of a shard: tokens and postings of each article, the postings in a row."""

    tokens: Ints
    counts: Ints
    postings: Ints


def read_texts(shard: Texts) -> Sketches:
    """The fingerprints of a shard of articles. Pure: it runs in any process, on any machine."""
    prints = fingerprints([(headline, text) for _, _, headline, text in shard])
    return Sketches(
        np.array([one.token_count for one in prints], np.int64),
        np.array([len(one.postings) for one in prints], np.int64),
        np.array([each for one in prints for each in one.postings], np.int64),
    )


def rebuild_index(database: Database, *, since: datetime | None = None) -> int:
    """Write the fingerprints of all articles first seen at or after `since` anew; how many."""
    return write_index(database.begin, since, only_missing=False)


def write_index(
    begin: Begin, since: datetime | None, *, only_missing: bool, engine: Engine | None = None
) -> int:
    """Write the fingerprints of articles first seen at or after `since` (None: of all); how many.

    `only_missing`: of those that have none of this version. `begin` opens a write transaction. An
    article's row in `fingerprint` is written when its postings are: what was interrupted is done
    again by the next call.
    """
    with begin() as connection:
        count = _chosen(select(func.count()).select_from(article), since, only_missing)
        total = connection.scalar(count) or 0
    shards = _shards(begin, since, only_missing)
    read: Iterator[tuple[Texts, Sketches]]
    read = (
        ((one, read_texts(one)) for one in shards)
        if engine is None
        else engine.map(read_texts, shards)
    )
    if total * POSTINGS_AN_ARTICLE > PART:
        return _write_apart(begin, read, total)
    written = 0
    for shard, sketches in read:
        with begin() as connection:
            write_postings(connection, sketches.postings, _ids(shard, sketches))
            write_sketches(connection, _rows(shard, sketches))
        written += len(shard)
    return written


def _chosen(query: Select[Any], since: datetime | None, only_missing: bool) -> Select[Any]:
    if since is not None:
        query = query.where(article.c.first_seen_at >= since)
    if only_missing:
        query = query.outerjoin(
            fingerprint_table,
            (fingerprint_table.c.article_id == article.c.id)
            & (fingerprint_table.c.version == VERSION),
        ).where(fingerprint_table.c.article_id.is_(None))
    return query


def _shards(begin: Begin, since: datetime | None, only_missing: bool) -> Iterator[Texts]:
    query = (
        select(
            article.c.id,
            article.c.first_seen_at,
            article.c.headline,
            func.coalesce(func.nullif(article_content.c.body_text, ""), article_content.c.summary),
        )
        .select_from(article)
        .outerjoin(article_content, article_content.c.article_id == article.c.id)
        .order_by(article.c.id)
        .limit(SHARD)
    )
    query = _chosen(query, since, only_missing)
    last = 0
    while True:
        with begin() as connection:
            rows = connection.execute(query.where(article.c.id > last)).all()
        if not rows:
            return
        yield [(row[0], row[1], row[2], row[3]) for row in rows]
        last = rows[-1][0]


def _ids(shard: Texts, sketches: Sketches) -> Ints:
    return np.repeat(np.array([one for one, *_ in shard], np.int64), sketches.counts)


def _rows(shard: Texts, sketches: Sketches) -> list[tuple[int, int, int, datetime]]:
    return [
        (one, VERSION, tokens, at)
        for (one, at, *_), tokens in zip(shard, sketches.tokens.tolist(), strict=True)
    ]


def _write_apart(begin: Begin, read: Iterator[tuple[Texts, Sketches]], total: int) -> int:
    parts = min(MAX_PARTS, total * POSTINGS_AN_ARTICLE // PART + 1)
    with tempfile.TemporaryDirectory(prefix="ingest-index-") as folder:
        files = [Path(folder) / f"{number}.postings" for number in range(parts)]
        beside = Path(folder) / "articles"
        with ExitStack() as stack:
            targets = [stack.enter_context(path.open("wb")) for path in files]
            articles = stack.enter_context(beside.open("wb"))
            limits: Ints | None = None
            for shard, sketches in read:
                if limits is None:
                    limits = _limits(sketches.postings, parts)
                pairs = np.stack((sketches.postings, _ids(shard, sketches)), axis=1)
                part = np.searchsorted(limits, pairs[:, 0], side="right")
                pairs = pairs[np.argsort(part, kind="stable")]
                ends = np.cumsum(np.bincount(part, minlength=parts))[:-1]
                for target, some in zip(targets, np.split(pairs, ends), strict=True):
                    target.write(some.tobytes())
                articles.write(_packed(shard, sketches).tobytes())
        for path in files:
            pairs = np.fromfile(path, np.int64).reshape(-1, 2)
            pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
            for first in range(0, len(pairs), ROWS):
                some = pairs[first : first + ROWS]
                with begin() as connection:
                    write_postings(connection, some[:, 0], some[:, 1])
            path.unlink()
        return _write_beside(begin, beside)


def _limits(postings: Ints, parts: int) -> Ints:
    """Where parts of about the same size meet, by the postings of one shard.

    Of equal width they would not be: a sample takes the smallest hash of several, so a tenth of
    the range holds nearly half of all postings.
    """
    if not len(postings):
        return np.zeros(parts - 1, np.int64)
    return np.sort(postings)[len(postings) * np.arange(1, parts) // parts]


def _packed(shard: Texts, sketches: Sketches) -> Ints:
    times = [(at - _EPOCH) // _MICROSECOND for _, at, *_ in shard]
    return np.stack(
        (np.array([one for one, *_ in shard]), sketches.tokens, np.array(times)), axis=1
    ).astype(np.int64)


def _write_beside(begin: Begin, beside: Path) -> int:
    written = 0
    with beside.open("rb") as source:
        while block := source.read(SHARD * 24):
            rows = np.frombuffer(block, np.int64).reshape(-1, 3).tolist()
            with begin() as connection:
                write_sketches(
                    connection,
                    [
                        (one, VERSION, tokens, _EPOCH + at * _MICROSECOND)
                        for one, tokens, at in rows
                    ],
                )
            written += len(rows)
    return written
