from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta

import pytest

from ingest.schedule.clockwork import Clockwork
from ingest.schedule.ticks import TickBook
from ingest.schedule.watchdog import Watchdog
from tests.schedule.daemons import Said, until


class SteppedClock:
    """The wall clock, and how far it was set off."""

    def __init__(self) -> None:
        self.off = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.off


def watchdog(
    book: TickBook, clock: SteppedClock, steps: list[float], missed: list[str]
) -> Watchdog:
    return Watchdog(
        book, clock=clock, on_step=steps.append, on_missed=missed.append, look_seconds=0.02
    )


async def test_a_loop_that_hangs_is_said_with_the_place_where_it_hangs(said: Said) -> None:
    book = TickBook()
    book.register("claim", 0.01, time.monotonic(), may_take_seconds=0.1)
    with watchdog(book, SteppedClock(), [], []):
        book.began("claim", time.monotonic())
        while said.count("tick_hangs") == 0:
            time.sleep(0.01)  # the event loop does nothing else meanwhile
        book.ended("claim", time.monotonic())
        await until(lambda: said.count("tick_recovered") == 1)
    assert said.count("tick_hangs") == 1
    fields = said.fields("tick_hangs")
    assert fields["tick"] == "claim"
    assert "test_a_loop_that_hangs" in str(fields["loop_at"])


async def test_a_tick_that_is_missed_is_said_and_run_again(said: Said) -> None:
    book = TickBook()
    book.register("claim", 1.0, time.monotonic() - 60.0)
    missed: list[str] = []
    with watchdog(book, SteppedClock(), [], missed):
        await until(lambda: missed == ["claim"])
    assert said.count("tick_missed") == 1


@pytest.mark.parametrize("seconds", [3_600.0, -86_400.0])
async def test_a_clock_that_is_stepped_is_noticed(seconds: float, said: Said) -> None:
    clock = SteppedClock()
    steps: list[float] = []
    with watchdog(TickBook(), clock, steps, []):
        clock.off = timedelta(seconds=seconds)
        await until(lambda: len(steps) == 1)
    assert steps[0] == pytest.approx(seconds, abs=60)
    assert said.count("clock_stepped") == 1


async def test_a_steady_clock_is_not_taken_for_a_stepped_one(said: Said) -> None:
    steps: list[float] = []
    with watchdog(TickBook(), SteppedClock(), steps, []):
        await asyncio.sleep(0.2)
    assert steps == []
    assert said.records == []


async def test_ticks_that_waited_for_a_clock_set_back_are_run_again_at_once() -> None:
    runs = 0

    async def tick() -> None:
        nonlocal runs
        runs += 1

    clockwork = Clockwork(TickBook())
    clockwork.add("claim", 0.05, tick, first_seconds=3_600.0)  # as after a step back by an hour
    clockwork.start()
    await asyncio.sleep(0.2)
    assert runs == 0
    clockwork.restart_all_soon(asyncio.get_running_loop())
    await until(lambda: runs >= 3)
    await clockwork.stop(60.0)


async def test_a_tick_that_raises_runs_again_and_is_said(said: Said) -> None:
    runs = 0

    async def tick() -> None:
        nonlocal runs
        runs += 1
        raise RuntimeError("a fault of ours")

    clockwork = Clockwork(TickBook())
    clockwork.add("claim", 0.02, tick)
    clockwork.start()
    await until(lambda: runs >= 3)
    await clockwork.stop(60.0)
    assert said.count("tick_failed") >= 2


async def test_a_slow_tick_never_runs_twice_at_once_and_is_never_skipped_for_being_late() -> None:
    inside = 0
    most = 0
    runs = 0

    async def tick() -> None:
        nonlocal inside, most, runs
        inside += 1
        most = max(most, inside)
        await asyncio.sleep(0.1)
        inside -= 1
        runs += 1

    clockwork = Clockwork(TickBook())
    clockwork.add("slow", 0.01, tick)
    clockwork.start()
    await until(lambda: runs >= 1)
    time.sleep(1.5)  # every run in this time is late by more than APScheduler's second of grace
    await until(lambda: runs >= 4)
    await clockwork.stop(60.0)
    assert most == 1


async def test_the_end_waits_for_a_tick_that_runs() -> None:
    begun = asyncio.Event()
    ended = False

    async def tick() -> None:
        nonlocal ended
        begun.set()
        await asyncio.sleep(0.3)
        ended = True

    clockwork = Clockwork(TickBook())
    clockwork.add("claim", 10.0, tick)
    clockwork.start()
    await begun.wait()
    await clockwork.stop(60.0)
    assert ended
