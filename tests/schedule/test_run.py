"""The daemon as a whole process: signals, chores in their own time, the end; and what chores do."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from ingest.config import ScheduleSettings, Settings
from ingest.model import PollOutcome
from ingest.schedule.chores import Chore, usual_chores
from ingest.schedule.run import run_daemon
from ingest.store.engine import Database, open_database
from ingest.store.tables import poll
from tests.faultserver import Exchange, FaultServer, serves
from tests.schedule.daemons import QUICK, Bench, Said, until, utc_now


@pytest.fixture
def loopback(tmp_path: Path) -> Settings:
    return replace(
        QUICK,
        schedule=ScheduleSettings(tick_seconds=0.05, drain_timeout_seconds=60),
        fetch=replace(QUICK.fetch, allow_networks=("127.0.0.0/8",)),
    )


async def test_sigterm_finishes_what_is_in_flight_and_exits_with_0(
    sqlite_url: str, loopback: Settings, said: Said
) -> None:
    """The whole of it: signal, pipeline, worker processes, writer, database."""
    database = open_database(sqlite_url)
    with FaultServer(host="0.0.0.0") as server:
        server.default = serves(etag='"1"')
        bench = Bench(database)
        bench.subscribe(*(server.url(f"/feed/{n}", host=f"127.0.0.{n + 1}") for n in range(5)))
        running = asyncio.create_task(run_daemon(database, loopback))
        await until(lambda: len(server.requests) >= 1)
        os.kill(os.getpid(), signal.SIGTERM)
        async with asyncio.timeout(120):
            assert await running == 0
        polled = [row for row in bench.rows() if row.last_outcome is not None]
        assert {row.last_outcome for row in polled} == {PollOutcome.OK}
        assert len(polled) == len(server.requests)
        assert bench.leased() == 0
    database.close()


async def test_sighup_calls_for_the_settings_again(
    sqlite_url: str, loopback: Settings, said: Said
) -> None:
    database = open_database(sqlite_url)
    reloads = 0

    def reload() -> Settings:
        nonlocal reloads
        reloads += 1
        return loopback

    running = asyncio.create_task(run_daemon(database, loopback, reload=reload))
    await until(lambda: said.count("started") == 1)
    os.kill(os.getpid(), signal.SIGHUP)
    await until(lambda: said.count("reloaded") == 1)
    assert reloads == 1
    os.kill(os.getpid(), signal.SIGINT)
    async with asyncio.timeout(120):
        assert await running == 0
    database.close()


async def test_chores_are_done_in_their_own_time(sqlite_url: str, loopback: Settings) -> None:
    database = open_database(sqlite_url)
    done: list[Settings] = []

    def sweep(settings: Settings, stop: Callable[[], bool]) -> str | None:
        assert not stop()
        done.append(settings)
        return "swept"

    chores = [Chore("sweep", 0.1, sweep)]
    running = asyncio.create_task(run_daemon(database, loopback, chores=chores))
    await until(lambda: len(done) >= 3)
    os.kill(os.getpid(), signal.SIGTERM)
    assert await running == 0
    assert done[0] == loopback
    database.close()


def test_polls_older_than_the_retention_go_and_nothing_else_does(database: Database) -> None:
    bench = Bench(database)
    bench.subscribe("http://one.example/feed")
    now = utc_now()
    with database.begin() as connection:
        for days in (1, 80, 91, 200):
            connection.execute(
                insert(poll).values(
                    feed_id=1,
                    started_at=now - timedelta(days=days),
                    outcome=PollOutcome.OK,
                    elapsed_seconds=0.1,
                    received_bytes=10,
                )
            )
    chores = {chore.name: chore for chore in usual_chores(database, lambda: now)}
    prune, reconcile = chores["prune"], chores["reconcile"]
    assert prune.run(QUICK, lambda: False) == "2 polls"
    assert prune.run(QUICK, lambda: False) is None
    assert reconcile.run(QUICK, lambda: False) is None
    with database.connect() as connection:
        kept = connection.execute(select(poll.c.started_at)).scalars().all()
    assert sorted(kept) == [now - timedelta(days=80), now - timedelta(days=1)]


async def test_the_end_comes_although_the_database_is_away(
    sqlite_url: str, loopback: Settings, said: Said
) -> None:
    database = open_database(sqlite_url, busy_timeout_seconds=0.1)
    brief = replace(loopback, schedule=replace(loopback.schedule, drain_timeout_seconds=0.5))
    with FaultServer(host="0.0.0.0") as server:
        bench = Bench(database)
        locked = threading.Event()

        async def when_locked(exchange: Exchange) -> None:
            while not locked.is_set():
                await asyncio.sleep(0.01)
            await serves(etag='"1"')(exchange)

        server.default = when_locked
        bench.subscribe(server.url("/feed"))
        running = asyncio.create_task(run_daemon(database, brief, chores=()))
        await until(lambda: bench.leased() == 1)
        with database.begin():  # nothing can be written from here on
            locked.set()
            await until(lambda: said.count("database_away") == 1)
            os.kill(os.getpid(), signal.SIGTERM)
            async with asyncio.timeout(120):
                assert await running == 1
        assert said.count("not_written") + said.count("polls_not_finished") >= 1
        (row,) = bench.rows()
        assert row.last_outcome is None  # nothing is marked done that is not stored
        assert bench.leased() == 1  # until the lease ends; then the poll is repeated
    database.close()
