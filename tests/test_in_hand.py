"""What was fetched and not stored yet is bounded; who waits for room gets it."""

from __future__ import annotations

import asyncio

from ingest.in_hand import EXPECTED_BYTES, InHand


async def test_a_request_waits_until_what_is_in_hand_is_stored() -> None:
    everything = InHand(2 * EXPECTED_BYTES)
    first, second, third = (everything.hand() for _ in range(3))
    await first.take(EXPECTED_BYTES)
    await second.take(EXPECTED_BYTES)
    waiting = asyncio.create_task(third.take(EXPECTED_BYTES))
    await asyncio.sleep(0)
    assert not waiting.done()
    first.hold(0)
    await waiting


async def test_one_alone_is_never_too_large() -> None:
    everything = InHand(10)
    huge = everything.hand()
    await huge.take(EXPECTED_BYTES)
    huge.hold(50_000_000)
    other = everything.hand()
    waiting = asyncio.create_task(other.take(1))
    await asyncio.sleep(0)
    assert not waiting.done()
    huge.hold(0)
    await waiting


async def test_where_nothing_is_expected_nobody_waits() -> None:
    everything = InHand(10)
    full = everything.hand()
    full.hold(20)
    await everything.hand().take(0)


async def test_a_wait_that_is_given_up_takes_nobody_elses_room() -> None:
    everything = InHand(EXPECTED_BYTES)
    first, second, third = (everything.hand() for _ in range(3))
    await first.take(EXPECTED_BYTES)
    given_up = asyncio.create_task(second.take(EXPECTED_BYTES))
    patient = asyncio.create_task(third.take(EXPECTED_BYTES))
    await asyncio.sleep(0)
    first.hold(0)
    given_up.cancel()  # in the moment in which it was its turn
    await asyncio.gather(given_up, return_exceptions=True)
    await patient


async def test_hundreds_of_polls_come_through_whatever_the_room() -> None:
    everything = InHand(3 * EXPECTED_BYTES)
    most = now = 0

    async def poll(number: int) -> None:
        nonlocal most, now
        hand = everything.hand()
        await hand.take(EXPECTED_BYTES)
        now += 1
        most = max(most, now)
        await asyncio.sleep(0)
        hand.hold(1_000 * (number % 90))
        await asyncio.sleep(0)
        now -= 1
        hand.hold(0)

    await asyncio.gather(*(poll(number) for number in range(300)))
    assert 1 < most < 200
