from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from ingest.config import Settings
from ingest.errors import ConfigError
from ingest.model import FeedState, Polled, PollOutcome
from ingest.schedule import daemon as daemon_module
from ingest.store.engine import Database, open_database
from ingest.store.leases import DueFeed
from ingest.store.tables import worker
from tests.schedule.daemons import QUICK, Bench, Said, ended, unchanged, until, utc_now


def sites(count: int) -> list[str]:
    return [f"http://site{n}.example/feed" for n in range(count)]


async def test_every_due_feed_is_polled_once_and_put_back(database: Database, said: Said) -> None:
    bench = Bench(database)
    bench.subscribe(*sites(50))
    code = await bench.run_until(lambda: len(bench.recorded) >= 50)
    assert code == 0
    assert sorted(due.feed_id for due in bench.asked) == sorted({d.feed_id for d in bench.asked})
    assert bench.leased() == 0
    for row in bench.rows():
        assert row.next_poll_at is not None
        assert row.next_poll_at > utc_now() + timedelta(seconds=250)
    assert said.count("poll") == 50
    assert said.count("started") == said.count("stopped") == 1


async def test_the_end_waits_for_polls_in_flight(database: Database) -> None:
    bench = Bench(database)
    bench.subscribe(*sites(5))

    async def slow(due: DueFeed) -> Polled:
        await asyncio.sleep(0.5)
        return await unchanged(due)

    bench.behave = slow
    code = await bench.run_until(lambda: len(bench.asked) == 5)
    assert code == 0
    assert len(bench.recorded) == 5
    assert bench.leased() == 0
    assert all(poller.is_closed for poller in bench.pollers)


