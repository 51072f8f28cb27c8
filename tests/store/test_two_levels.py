"""The index of fingerprints on two levels answers as one table would, whatever happened to it."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import numpy as np
import pytest
from sqlalchemy import func, insert, select

from ingest.dedupe import MAX_POSTINGS
from ingest.store import migrate, posting_sweep
from ingest.store.candidates import SqlIndex
from ingest.store.engine import Connection, Database, connect_only
from ingest.store.fingerprints import write_postings
from ingest.store.old_postings import remove_old_postings
from ingest.store.posting_runs import Run, read_runs, runs_seen_by, write_run
from ingest.store.posting_sweep import NOTE, sweep
from ingest.store.tables import fingerprint, meta, posting, posting_run
from tests.store.build import NOW, an_article, entry, postings_of, store, subscribe

HASHES = range(-6, 6)  # so few that each has many articles


class Undone(Exception):
    """Rolls a transaction back."""


@dataclass(slots=True)
class Index:
    """The index of a database, and what one table would hold."""

    database: Database
    chance: random.Random
    plain: set[tuple[int, int]] = field(default_factory=set)
    articles: int = 0

    def write(self) -> None:
        """A transaction of one to three articles."""
        with self.database.begin() as connection:
            self.plain |= self._write(connection)

    def undo(self) -> None:
        """One that writes, sweeps and asks, and comes to nothing."""
        with suppress(Undone), self.database.begin() as connection:
            self._write(connection)
            sweep(connection, 1)
            runs_seen_by(connection)
            raise Undone

    def write_in_bulk(self) -> None:
        pairs = self._made()
        with self.database.begin() as connection:
            write_postings(connection, *_arrays(pairs))
        self.plain |= {*pairs}

    def sweep(self) -> None:
        with self.database.begin() as connection:
            sweep(connection, 1)

    def sweep_elsewhere(self) -> None:
        """As another process, which has read nothing yet, and does not tell this one."""
        other = connect_only(self.database.engine.url.render_as_string(hide_password=False))
        with other.begin() as connection:
            sweep(connection, 1)
        other.close()

    def check(self) -> None:
        floor = self.chance.randint(0, self.articles)
        below = self.chance.randint(floor, self.articles + 1)
        with self.database.connect() as connection:
            found = SqlIndex(connection, floor, below).articles_with(HASHES)
        for one in HASHES:
            articles = {a for each, a in self.plain if each == one and floor <= a < below}
            assert [*found[one]] == sorted(articles, reverse=True)[: MAX_POSTINGS + 1]

    def _write(self, connection: Connection) -> set[tuple[int, int]]:
        pairs = self._made()
        write_run(connection, *_arrays(pairs))
        return {*pairs}

    def _made(self) -> list[tuple[int, int]]:
        last = self.articles
        self.articles += self.chance.randint(1, 3)
        ids = [*range(last + 1, self.articles + 1)]
        if self.chance.random() < 0.3:  # an edited one gets postings again
            ids.append(self.chance.randint(1, self.articles))
        return [(self.chance.choice(HASHES), one) for one in ids for _ in range(6)]


def _arrays(pairs: Sequence[tuple[int, int]]) -> Iterator[np.typing.NDArray[np.int64]]:
    return iter(np.array(pairs, np.int64).T)


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("_LEAST", 60), ("_LEAST_SLICE", 25), ("_MANY_RUNS", 6), ("SMALL", 30)):
        monkeypatch.setattr(posting_sweep, name, value)


@pytest.mark.parametrize("seed", range(6))
def test_any_mix_of_writes_sweeps_and_rollbacks_answers_as_one_table_would(
    database: Database, seed: int
) -> None:
    chance = random.Random(seed)
    index = Index(database, chance)
    steps = [*(index.write,) * 5, *(index.sweep,) * 3]
    steps += [index.undo, index.write_in_bulk, index.sweep_elsewhere]
    for _ in range(100):
        chance.choice(steps)()
        index.check()
    with database.connect() as connection:
        assert postings_of(connection) == index.plain
        assert connection.scalar(select(func.count()).select_from(posting))


def test_a_sweep_ends_with_everything_in_the_table_and_no_note(database: Database) -> None:
    index = Index(database, random.Random(1))
    while len(index.plain) < 70:
        index.write()
    slices = 0
    while _noted(database) or slices == 0:
        index.sweep()
        slices += 1
        assert slices < 20
    assert slices > 2
    with database.connect() as connection:
        assert {*map(tuple, connection.execute(select(posting)))} == index.plain
        assert not connection.scalar(select(func.count()).select_from(posting_run))


def test_a_hash_with_more_articles_than_a_slice_holds_up_no_sweep(database: Database) -> None:
    pairs = [(3, article) for article in range(1, 91)]
    with database.begin() as connection:
        write_run(connection, *_arrays(pairs))
        sweep(connection, 1)
        assert {*map(tuple, connection.execute(select(posting)))} == {*pairs}
    assert not _noted(database)


def test_what_is_written_during_a_sweep_waits_for_the_next(database: Database) -> None:
    index = Index(database, random.Random(2))
    while len(index.plain) < 70:
        index.write()
    index.sweep()
    assert _noted(database)
    before = index.plain.copy()
    index.write()
    later = index.plain - before
    while _noted(database):
        index.sweep()
    with database.connect() as connection:
        assert {*map(tuple, connection.execute(select(posting)))} == before
        assert later <= postings_of(connection)
    index.check()


def test_a_sweep_that_was_cut_writes_no_slice_twice(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = Index(database, random.Random(3))
    while len(index.plain) < 70:
        index.write()
    written: list[int] = []

    def watched(connection: Connection, hashes: np.typing.NDArray[np.int64], *more: object) -> None:
        written.extend(hashes.tolist())
        write_postings(connection, hashes, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(posting_sweep, "write_postings", watched)
    index.sweep()
    while _noted(database):
        index.sweep_elsewhere()
    assert written == sorted(written)
    assert {*written} == {one for one, _ in index.plain}


def test_many_small_runs_become_one(database: Database) -> None:
    index = Index(database, random.Random(4))
    for one in range(7):
        with database.begin() as connection:
            write_run(connection, *_arrays([(one, one + 1)]))
        index.plain.add((one, one + 1))
    index.articles = 7
    index.sweep()
    with database.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(posting_run)) == 1
        assert connection.scalar(select(posting_run.c.newest_article_id)) == 7
    index.check()


def test_runs_go_when_all_of_them_is_old_and_what_is_old_is_not_swept(database: Database) -> None:
    (feed_id,) = subscribe(database, "https://a.org/rss")
    store(database, {feed_id: [entry(an_article(f"n{one}")) for one in range(12)]}, at=NOW)
    with database.begin() as connection:
        connection.execute(posting_run.delete())
        connection.execute(fingerprint.delete().where(fingerprint.c.article_id < 9))
        connection.execute(insert(posting), [{"hash": 1, "article_id": 2}])
        write_run(connection, *_arrays([(5, 7), (6, 8)]))
        write_run(connection, *_arrays([(one, article) for one in range(40) for article in (8, 9)]))
    remove_old_postings(database)
    with database.connect() as connection:
        left = postings_of(connection)
    assert left == {(one, article) for one in range(40) for article in (8, 9)}
    with database.begin() as connection:
        sweep(connection, 1)
    while _noted(database):
        with database.begin() as connection:
            sweep(connection, 1)
    with database.connect() as connection:
        assert postings_of(connection) == {(one, 9) for one in range(40)}


def test_an_older_schema_has_what_is_in_runs_in_its_table(database: Database) -> None:
    index = Index(database, random.Random(5))
    while len(index.plain) < 70:
        index.write()
    index.sweep()
    index.write()
    migrate.downgrade(database, "0009")
    with database.connect() as connection:
        assert {*map(tuple, connection.execute(select(posting)))} == index.plain
    migrate.upgrade(database)
    assert not _noted(database)
    index.check()


@pytest.mark.parametrize("becomes", ["rows", "another run"])
def test_a_run_that_goes_while_it_is_looked_for_is_found_where_it_went(
    database: Database, becomes: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if database.dialect == "sqlite":
        pytest.skip("a transaction sees one state of the database")
    with database.begin() as connection:
        write_run(connection, *_arrays([(1, 1)]))
    calls = 0

    def late(connection: Connection, names: frozenset[int]) -> Run:
        nonlocal calls
        calls += 1
        if calls == 1:
            with database.begin() as other:
                other.execute(posting_run.delete())
                pairs = [(1, 1), (2, 2)]
                (write_postings if becomes == "rows" else write_run)(other, *_arrays(pairs))
        return read_runs(connection, names)

    monkeypatch.setattr("ingest.store.posting_runs.read_runs", late)
    with database.connect() as connection:
        assert [*SqlIndex(connection, 0).articles_with([1])[1]] == [1]
    assert calls == (1 if becomes == "rows" else 2)


def _noted(database: Database) -> bool:
    with database.connect() as connection:
        return connection.scalar(select(meta.c.value).where(meta.c.key == NOTE)) is not None
