from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from datetime import timedelta

import pytest

from ingest.config import ScheduleSettings
from ingest.model import PollCounts, PollOutcome
from ingest.schedule.simulate import FeedHistory, PastPoll, arrivals, history_of, simulate
from ingest.store.polls import PastPoll as PastRow
from tests.schedule.polls import START


def history(
    *, days: int = 14, every_minutes: int = 30, new: int = 1, entries: int = 20
) -> FeedHistory:
    polls = tuple(
        PastPoll(START + timedelta(minutes=every_minutes * n), new, entries)
        for n in range(days * 1_440 // every_minutes)
    )
    return FeedHistory(1, polls)


def test_arrivals_lie_evenly_between_the_polls_that_found_them() -> None:
    past = FeedHistory(1, (PastPoll(START, 20, 20), PastPoll(START + timedelta(hours=1), 3, 20)))
    assert arrivals(past) == tuple(START + timedelta(minutes=m) for m in (15, 30, 45))


def test_what_was_really_done_is_the_first_row() -> None:
    past = history(days=1)
    row = simulate([past], [])[0]
    assert (row.name, row.feeds, row.requests) == ("as polled", 1, 48)
    assert row.new_entries == 47
    assert row.median_delay_seconds == 900
    assert row.missed == 0


def test_shorter_intervals_cost_more_requests_and_bring_fresher_news() -> None:
    quick = ScheduleSettings(default_interval_seconds=600)
    slow = ScheduleSettings(default_interval_seconds=7_200)
    _, fast, lazy = simulate([history()], [("quick", quick), ("slow", slow)])
    assert fast.requests > 3 * lazy.requests
    assert fast.median_delay_seconds * 3 < lazy.median_delay_seconds
    assert fast.new_entries == pytest.approx(lazy.new_entries, rel=0.01)  # the last wait


def test_polling_too_rarely_for_the_document_misses_entries() -> None:
    busy = history(days=3, every_minutes=5, new=5, entries=10)
    rare = ScheduleSettings(min_interval_seconds=3_600, default_interval_seconds=3_600)
    _, usual, missing = simulate([busy], [("usual", ScheduleSettings()), ("rare", rare)])
    assert usual.missed < 0.02 * usual.new_entries
    assert missing.missed > missing.new_entries


def test_no_history_is_kept_while_the_next_is_replayed() -> None:
    alive: list[weakref.ref[Past]] = []

    def one_by_one() -> Iterator[FeedHistory]:
        for _ in range(20):
            past = Past(1, history(days=1).polls)
            alive.append(weakref.ref(past))
            yield past
            del past
            gc.collect()
            assert sum(one() is not None for one in alive) <= 1

    rows = simulate(one_by_one(), [("usual", ScheduleSettings())])
    assert [row.feeds for row in rows] == [20, 20]


class Past(FeedHistory):
    """A history that says when it is gone: without slots it can be referred to weakly."""


def test_the_delay_of_nine_in_ten_is_that_of_nine_in_ten() -> None:
    polls = [PastPoll(START, 20, 20)]
    for number in range(100):  # one entry a poll, which waited half of the gap
        gap = timedelta(minutes=2 if number < 90 else 200)
        polls.append(PastPoll(polls[-1].at + gap, 1, 20))
    row = simulate([FeedHistory(1, tuple(polls))], [])[0]
    assert (row.median_delay_seconds, row.p90_delay_seconds) == (60, 60)
    polls = polls[:1] + [PastPoll(poll.at, 1, 20) for poll in polls[12:]]
    row = simulate([FeedHistory(1, tuple(polls))], [])[0]
    assert (row.median_delay_seconds, row.p90_delay_seconds) == (60, 6_000)


def test_a_feed_polled_once_says_nothing() -> None:
    row = simulate([FeedHistory(1, (PastPoll(START, 20, 20),))], [("x", ScheduleSettings())])[1]
    assert (row.feeds, row.requests, row.requests_per_feed_day) == (0, 0, 0.0)


def test_stored_polls_become_a_history_without_the_failed_ones() -> None:
    def stored(minutes: int, outcome: PollOutcome, counts: PollCounts | None = None) -> PastRow:
        return PastRow(
            started_at=START + timedelta(minutes=minutes),
            outcome=outcome,
            status=200,
            elapsed_seconds=0.1,
            received_bytes=10,
            counts=counts,
            interval_seconds=1_800,
            possible_gap=False,
            was_full=False,
            detail=None,
        )

    found = history_of(
        4,
        [
            stored(90, PollOutcome.OK, PollCounts(entries=20, new=2, unchanged=18)),
            stored(60, PollOutcome.TIMEOUT),
            stored(30, PollOutcome.NOT_MODIFIED),
            stored(0, PollOutcome.OK, PollCounts(entries=20, new=20)),
        ],
        min_interval_seconds=600,
    )
    assert found == FeedHistory(
        4,
        (
            PastPoll(START, 20, 20),
            PastPoll(START + timedelta(minutes=30)),
            PastPoll(START + timedelta(minutes=90), 2, 20),
        ),
        None,
        600,
    )
