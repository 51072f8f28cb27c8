from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.config import ScheduleSettings
from ingest.model import CadenceHints, PollOutcome
from ingest.schedule.cadence import (
    JITTER_SHARE,
    Observed,
    after_skips,
    decide_next_poll,
    freshness_seconds,
    share,
)
from ingest.schedule.decide import plan
from tests.schedule.polls import SETTINGS, START, Feed


def observed(rate: float | None, **more: object) -> Observed:
    base = Observed(feed_id=7, polled_at=START, news_per_hour=rate, entries=30)
    return dataclasses.replace(base, **more)  # type: ignore[arg-type]


def interval(seen: Observed, settings: ScheduleSettings = SETTINGS) -> float:
    return decide_next_poll(seen, settings).interval_seconds


def test_a_feed_with_more_news_is_polled_more_often() -> None:
    intervals = [interval(observed(rate)) for rate in (20.0, 4.0, 1.0, 0.1, 0.01)]
    assert intervals == sorted(intervals)
    assert len(set(intervals)) == 5


def test_four_times_the_news_halves_the_interval() -> None:
    slow, fast = (decide_next_poll(observed(rate), SETTINGS).terms[0] for rate in (1.0, 4.0))
    assert slow.seconds == pytest.approx(2 * fast.seconds)


def test_a_feed_nothing_is_known_of_gets_the_default_interval() -> None:
    assert interval(observed(None)) == pytest.approx(1_800, rel=JITTER_SHARE)


@given(
    rate=st.one_of(st.none(), st.floats(0, 10_000)),
    entries=st.integers(0, 2_000),
    gap=st.floats(0.125, 1),
    cache=st.floats(0, 604_800),
    ttl=st.one_of(st.none(), st.integers(-5, 10**9)),
    feed_id=st.integers(1, 10**6),
    first=st.booleans(),
)
def test_the_interval_always_lies_between_the_bounds_of_the_config(
    rate: float | None,
    entries: int,
    gap: float,
    cache: float,
    ttl: int | None,
    feed_id: int,
    first: bool,
) -> None:
    seen = Observed(
        feed_id=feed_id,
        polled_at=START,
        news_per_hour=rate,
        entries=entries,
        gap_factor=gap,
        cache_seconds=cache,
        hints=CadenceHints(ttl_minutes=ttl),
        is_first=first,
    )
    seconds = interval(seen)
    assert SETTINGS.min_interval_seconds <= seconds
    most = SETTINGS.max_interval_seconds * (1 + JITTER_SHARE)
    assert seconds <= most + (SETTINGS.default_interval_seconds if first else 0)


def test_a_feeds_own_floor_goes_before_the_general_one() -> None:
    assert interval(observed(100.0, min_interval_seconds=7_200)) >= 7_200


@pytest.mark.parametrize(
    ("hints", "cache", "at_least"),
    [
        (CadenceHints(ttl_minutes=60), 0.0, 3_600),
        (CadenceHints(), 5_400.0, 5_400),
        (CadenceHints(update_period="daily", update_frequency=12), 0.0, 7_200),
        (CadenceHints(update_period="hourly"), 0.0, 3_600),
    ],
)
def test_what_the_publisher_asks_for_raises_the_interval(
    hints: CadenceHints, cache: float, at_least: float
) -> None:
    assert interval(observed(2.0, hints=hints, cache_seconds=cache)) >= at_least


def test_a_publishers_hint_never_lets_entries_fall_out_unseen() -> None:
    seen = observed(10.0, entries=20, hints=CadenceHints(ttl_minutes=1_440))
    assert interval(seen) <= 3_600 * (1 + JITTER_SHARE)  # ten of twenty entries are new by then


def test_a_document_that_turns_over_quickly_lowers_the_interval() -> None:
    slow = interval(observed(0.5, entries=30))
    quick = decide_next_poll(observed(0.5, entries=1), SETTINGS)
    assert quick.interval_seconds <= slow
    assert "overlap" in [
        term.name for term in decide_next_poll(observed(2, entries=1), SETTINGS).terms
    ]


def test_documents_without_overlap_are_a_possible_gap_and_shorten_the_interval() -> None:
    feed = Feed()
    feed.poll(new=20, known=0)
    assert not (feed.last and feed.last.possible_gap)  # the first document has none before it
    feed.poll_when_due(new=1, known=19)
    before = feed.row.gap_factor
    decision = feed.poll_when_due(new=20, known=0)
    assert decision.possible_gap
    assert feed.row.possible_gap_at == feed.now
    assert feed.row.gap_factor == before / 2
    assert "gap" in feed.term_names()
    for _ in range(5):
        feed.poll_when_due(new=1, known=19)
    assert feed.row.gap_factor == 1.0


def test_nothing_is_polled_in_skipped_hours_and_days() -> None:
    hints = CadenceHints(skip_hours=tuple(range(9, 17)), skip_days=("Tuesday",))
    monday_noon = datetime(2026, 3, 2, 12, 30, tzinfo=UTC)
    monday_evening = datetime(2026, 3, 2, 23, 59, tzinfo=UTC)
    assert after_skips(monday_noon, hints) == datetime(2026, 3, 2, 17, tzinfo=UTC)
    assert after_skips(monday_evening, hints) == monday_evening
    tuesday = datetime(2026, 3, 3, 1, tzinfo=UTC)
    assert after_skips(tuesday, hints) == datetime(2026, 3, 4, 0, tzinfo=UTC)
    due = decide_next_poll(
        Observed(feed_id=1, polled_at=monday_noon, news_per_hour=0.5, entries=50, hints=hints),
        SETTINGS,
    )
    assert due.next_poll_at >= datetime(2026, 3, 2, 17, tzinfo=UTC)
    assert due.terms[-1].name == "skip_hours"


