"""An archive through `recluster` and `reprocess`, on each engine: time, memory, and the same rows.

    python -m benchmarks.bulk [--articles 20000 100000] [--engines local:1 local:2 local:8 ray]
                              [--work recluster reprocess] [--shard 2000] [--folder DIR]

For `recluster` the archive is made up (bulk_fill.py): each article in a story of its own, and no
index yet. For `reprocess` it goes through the program's own stages, and a part of it is stored as
an older version would have left it. It is an SQLite file, copied for each run. A run is a process
of its own; its memory is that of it and of all processes that it started, pages they share counted
once, looked at twice a second. What is compared is a hash of every row that was written.
"""

from __future__ import annotations

import argparse
import contextlib
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

from sqlalchemy import select
from xxhash import xxh3_64

from benchmarks import bulk_entries, bulk_fill
from benchmarks.bulk_memory import processes_of, proportional_mb
from ingest.config import Settings
from ingest.engines import EngineName, opened
from ingest.reprocess import reprocess
from ingest.store import indexing, recluster
from ingest.store.engine import Database, open_database
from ingest.store.tables import change, match, metadata, posting, posting_run, story, story_article

LATER = bulk_fill.START + timedelta(days=400)
SAMPLE_SECONDS = 0.5
STORIES = (story, story_article, match, change)  # what `recluster` writes
_CONTEXT = get_context("spawn")


@dataclass(frozen=True, slots=True)
class Measured:
    """One run: seconds, megabytes, and the hash of what it left."""

    wall_seconds: float
    cpu_seconds: float  # of this process and of those that it started
    peak_mb: float  # of all of them
    own_peak_mb: float  # of the one that reads and writes
    stories: int
    digest: str


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--articles", type=int, nargs="+", default=[20_000])
    parser.add_argument("--engines", nargs="+", default=["local:1", "local:2"])
    parser.add_argument("--work", nargs="+", default=["recluster", "reprocess"])
    parser.add_argument("--shard", type=int, nargs="+", default=[indexing.SHARD])
    parser.add_argument("--words", type=int, default=200)
    parser.add_argument("--folder", type=Path, help="where the databases are made; else temporary")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as made:
        folder = Path(made)
        for articles in arguments.articles:
            for work in arguments.work:
                archive = folder / f"{work}.db"
                fill = bulk_fill.fill if work == "recluster" else bulk_entries.fill
                began = time.perf_counter()
                _in_a_process(fill, archive, articles, arguments.words)
                seconds = time.perf_counter() - began
                print(
                    f"{work:10} {articles:>9,} articles made in {seconds:,.0f} s,"
                    f" {archive.stat().st_size / 1e6:,.0f} MB",
                    flush=True,
                )
                digests = set()
                for engine in arguments.engines:
                    for shard in arguments.shard:
                        one = _run(work, engine, shard, archive, folder / "copy.db")
                        digests.add(one.digest)
                        shards = -(-articles // (shard if work == "recluster" else 200))
                        print(
                            f"{work:10} {articles:>9,} articles {engine:8} {shards:>6,} shards"
                            f" {articles / one.wall_seconds:7,.0f}/s {one.wall_seconds:7,.0f} s"
                            f" {1e6 * one.cpu_seconds / articles:6,.0f} us of CPU each"
                            f"  peak {one.peak_mb:5,.0f} MB, the writer {one.own_peak_mb:5,.0f} MB"
                            f"  {one.stories:,} stories {one.digest}",
                            flush=True,
                        )
                same = "the same rows" if len(digests) == 1 else "DIFFERENT ROWS"
                print(f"{work:10} {articles:>9,} articles: {same}", flush=True)
                archive.unlink()


def _in_a_process(function: Callable[[Path, int, int], None], *given: Path | int) -> None:
    process = _CONTEXT.Process(target=function, args=given)
    process.start()
    process.join()
    if process.exitcode:
        raise SystemExit(f"{function.__name__} ended with {process.exitcode}")


def _run(work: str, engine: str, shard: int, archive: Path, copy: Path) -> Measured:
    """One run in a process of its own, watched from here."""
    for old in copy.parent.glob(f"{copy.name}*"):
        old.unlink()
    shutil.copyfile(archive, copy)
    ours, theirs = _CONTEXT.Pipe()
    process = _CONTEXT.Process(target=_work, args=(work, engine, shard, copy, theirs))
    process.start()
    theirs.close()
    peak = own_peak = cpu = 0.0
    seconds: dict[int, float] = {}
    while not ours.poll(SAMPLE_SECONDS):
        assert process.pid is not None
        memory = {}
        for one in processes_of(process.pid):
            with contextlib.suppress(OSError):
                memory[one.pid] = proportional_mb(one.pid)
                seconds[one.pid] = one.cpu_seconds
        peak = max(peak, sum(memory.values()))
        own_peak = max(own_peak, memory.get(process.pid, 0.0))
        if not process.is_alive() and not ours.poll():
            raise SystemExit(f"{work} on {engine} ended with {process.exitcode}")
    wall: float = ours.recv()
    cpu = sum(seconds.values())
    process.join()
    database = open_database(f"sqlite:///{copy}")
    digest = _digest(database, work)
    with database.connect() as connection:
        stories = len(set(connection.scalars(select(story_article.c.story_id))))
    database.close()
    return Measured(wall, cpu, peak, own_peak, stories, digest)


def _work(work: str, engine: str, shard: int, path: Path, told: Connection) -> None:
    indexing.SHARD = shard
    database = open_database(f"sqlite:///{path}")
    settings = Settings()
    name, _, processes = engine.partition(":")
    began = time.perf_counter()
    with opened(EngineName(name), processes=int(processes) if processes else None) as somewhere:
        if work == "recluster":
            recluster.recluster(
                database, now=LATER, settings=settings.dedupe, engine=somewhere, listed=0
            )
        else:
            for _ in reprocess(database, settings, LATER, engine=somewhere):
                pass
    wall_seconds = time.perf_counter() - began
    database.close()
    told.send(wall_seconds)


def _digest(database: Database, work: str) -> str:
    digest = xxh3_64()
    for row in _rows(database, work):
        digest.update(repr(row).encode())
    return digest.hexdigest()


def _rows(database: Database, work: str) -> Iterator[tuple[object, ...]]:
    with database.connect() as connection:
        reading = connection.execution_options(yield_per=10_000)
        # Which runs postings are in depends on the transactions: `fingerprint` stands for them.
        whole = [one for one in metadata.sorted_tables if one not in (posting, posting_run)]
        for table in STORIES if work == "recluster" else whole:
            for row in reading.execute(select(table).order_by(*table.primary_key)):
                yield (table.name, *row)


if __name__ == "__main__":
    main()
