from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from ingest.model import Judgement, PollOutcome
from ingest.schedule.decider import Decider
from ingest.schedule.outage import OutageTracker, Verdict
from tests.schedule.polls import SETTINGS, START, after

DOWN = PollOutcome.CONNECT_ERROR


def utc_now() -> datetime:
    return datetime.now(UTC)


def test_most_sites_unreached_is_our_own_outage() -> None:
    tracker = OutageTracker(known_sites=50)
    for n in range(50):
        tracker.note(f"site{n}", PollOutcome.NOT_MODIFIED, after(seconds=n))
    for n in range(9):
        tracker.note(f"site{n}", DOWN, after(seconds=100 + n))
        assert not tracker.is_out
    tracker.note("site9", PollOutcome.NAME_ERROR, after(seconds=110))
    assert tracker.is_out
    assert tracker.out_since == after(seconds=110)


def test_one_site_with_many_feeds_does_not_make_an_outage() -> None:
    tracker = OutageTracker(known_sites=5)
    for n in range(5):
        tracker.note(f"site{n}", PollOutcome.OK, after(seconds=n))
    for n in range(100):
        tracker.note("site0", DOWN, after(seconds=10 + n))
    assert not tracker.is_out


def test_sites_that_hang_and_time_out_together_are_no_outage_while_others_answered() -> None:
    tracker = OutageTracker(known_sites=120)
    for n in range(100):
        tracker.note(f"site{n}", PollOutcome.OK, after(seconds=n / 10))
    for n in range(20):
        tracker.note(f"hangs{n}", PollOutcome.TIMEOUT, after(seconds=20 + n / 100))
        assert not tracker.is_out
    tracker.note("site0", PollOutcome.OK, after(seconds=49))  # after a quiet half minute
    assert not tracker.is_out
    tracker.note("hangs0", PollOutcome.TIMEOUT, after(seconds=80))
    assert not tracker.is_out


def test_with_heavy_traffic_an_outage_is_recognised_within_half_a_minute() -> None:
    tracker = OutageTracker(known_sites=2_000)
    for n in range(1_000):
        tracker.note(f"site{n}", PollOutcome.OK, after(seconds=n / 10))
    for n in range(300):
        tracker.note(f"site{n + 1_000}", DOWN, after(seconds=100 + n / 10))
    assert tracker.out_since is not None
    assert tracker.out_since <= after(seconds=130)


def test_a_tenth_of_dead_sites_is_no_outage() -> None:
    tracker = OutageTracker(known_sites=1_000)
    for n in range(5_000):
        outcome = DOWN if n % 10 == 0 else PollOutcome.OK
        tracker.note(f"site{n % 1_000}", outcome, after(seconds=n / 5))
        assert not tracker.is_out


def test_errors_with_an_http_status_show_that_our_network_works() -> None:
    tracker = OutageTracker(known_sites=20)
    for n in range(20):
        tracker.note(f"site{n}", PollOutcome.SERVER_ERROR, after(seconds=n))
    assert not tracker.is_out


def test_a_captive_portal_that_answers_for_every_site_is_an_outage() -> None:
    tracker = OutageTracker(known_sites=20)
    for n in range(12):
        tracker.note(f"site{n}", PollOutcome.NOT_A_FEED, after(seconds=n))
    assert tracker.is_out


def test_an_outage_ends_when_several_sites_answer_again() -> None:
    tracker = OutageTracker(known_sites=20)
    for n in range(12):
        tracker.note(f"site{n}", DOWN, after(seconds=n))
    tracker.note("site0", PollOutcome.OK, after(minutes=5))
    assert tracker.is_out
    tracker.note("site1", PollOutcome.OK, after(minutes=5, seconds=1))
    assert not tracker.is_out