def test_hints_that_skip_the_whole_week_are_ignored() -> None:
    assert after_skips(START, CadenceHints(skip_hours=tuple(range(24)))) == START
    days = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
    assert after_skips(START, CadenceHints(skip_days=days)) == START


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 0),
        ({"cache-control": "public, max-age=600"}, 600),
        ({"cache-control": 'MAX-AGE="600"', "age": "100"}, 500),
        ({"cache-control": "no-cache, max-age=600"}, 0),
        ({"cache-control": "s-maxage=600"}, 0),
        ({"cache-control": "max-age=abc"}, 0),
        ({"cache-control": "max-age=99999999999999999999999"}, 604_800),
        ({"cache-control": "max-age=60", "expires": "Mon, 02 Mar 2026 12:00:00 GMT"}, 60),
        ({"expires": "Mon, 02 Mar 2026 10:00:00 GMT"}, 3_600),
        (
            {
                "expires": "Mon, 02 Mar 2026 10:00:00 GMT",
                "date": "Mon, 02 Mar 2026 09:30:00 GMT",
            },
            1_800,
        ),
        ({"expires": "0"}, 0),
        ({"expires": "-1"}, 0),
        ({"expires": "Thu, 01 Jan 1970 00:00:00 GMT"}, 0),
        ({"expires": "Mon, 02 Mar 99999 10:00:00 GMT"}, 0),
    ],
)
def test_freshness_is_read_as_rfc_9111_says(headers: dict[str, str], seconds: float) -> None:
    assert freshness_seconds(headers, START) == seconds


@given(st.dictionaries(st.sampled_from(["cache-control", "expires", "date", "age"]), st.text()))
def test_no_header_breaks_the_reading_of_freshness(headers: dict[str, str]) -> None:
    assert 0 <= freshness_seconds(headers, START) <= 604_800


def test_a_pushed_feed_is_polled_slowly_as_a_safety_net() -> None:
    assert interval(observed(1.0, is_pushed=True)) >= 3 * interval(observed(1.0))


def test_feeds_added_together_do_not_stay_together() -> None:
    feeds = [Feed(feed_id) for feed_id in range(1_000)]
    for feed in feeds:
        feed.poll(new=20, known=0)
    minutes: dict[int, int] = {}
    for feed in feeds:
        assert feed.row.next_poll_at is not None
        minute = int((feed.row.next_poll_at - START).total_seconds() // 60)
        minutes[minute] = minutes.get(minute, 0) + 1
    mean = 1_000 / (max(minutes) - min(minutes) + 1)
    assert max(minutes.values()) <= 2 * mean


@pytest.mark.parametrize(
    "hints", [CadenceHints(ttl_minutes=60), CadenceHints(update_period="hourly")]
)
def test_also_where_everybody_waits_as_long_as_asked(hints: CadenceHints) -> None:
    waits = []
    for feed_id in range(200):
        feed = Feed(feed_id)
        feed.poll(new=20, known=0, hints=hints)
        waits.append(feed.row.interval_seconds)
    assert min(waits) >= 3_600  # nobody sooner than asked
    assert max(waits) - min(waits) > 1_500  # and not all together


def test_luck_is_spread_evenly_and_the_same_again() -> None:
    values = [share(n, "x") for n in range(10_000)]
    assert values == [share(n, "x") for n in range(10_000)]
    tenths = [sum(1 for value in values if int(value * 10) == tenth) for tenth in range(10)]
    assert min(tenths) > 850
    assert max(tenths) < 1_150


def test_a_busy_day_is_noticed_and_a_quiet_night_is_not_forgotten() -> None:
    feed = Feed()
    feed.poll(new=20, known=0)
    for _ in range(60):
        feed.poll_when_due(new=0)
    quiet = feed.row.interval_seconds
    for _ in range(20):
        feed.poll_when_due(new=5)
    busy = feed.row.interval_seconds
    assert busy < quiet / 2
    feed.now += timedelta(hours=8)
    feed.poll()
    assert feed.row.interval_seconds < quiet


def test_a_feed_without_news_is_asked_ever_more_rarely_down_to_the_bound() -> None:
    feed = Feed()
    feed.poll(new=20, known=0)
    for _ in range(400):
        feed.poll_when_due(PollOutcome.NOT_MODIFIED)
    longest = SETTINGS.max_interval_seconds
    assert longest <= feed.row.interval_seconds <= longest * (1 + JITTER_SHARE)


def test_explain_finds_the_same_terms_again_in_the_stored_row() -> None:
    feed = Feed(min_interval_seconds=600)
    feed.poll(new=20, known=0, hints=CadenceHints(ttl_minutes=30))
    outcomes = (
        PollOutcome.OK,
        PollOutcome.NOT_MODIFIED,
        PollOutcome.TIMEOUT,
        PollOutcome.SERVER_ERROR,
        PollOutcome.RATE_LIMITED,
        PollOutcome.BLOCKED,
        PollOutcome.OK,
        PollOutcome.GONE,
    )
    for outcome in outcomes:
        decision = feed.poll_when_due(outcome)
        again = plan(feed.feed_id, feed.row, SETTINGS, min_interval_seconds=600)
        assert again.terms == decision.terms
        assert again.next_poll_at == decision.schedule.next_poll_at
        assert again.terms


def test_a_clock_stepped_back_does_not_break_the_rate() -> None:
    feed = Feed()
    feed.poll(new=20, known=0)
    feed.now -= timedelta(days=2)
    feed.poll(new=3)
    assert feed.row.next_poll_at is not None
    assert feed.row.next_poll_at > feed.now
    assert SETTINGS.min_interval_seconds <= feed.row.interval_seconds <= 86_400 * 1.1
