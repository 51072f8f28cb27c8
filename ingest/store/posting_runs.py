"""The index of fingerprints has two levels: a large table, and runs in front of it.

    record   the postings of a transaction, in order of hash -> one row of `posting_run`: a run
    ask      all runs, which memory holds, and `posting` -> one answer
    sweep    many runs together, a slice of the hashes at a time -> `posting`; the runs are deleted

`posting` is ordered by hash. Each of the dozens of postings of an article falls on a page of its
own there, and a transaction writes whole pages; in a run they stand side by side. A sweep
(posting_sweep.py) brings so many runs at once that a page is written for several of them.

While a sweep is on, a posting is in both levels, and after a crash it may stay so; it is never in
neither. Whoever asks reads the runs first, then `posting`, and counts an article once: so the
answers are those of one table, at every moment. A run never changes and is named by what it holds,
so what was read of it is good for any later transaction, a rolled back one included.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from weakref import WeakKeyDictionary

import numpy as np
from sqlalchemy import Connection, Engine, select
from xxhash import xxh3_64_intdigest

from ingest.dedupe.answers import Answers, runs
from ingest.dedupe.tokenise import Ints
from ingest.store.lists import among
from ingest.store.tables import posting_run
from ingest.store.upsert import insert_missing

# Runs read into memory are put together with others until each has so many times the next one's
# postings: a hash is looked up in three or four places, and a posting is moved a dozen times.
_STEP = 4
SMALL = 4_096  # postings of a run that is put together with others when there are many
_ARTICLE_BITS = 40
_JOINED_BY_POSTGRESQL = "string_agg(({})::text, ',')"
_NEWEST = (1 << _ARTICLE_BITS) - 1


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """Postings in order of hash; `names` says from which rows of `posting_run` they were read."""

    names: frozenset[int]
    hashes: Ints
    articles: Ints

    @staticmethod
    def together(parts: Sequence[Run]) -> Run:
        """The postings of all of these."""
        if len(parts) == 1:
            return parts[0]
        hashes = np.concatenate([np.empty(0, np.int64), *(one.hashes for one in parts)])
        articles = np.concatenate([np.empty(0, np.int64), *(one.articles for one in parts)])
        order = np.argsort(hashes, kind="stable")  # what is in order already is merely merged
        names = frozenset().union(*(one.names for one in parts))
        return Run(names, hashes[order], articles[order])

    def having(self, wanted: Ints) -> tuple[Ints, Ints]:
        """The places of `wanted`, which are in order, whose hashes are here; an article to each."""
        begins = self.hashes.searchsorted(wanted)
        inside = np.minimum(begins, len(self.hashes) - 1)
        places = np.flatnonzero(self.hashes[inside] == wanted)
        counts = self.hashes.searchsorted(wanted[places], side="right") - begins[places]
        return np.repeat(places, counts), self.articles[runs(begins[places], counts)]


def write_run(connection: Connection, hashes: Ints, articles: Ints) -> None:
    """Write the postings of a transaction: an article to each hash, in any order."""
    if not len(hashes):
        return
    order = np.argsort(hashes, kind="stable")
    content = np.concatenate((hashes[order], articles[order])).astype("<i8").tobytes()
    row = {
        "name": xxh3_64_intdigest(content) >> 1,
        "postings": len(hashes),
        "newest_article_id": int(articles.max()),
        "content": content,
    }
    insert_missing(connection, posting_run, [row])


def read_runs(connection: Connection, names: frozenset[int]) -> Run:
    """The runs of these names that are there, together."""
    rows = connection.execute(
        select(posting_run.c.name, posting_run.c.content).where(
            among(connection, posting_run.c.name, names)
        )
    )
    parts = []
    for name, content in rows:
        hashes, articles = np.frombuffer(content, "<i8").reshape(2, -1)
        parts.append(Run(frozenset([name]), hashes, articles))
    return Run.together(parts)


def runs_seen_by(connection: Connection) -> Sequence[Run]:
    """All runs that the transaction sees, in few parts."""
    return _kept.setdefault(connection.engine, _Kept()).as_seen_by(connection)


def with_runs(
    answers: Answers, parts: Sequence[Run], *, floor: int, below: int, most: int
) -> Answers:
    """What `posting` answers, with what the runs do: the newest `most` articles of each hash.

    Of the runs those from `floor` on and below `below` count.
    """
    found = [part.having(answers.hashes) for part in parts]
    places = np.concatenate([np.empty(0, np.int64), *(one for one, _ in found)])
    articles = np.concatenate([np.empty(0, np.int64), *(one for _, one in found)])
    counted = (articles >= floor) & (articles < below)
    if not counted.any():
        return answers
    # One number orders a posting by hash, then from the newest article on. Each part is in order
    # nearly, and merging what is in order takes a tenth of sorting it.
    every = np.arange(len(answers.hashes))
    places = np.concatenate((np.repeat(every, np.diff(answers.begins)), places[counted]))
    articles = np.concatenate((answers.articles, articles[counted]))
    ordered = np.sort(places << _ARTICLE_BITS | (_NEWEST - articles), kind="stable")
    is_another = np.ones(len(ordered), np.bool_)  # than the one before: it may be on both levels
    np.not_equal(ordered[1:], ordered[:-1], out=is_another[1:])
    ordered = ordered[is_another]
    begins = ordered.searchsorted(np.append(every, len(every)) << _ARTICLE_BITS)
    counts = np.minimum(np.diff(begins), most)
    newest = ordered[runs(begins[:-1], counts)] & _NEWEST
    return Answers(answers.hashes, np.append(0, np.cumsum(counts)), _NEWEST - newest)


class _Kept:
    """What was read of a database's runs, for all threads: the largest part first."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._parts: tuple[Run, ...] = ()

    def as_seen_by(self, connection: Connection) -> Sequence[Run]:
        with self._lock:
            complete = False
            while not complete:
                there, small = _names(connection)
                parts = [one for one in self._parts if one.names <= there]
                missing = there.difference(*(one.names for one in parts))
                # Apart, as small ones are soon put together: then they alone are read again.
                for some in (missing - small, missing & small):
                    if some:
                        parts.append(read_runs(connection, some))
                # On PostgreSQL a run may have been swept between the two statements: look again.
                complete = not there.difference(*(one.names for one in parts))
            self._parts = parts_now = _fewer(parts)
        return parts_now


def _names(connection: Connection) -> tuple[frozenset[int], frozenset[int]]:
    """Of all runs, and of the small ones."""
    joined = "group_concat({})" if connection.dialect.name == "sqlite" else _JOINED_BY_POSTGRESQL
    small = f"CASE WHEN postings < {SMALL} THEN name END"
    found = connection.exec_driver_sql(
        f"SELECT {joined.format('name')}, {joined.format(small)} FROM posting_run"
    ).one()
    of_all, of_small = (frozenset(map(int, one.split(",") if one else ())) for one in found)
    return of_all, of_small


def _fewer(parts: list[Run]) -> tuple[Run, ...]:
    while len(parts) > 1 and len(parts[-1].hashes) * _STEP > len(parts[-2].hashes):
        parts[-2:] = [Run.together(parts[-2:])]
    return tuple(parts)


_kept: WeakKeyDictionary[Engine, _Kept] = WeakKeyDictionary()
