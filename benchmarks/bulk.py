"""An archive through `recluster` and `reprocess`, on each engine: time, memory, and the same rows.

    python -m benchmarks.bulk [--articles 5000 20000] [--engines alone local ray] [--words 150]

The archive is made through the program's own stages into an SQLite file, and copied for each run. A
run is a process of its own, so that its peak of memory is its own. What is compared is a hash of
every row of every table.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path

from sqlalchemy import select, text
from xxhash import xxh3_64_hexdigest

from benchmarks.scale_fill import Texts
from ingest.config import FeedSettings, Settings
from ingest.engines import EngineName, opened
from ingest.harvest import harvest
from ingest.jobs import HarvestJob
from ingest.model import Polled, PollOutcome
from ingest.record import Recorder, Unrecorded
from ingest.reprocess import reprocess
from ingest.schedule.decide import decide
from ingest.store import feeds, leases, recluster
from ingest.store.engine import Database, open_database
from ingest.store.tables import metadata

FEEDS, ITEMS = 20, 25  # items of a document
START = datetime(2026, 3, 1, tzinfo=UTC)
WORK = ("recluster", "reprocess")


@dataclass(frozen=True, slots=True)
class Measured:
    """One run: seconds, megabytes, and the hash of what it left."""

    wall_seconds: float
    cpu_seconds: float  # with processes of its own that have ended
    peak_mb: float  # of the process that reads and writes
    digest: str


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--articles", type=int, nargs="+", default=[5_000, 20_000])
    parser.add_argument("--engines", nargs="+", default=["alone", "local"])
    parser.add_argument("--words", type=int, default=150)
    arguments = parser.parse_args()
    context = get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        for articles in arguments.articles:
            archive = Path(folder) / f"{articles}.db"
            with context.Pool(1) as pool:
                pool.apply(fill, (archive, articles, arguments.words))
            for work in WORK:
                found: set[str] = set()
                for engine in arguments.engines:
                    copy = Path(folder) / "copy.db"
                    shutil.copyfile(archive, copy)
                    with context.Pool(1) as pool:
                        one = pool.apply(_apart, (work, engine, copy))
                    found.add(one.digest)
                    print(
                        f"{work:10} {articles:>9,} articles {engine:6}"
                        f" {articles / one.wall_seconds:7,.0f}/s"
                        f"  {1e6 * one.cpu_seconds / articles:6,.0f} us of CPU each"
                        f"  peak {one.peak_mb:5,.0f} MB",
                        flush=True,
                    )
                print(f"{work:10} {'the same rows' if len(found) == 1 else 'DIFFERENT ROWS'}")


def fill(path: Path, articles: int, words: int) -> None:
    """Store so many articles of a handful of feeds; one in five is a copy of another outlet's."""
    database = open_database(f"sqlite:///{path}", create=True)
    with database.begin() as connection:
        for number in range(FEEDS):
            feeds.add(
                connection, FeedSettings(url=f"https://outlet{number}.example/rss"), now=START
            )
    settings, texts, now = Settings(), Texts(5), START
    recorder = Recorder(
        database,
        settings,
        decide=lambda given: decide(given, settings.schedule),
        clock=lambda: now,
    )
    stored, past = 0, [texts.write(words)]
    while stored < articles:
        now += timedelta(hours=1)
        with database.begin() as connection:
            due = leases.claim_due(
                connection,
                now=now,
                limit=FEEDS,
                owner="bulk",
                lease_seconds=60,
                feed_ids=range(1, FEEDS + 1),
                site_delay_seconds=0,
            )
        polls = []
        for one in due:
            items = []
            for _ in range(ITEMS):
                stored += 1
                is_copy = stored % 5 == 0
                body = past[stored * 7 % len(past)] if is_copy else texts.write(words)
                past = [*past[-200:], body]
                items.append(
                    f"<item><guid>{stored}</guid><link>{one.url}/{stored}</link>"
                    f"<title>{body[:60]}</title><description>{body}</description></item>"
                )
            document = f'<rss version="2.0"><channel><title>T</title>{"".join(items)}</channel>'
            job = HarvestJob(url=one.url, now=now, publisher=one.publisher)
            polled = Polled(
                started_at=now,
                outcome=PollOutcome.OK,
                status=200,
                harvest=harvest(f"{document}</rss>".encode(), job),
            )
            polls.append(Unrecorded(one, polled))
        recorder.record(polls)
        while recorder.settle():
            pass
    with database.begin() as connection:  # as an older version of the program left them
        connection.execute(text("UPDATE fingerprint SET version = 0"))
        connection.execute(text("DELETE FROM posting"))
        connection.execute(text("UPDATE article SET byline = 'before' WHERE id % 10 = 0"))
    database.close()


def _apart(work: str, engine: str, path: Path) -> Measured:
    """The run, in a process that may have processes of its own."""
    import multiprocessing

    multiprocessing.current_process().daemon = False  # a pool's may not have any
    database = open_database(f"sqlite:///{path}")
    name = EngineName.RAY if engine == "ray" else EngineName.LOCAL
    now, settings = START + timedelta(days=400), Settings()
    before = time.perf_counter(), _cpu_seconds()
    with opened(name, processes=1 if engine == "alone" else None) as somewhere:
        if work == "recluster":
            recluster.recluster(database, now=now, settings=settings.dedupe, engine=somewhere)
        else:
            for _ in reprocess(database, settings, now, engine=somewhere):
                pass
    after = time.perf_counter(), _cpu_seconds()
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    digest = _digest(database)
    database.close()
    return Measured(after[0] - before[0], after[1] - before[1], peak_mb, digest)


def _cpu_seconds() -> float:
    return sum(
        used.ru_utime + used.ru_stime
        for used in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def _digest(database: Database) -> str:
    digests = []
    with database.connect() as connection:
        for table in metadata.sorted_tables:
            for row in connection.execute(select(table).order_by(*table.primary_key)):
                digests.append(xxh3_64_hexdigest(repr((table.name, *row)).encode()))
    return xxh3_64_hexdigest("".join(digests).encode())


if __name__ == "__main__":
    main()
