"""Threads work, and at moments none of them does."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from ingest.quiet import Quiet


@pytest.fixture
def quiet() -> Quiet:
    return Quiet()


async def test_without_work_it_is_quiet_at_once(quiet: Quiet) -> None:
    assert await quiet.alone(lambda: "here") == "here"


async def test_what_wants_quiet_waits_for_all_that_is_at_work(quiet: Quiet) -> None:
    gates = [threading.Event(), threading.Event()]
    done: list[str] = []
    with ThreadPoolExecutor(2) as threads:
        working = [
            asyncio.create_task(quiet.run(threads, lambda gate=gate: gate.wait(60)))  # type: ignore[misc]
            for gate in gates
        ]
        await asyncio.sleep(0)
        alone = asyncio.create_task(quiet.alone(lambda: done.append("alone")))
        gates[0].set()
        await working[0]
        await asyncio.sleep(0)
        assert not done
        gates[1].set()
        await asyncio.gather(alone, *working)
    assert done == ["alone"]


async def test_no_work_begins_while_quiet_is_wanted_and_none_is_lost(quiet: Quiet) -> None:
    gate = threading.Event()
    done: list[str] = []
    with ThreadPoolExecutor(2) as threads:
        first = asyncio.create_task(quiet.run(threads, lambda: gate.wait(60)))
        await asyncio.sleep(0)
        alone = [asyncio.create_task(quiet.alone(lambda: done.append("alone"))) for _ in range(2)]
        await asyncio.sleep(0)
        later = [
            asyncio.create_task(quiet.run(threads, lambda: done.append("later"))) for _ in range(3)
        ]
        await asyncio.sleep(0)
        gate.set()
        await asyncio.gather(first, *alone, *later)
    assert done == ["alone", "alone", "later", "later", "later"]


async def test_who_no_longer_wants_quiet_holds_nobody_up(quiet: Quiet) -> None:
    gate = threading.Event()
    with ThreadPoolExecutor(2) as threads:
        first = asyncio.create_task(quiet.run(threads, lambda: gate.wait(60)))
        await asyncio.sleep(0)
        alone = asyncio.create_task(quiet.alone(lambda: None))
        await asyncio.sleep(0)
        alone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await alone
        assert await quiet.run(threads, lambda: "went on") == "went on"
        gate.set()
        await first


async def test_what_goes_wrong_in_a_thread_is_raised_here_and_ends_the_work(quiet: Quiet) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    with ThreadPoolExecutor(1) as threads:
        with pytest.raises(ZeroDivisionError):
            await quiet.run(threads, fail)
        assert await quiet.alone(lambda: 1) == 1