async def test_the_end_gives_back_what_has_not_begun(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(daemon_module, "HORIZON_SECONDS", 3_600.0)
    patient = replace(QUICK, fetch=replace(QUICK.fetch, site_delay_seconds=200.0))
    bench = Bench(database, patient)
    bench.subscribe(*(f"http://one.example/{n}" for n in range(4)))
    code = await bench.run_until(lambda: len(bench.recorded) == 1)
    assert code == 0
    assert len(bench.recorded) == 1
    assert bench.leased() == 0
    waiting = [row for row in bench.rows() if row.last_poll_at is None]
    assert len(waiting) == 3
    assert all(row.next_poll_at is not None and row.next_poll_at <= utc_now() for row in waiting)


async def test_an_end_in_the_midst_of_a_claim_leaves_no_feed_held(database: Database) -> None:
    for turn, wait in enumerate((0.0, 0.005, 0.02, 0.05)):
        bench = Bench(database)
        bench.subscribe(*(f"http://site{n}-{turn}.example/feed" for n in range(20)))
        daemon = bench.daemon()
        running = asyncio.create_task(daemon.run())
        await asyncio.sleep(wait)
        daemon.stop()
        assert await running == 0
        assert bench.leased() == 0
        assert len(bench.recorded) == len(bench.asked)


async def test_a_poll_that_does_not_end_is_ended_and_backs_off(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(daemon_module, "UPKEEP_SECONDS", 0.05)
    hasty = replace(QUICK, schedule=replace(QUICK.schedule, poll_timeout_seconds=0.3))
    bench = Bench(database, hasty)
    bench.subscribe("http://stuck.example/feed")

    async def stuck(_: DueFeed) -> Polled:
        await asyncio.sleep(60)
        raise AssertionError("was not ended")

    bench.behave = stuck
    code = await bench.run_until(lambda: bench.rows()[0].failures == 1)
    assert code == 0
    (row,) = bench.rows()
    assert row.last_outcome is PollOutcome.TIMEOUT
    assert row.state_evidence == "the poll took longer than 0.3 s and was ended"
    assert bench.leased() == 0


async def test_one_poll_that_hangs_delays_no_other(database: Database) -> None:
    bench = Bench(database)
    bench.subscribe(*sites(40))
    answers = asyncio.Event()

    async def behave(due: DueFeed) -> Polled:
        if due.site == "site3.example":
            await answers.wait()
        return await unchanged(due)

    bench.behave = behave
    daemon = bench.daemon()
    running = asyncio.create_task(daemon.run())
    await until(lambda: len(bench.recorded) == 39)
    answers.set()
    daemon.stop()
    assert await running == 0
    assert len(bench.recorded) == 40


async def test_the_lease_of_a_long_poll_is_renewed(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(daemon_module, "UPKEEP_SECONDS", 0.1)
    brief = replace(QUICK, schedule=replace(QUICK.schedule, lease_seconds=10))
    bench = Bench(database, brief)
    bench.subscribe("http://slow.example/feed")

    async def slow(due: DueFeed) -> Polled:
        await until(lambda: bench.held_until() > due.lease.until)
        return await unchanged(due)

    bench.behave = slow
    await bench.run_until(lambda: len(bench.recorded) == 1)
    assert len(bench.asked) == 1
    assert not bench.recorded[0].is_lost


async def test_two_daemons_share_the_feeds_and_double_none(database: Database) -> None:
    bench = Bench(database)
    bench.subscribe(*sites(60))
    first, second = bench.daemon(), bench.daemon()
    running = [asyncio.create_task(one.run()) for one in (first, second)]
    await until(lambda: len(bench.recorded) >= 60)
    first.stop()
    second.stop()
    assert await asyncio.gather(*running) == [0, 0]
    assert len(bench.asked) == len({due.feed_id for due in bench.asked}) == 60
    assert not any(recorded.is_lost for recorded in bench.recorded)


async def test_a_rate_limit_gives_back_what_waits_for_the_same_site(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(daemon_module, "HORIZON_SECONDS", 3_600.0)
    spaced = replace(QUICK, fetch=replace(QUICK.fetch, site_delay_seconds=60.0))
    bench = Bench(database, spaced)
    bench.subscribe(*(f"http://busy.example/{n}" for n in range(10)))

    async def limited(_: DueFeed) -> Polled:
        return ended(PollOutcome.RATE_LIMITED, status=429, retry_after_seconds=600.0)

    bench.behave = limited
    daemon = bench.daemon()
    running = asyncio.create_task(daemon.run())
    await until(lambda: len(bench.recorded) == 1)
    await until(lambda: bench.leased() == 0)
    daemon.stop()
    assert await running == 0
    assert len(bench.recorded) == 1  # nobody else asked that site
    assert bench.leased() == 0


async def test_our_own_outage_moves_no_feeds_count(database: Database, said: Said) -> None:
    bench = Bench(database)
    bench.subscribe(*sites(30))
    is_down = True

    async def behave(due: DueFeed) -> Polled:
        if is_down:
            return ended(PollOutcome.CONNECT_ERROR, message="Network is unreachable")
        return await unchanged(due)

    bench.behave = behave
    await bench.run_until(lambda: len(bench.recorded) >= 20)
    assert {row.failures for row in bench.rows()} == {0}
    assert {row.state for row in bench.rows()} == {FeedState.OK}
    assert {one.polled.outcome for one in bench.recorded} == {PollOutcome.OWN_OUTAGE}


async def test_during_our_own_outage_only_a_few_feeds_are_tried(
    database: Database, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(daemon_module, "PROBE_SECONDS", 3_600.0)
    bench = Bench(database)
    bench.subscribe(*sites(30))
    daemon = bench.daemon()
    for n in range(12):
        daemon.decider.outage.note(f"other{n}.example", PollOutcome.CONNECT_ERROR, utc_now())
    assert daemon.decider.outage.is_out

    async def down(_: DueFeed) -> Polled:
        return ended(PollOutcome.CONNECT_ERROR)

    bench.behave = down
    running = asyncio.create_task(daemon.run())
    await until(lambda: len(bench.recorded) == daemon_module.PROBES)
    await asyncio.sleep(0.5)
    assert len(bench.recorded) == daemon_module.PROBES
    assert said.count("own_outage") == 1
    daemon.stop()
    assert await running == 0


async def test_while_the_database_is_locked_the_daemon_waits_says_so_and_goes_on(
    sqlite_url: str, said: Said
) -> None:
    database = open_database(sqlite_url, busy_timeout_seconds=2.0)  # more than it ever locks itself
    bench = Bench(database)
    bench.subscribe(*sites(10))
    with database.begin():  # somebody holds the write lock
        daemon = bench.daemon()
        running = asyncio.create_task(daemon.run())
        await until(lambda: said.count("database_away") == 1)
        await asyncio.sleep(0.5)
        assert bench.asked == []
    await until(lambda: len(bench.recorded) == 10)
    daemon.stop()
    assert await running == 0
    assert said.count("database_away") == said.count("database_back") == 1
    database.close()


async def test_a_poll_that_raises_harms_no_other(database: Database, said: Said) -> None:
    bench = Bench(database)
    bench.subscribe(*sites(10))

    async def behave(due: DueFeed) -> Polled:
        if due.site == "site4.example":
            raise RuntimeError("a fault of ours")
        return await unchanged(due)

    bench.behave = behave
    await bench.run_until(lambda: len(bench.recorded) == 9 and said.count("poll_failed") == 1)
    assert said.fields("poll_failed")["feed"] is not None


async def test_a_reload_takes_new_settings_and_loses_no_poll(database: Database) -> None:
    bench = Bench(database)
    bench.subscribe(*sites(3))
    release = asyncio.Event()

    async def held(due: DueFeed) -> Polled:
        await release.wait()
        return await unchanged(due)

    bench.behave = held
    other = replace(QUICK, schedule=replace(QUICK.schedule, default_interval_seconds=7_200))
    daemon = bench.daemon(reload=lambda: other)
    running = asyncio.create_task(daemon.run())
    await until(lambda: len(bench.asked) == 3)
    await daemon.reload()
    assert [poller.settings for poller in bench.pollers] == [QUICK, other]
    assert not bench.pollers[0].is_closed
    release.set()
    await until(lambda: bench.pollers[0].is_closed)
    assert len(bench.recorded) == 3
    bench.subscribe("http://later.example/feed")
    await until(lambda: len(bench.recorded) == 4)
    daemon.stop()
    assert await running == 0


async def test_settings_that_cannot_be_read_change_nothing(database: Database, said: Said) -> None:
    bench = Bench(database)

    def broken() -> Settings:
        raise ConfigError("config.toml: fetch.concurrency: 'x' is not a number")

    daemon = bench.daemon(reload=broken)
    running = asyncio.create_task(daemon.run())
    await until(lambda: len(bench.pollers) == 1)
    await daemon.reload()
    assert len(bench.pollers) == 1
    assert "fetch.concurrency" in str(said.fields("reload_failed")["detail"])
    daemon.stop()
    assert await running == 0


async def test_the_daemon_is_seen_alive_and_stopped(database: Database) -> None:
    bench = Bench(database)
    daemon = bench.daemon()

    def seen() -> bool:
        with database.connect() as connection:
            return connection.execute(select(worker.c.name)).scalar() == daemon.name

    assert await bench.run_until(seen, daemon=daemon) == 0
    with database.connect() as connection:
        row = connection.execute(select(worker)).one()
    assert row.pid == os.getpid()
    assert row.stopped_at is not None