def test_an_outage_of_hours_also_ends() -> None:
    tracker = OutageTracker(known_sites=20)
    for n in range(12):
        tracker.note(f"site{n}", DOWN, after(seconds=n))
    tracker.note("site0", DOWN, after(hours=5))
    assert tracker.is_out
    tracker.note("site1", PollOutcome.OK, after(hours=6))
    assert tracker.is_out  # one answer may be a chance
    tracker.note("site2", PollOutcome.OK, after(hours=6, seconds=1))
    assert not tracker.is_out


def test_one_living_site_among_few_dead_ones_ends_what_looked_like_an_outage() -> None:
    tracker = OutageTracker(known_sites=5)
    for n in range(4):
        tracker.note(f"dead{n}", DOWN, after(seconds=n))
    assert tracker.is_out
    tracker.note("alive", PollOutcome.OK, after(seconds=60))
    assert not tracker.is_out
    assert tracker.verdict("dead0", after(seconds=50), is_final=False) is Verdict.THEIRS


def test_a_failure_is_theirs_once_another_site_answered_after_it() -> None:
    tracker = OutageTracker(known_sites=20)
    tracker.note("dead", DOWN, START)
    assert tracker.verdict("dead", START, is_final=False) is Verdict.UNSURE
    tracker.note("other", PollOutcome.NOT_MODIFIED, after(seconds=1))
    assert tracker.verdict("dead", START, is_final=False) is Verdict.THEIRS


def test_with_fewer_than_three_sites_a_failure_is_theirs() -> None:
    tracker = OutageTracker()
    tracker.note("only", DOWN, START)
    assert tracker.verdict("only", START, is_final=True) is Verdict.THEIRS


def test_when_nobody_else_was_asked_it_cannot_be_told() -> None:
    tracker = OutageTracker(known_sites=20)
    tracker.note("other", PollOutcome.OK, START - timedelta(minutes=2))
    tracker.note("dead", DOWN, START)
    assert tracker.verdict("dead", START, is_final=True) is Verdict.UNSURE


async def test_when_the_network_goes_away_no_single_failure_is_counted() -> None:
    decider = Decider(SETTINGS, clock=utc_now, outage=OutageTracker(known_sites=40))

    async def poll(n: int) -> Judgement:
        decider.begin()
        try:
            await asyncio.sleep(0.001 * n)
            return await decider.judge(f"site{n}", DOWN)
        finally:
            decider.end()

    await asyncio.gather(*(decider.judge(f"site{n}", PollOutcome.OK) for n in range(40)))
    judgements = await asyncio.gather(*(poll(n) for n in range(40)))
    assert {judgement.outcome for judgement in judgements} == {PollOutcome.OWN_OUTAGE}


async def test_a_dead_feed_among_healthy_ones_is_judged_at_once_and_counted() -> None:
    tracker = OutageTracker(known_sites=12)
    decider = Decider(SETTINGS, clock=utc_now, outage=tracker, hold_seconds=3_600)

    async def poll(n: int) -> Judgement:
        decider.begin()
        try:
            await asyncio.sleep(0.01 * n)
            return await decider.judge(f"site{n}", DOWN if n == 3 else PollOutcome.OK)
        finally:
            decider.end()

    async with asyncio.timeout(60):  # and not the hour of the hold
        judgements = await asyncio.gather(*(poll(n) for n in range(12)))
    assert judgements[3] == Judgement(DOWN)


async def test_a_poll_all_alone_is_judged_without_waiting() -> None:
    decider = Decider(SETTINGS, clock=utc_now, hold_seconds=3_600)
    decider.begin()
    async with asyncio.timeout(60):
        assert await decider.judge("only", DOWN) == Judgement(DOWN)


async def test_a_lonely_failure_among_many_sites_is_not_confirmed() -> None:
    decider = Decider(SETTINGS, clock=utc_now, outage=OutageTracker(known_sites=12))
    assert await decider.judge("site1", DOWN) == Judgement(DOWN, is_confirmed=False)
    page = PollOutcome.NOT_A_FEED
    assert await decider.judge("site2", page) == Judgement(page)
