"""Bulk work on every engine: the same results in the same order, however it is cut."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select, text

from ingest.config import Settings
from ingest.engines import Engine, EngineName, cores, opened
from ingest.errors import IngestError, UsageError
from ingest.reprocess import Effect, Reworked, reprocess
from ingest.store import indexing, recluster, stories
from ingest.store.engine import Database, open_database
from ingest.store.tables import metadata, posting, posting_run
from tests.store.build import after, postings_of
from tests.test_reprocess import document, feed_of, item

LATER = after(7200)


def double(shard: int) -> int:
    return 2 * shard


def process_of(_: int) -> int:
    return os.getpid()


def die(_: int) -> int:
    os._exit(3)


def test_results_come_in_the_order_of_the_shards() -> None:
    with opened(EngineName.LOCAL, processes=2) as engine:
        assert list(engine.map(double, range(30))) == [(n, 2 * n) for n in range(30)]


def test_little_work_stays_in_this_process_and_much_does_not() -> None:
    with opened(EngineName.LOCAL, processes=2) as engine:
        assert {pid for _, pid in engine.map(process_of, range(4))} == {os.getpid()}
        assert len({pid for _, pid in engine.map(process_of, range(40))}) > 1


def interrupt_unless(caller: int) -> int:
    if os.getpid() != caller:
        os.kill(os.getpid(), signal.SIGINT)
    return os.getpid()


def test_ctrl_c_is_left_to_the_process_that_was_called() -> None:
    with opened(EngineName.LOCAL, processes=2) as engine:
        done = [pid for _, pid in engine.map(interrupt_unless, [os.getpid()] * 12)]
    assert len(done) == 12
    assert set(done) > {os.getpid()}


def test_only_so_many_shards_are_under_way() -> None:
    taken = 0

    def shards() -> Iterator[int]:
        nonlocal taken
        for number in range(100):
            taken += 1
            yield number

    with opened(EngineName.LOCAL, processes=2) as engine:
        for done, _ in enumerate(engine.map(double, shards())):
            assert taken <= done + 6, "memory is bounded by shards, not by the archive"


def test_a_process_that_dies_is_told_in_one_line() -> None:
    with pytest.raises(IngestError, match="died"), opened(EngineName.LOCAL, processes=2) as engine:
        list(engine.map(die_later, range(12)))


def die_later(shard: int) -> int:
    return die(shard) if shard > 5 else shard


def test_an_address_is_rays() -> None:
    with (
        pytest.raises(UsageError, match="--engine ray"),
        opened(EngineName.LOCAL, address="auto"),
    ):
        pass


def test_without_ray_one_line_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "ray", None)
    with pytest.raises(UsageError, match=r"pip install 'ingest\[ray\]'"), opened(EngineName.RAY):
        pass


def test_one_core_needs_no_processes() -> None:
    with opened(EngineName.LOCAL, processes=1) as engine:
        assert {pid for _, pid in engine.map(process_of, range(40))} == {os.getpid()}
    assert cores() >= 1


@pytest.fixture(scope="module")
def newsroom(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty articles; what a third of them says, and who wrote another third, is stored wrongly."""
    path = tmp_path_factory.mktemp("newsroom") / "newsroom.db"
    shutil.copyfile(sqlite_template, path)
    database = open_database(f"sqlite:///{path}")
    feed_of(database, document(*(item(f"n{n}") for n in range(60))))
    with database.begin() as connection:
        connection.execute(
            text("UPDATE article SET headline = 'Otherwise', content_hash = 5 WHERE id % 3 = 0")
        )
        connection.execute(text("UPDATE article SET byline = 'Nobody' WHERE id % 3 = 1"))
    database.close()
    return path


def _reprocessed(
    newsroom: Path, copy: Path, engine: Engine | None, articles: int
) -> tuple[list[Reworked], list[tuple[object, ...]]]:
    """What was told, and every row that is there afterwards."""
    shutil.copyfile(newsroom, copy)
    database = open_database(f"sqlite:///{copy}")
    told = list(reprocess(database, Settings(), LATER, batch_articles=articles, engine=engine))
    rows = _rows(database)
    database.close()
    return told, rows


def _rows(database: Database) -> list[tuple[object, ...]]:
    """All of them; postings whatever runs they are in, which depends on the transactions."""
    with database.connect() as connection:
        rows = [
            (table.name, *row)
            for table in metadata.sorted_tables
            if table not in (posting, posting_run)
            for row in connection.execute(select(table).order_by(*table.primary_key))
        ]
        return [*rows, *sorted(postings_of(connection))]


@pytest.mark.parametrize("articles", [3, 7, 100])
@pytest.mark.parametrize("name", ["local", "ray"])
def test_reprocessing_gives_the_same_rows_whichever_engine_and_however_many_shards(
    newsroom: Path, tmp_path: Path, name: str, articles: int
) -> None:
    if name == "ray":
        pytest.importorskip("ray", reason="Ray is not installed: pip install 'ingest[ray]'")
    told, rows = _reprocessed(newsroom, tmp_path / "alone.db", None, 1)
    assert [one.effect for one in told].count(Effect.REVISED) == 20
    assert [one.effect for one in told].count(Effect.METADATA) == 20
    with opened(EngineName(name), processes=2) as engine:
        again = _reprocessed(newsroom, tmp_path / "engine.db", engine, articles)
    assert again == (told, rows)


@pytest.mark.parametrize("name", ["local", "ray"])
def test_reclustering_gives_the_same_stories_whichever_engine(
    newsroom: Path, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if name == "ray":
        pytest.importorskip("ray", reason="Ray is not installed: pip install 'ingest[ray]'")
    found = []
    for copy, engine_name, processes in (("alone", "local", 1), ("engine", name, 2)):
        path = tmp_path / f"{copy}.db"
        shutil.copyfile(newsroom, path)
        database = open_database(f"sqlite:///{path}")
        while stories.settle(database, now=LATER, settings=Settings().dedupe):
            pass
        with database.begin() as connection:  # as an older version left them
            connection.execute(text("UPDATE fingerprint SET version = 1"))
            connection.execute(text("DELETE FROM posting"))
            connection.execute(text("DELETE FROM posting_run"))
        monkeypatch.setattr(indexing, "SHARD", 100 if copy == "alone" else 7)
        with opened(EngineName(engine_name), processes=processes) as engine:
            done = recluster.recluster(
                database, now=LATER, settings=Settings().dedupe, engine=engine
            )
        assert done.articles == 60
        found.append((done, _rows(database)))
        database.close()
    assert found[0] == found[1]
