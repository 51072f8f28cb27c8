"""The end of the daemon while servers hang: it waits for them, and nothing is missed meanwhile."""

from __future__ import annotations

import asyncio
import time

from ingest.schedule.clockwork import Clockwork
from ingest.schedule.ticks import TickBook
from ingest.schedule.watchdog import Watchdog
from tests.faults.fleet import utc_now
from tests.schedule.daemons import until


async def test_no_tick_is_missed_while_the_last_polls_are_waited_for() -> None:
    missed: list[str] = []
    book = TickBook()
    clockwork = Clockwork(book)
    ran = asyncio.Event()

    async def claim() -> None:
        ran.set()

    clockwork.add("claim", 0.05, claim)
    clockwork.start()
    await ran.wait()
    await clockwork.stop(60.0)
    with Watchdog(book, clock=utc_now, on_step=lambda _: None, on_missed=missed.append) as watchdog:
        watchdog.look(time.monotonic() + 120)
    assert missed == []
    assert book.is_well(time.monotonic() + 120)


async def test_a_clock_that_steps_during_the_end_starts_nothing_again() -> None:
    clockwork = Clockwork(TickBook())
    runs = 0

    async def claim() -> None:
        nonlocal runs
        runs += 1

    clockwork.add("claim", 0.02, claim)
    clockwork.start()
    await until(lambda: runs >= 1)
    await clockwork.stop(60.0)
    before = runs
    clockwork.restart_all()
    await asyncio.sleep(0.1)
    assert runs == before >= 1
