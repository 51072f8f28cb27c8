from __future__ import annotations

from datetime import timedelta

import pytest

from ingest.config import ScheduleSettings
from ingest.model import FeedSchedule, FeedState, PollOutcome
from tests.schedule.polls import OUTCOMES_WITHOUT_DOCUMENT, SETTINGS, START, Feed

FAILURES = [
    outcome
    for outcome in OUTCOMES_WITHOUT_DOCUMENT
    if outcome not in (PollOutcome.OWN_OUTAGE, PollOutcome.GONE)
]


def healthy() -> Feed:
    feed = Feed()
    feed.poll(new=20, known=0)
    feed.wait()
    return feed


@pytest.mark.parametrize("outcome", FAILURES)
def test_a_failing_feed_is_never_given_up(outcome: PollOutcome) -> None:
    feed = healthy()
    feed.poll(outcome)
    longest = SETTINGS.max_backoff_seconds * 1.3
    for _ in range(200):
        feed.poll_when_due(outcome)
        assert SETTINGS.min_interval_seconds <= feed.row.interval_seconds <= longest


@pytest.mark.parametrize("outcome", FAILURES)
def test_one_success_makes_a_failing_feed_well_again(outcome: PollOutcome) -> None:
    feed = healthy()
    for _ in range(10):
        feed.poll(outcome)
        feed.wait()
    assert feed.row.failures == 10
    feed.poll(PollOutcome.NOT_MODIFIED)
    assert feed.row.state is FeedState.OK
    assert feed.row.state_evidence is None
    assert feed.row.state_since == feed.now
    assert (feed.row.failures, feed.row.failure_weight) == (0, 0.0)


def test_a_state_keeps_its_evidence_and_since_when() -> None:
    feed = healthy()
    feed.poll(PollOutcome.SERVER_ERROR, status=500)
    began = feed.now
    for _ in range(3):
        feed.wait()
        feed.poll(PollOutcome.SERVER_ERROR, status=502)
    assert feed.row.state is FeedState.FAILING
    assert feed.row.state_since == began
    assert feed.row.state_evidence == "HTTP 502: server error (4 polls in a row)"


def test_backoff_grows_with_the_weight_of_the_failure() -> None:
    """Name resolution light, 5xx soft, 4xx hard."""
    means = []
    for outcome in (PollOutcome.NAME_ERROR, PollOutcome.SERVER_ERROR, PollOutcome.CLIENT_ERROR):
        total = 0.0
        for feed_id in range(200):
            feed = Feed(feed_id)
            feed.poll(new=20, known=0)
            for _ in range(5):
                feed.wait()
                feed.poll(outcome)
            total += feed.row.interval_seconds
        means.append(total / 200)
    assert means[0] * 2 < means[1]
    assert means[1] * 2 < means[2]


def test_feeds_that_failed_together_do_not_come_back_together() -> None:
    feeds = [Feed(feed_id) for feed_id in range(1_000)]
    for feed in feeds:
        for _ in range(5):
            feed.poll(PollOutcome.CONNECT_ERROR)
    due = sorted((feed.row.next_poll_at or START) - START for feed in feeds)
    window = due[-1] - due[0]
    assert window > timedelta(hours=2)
    minutes = [int(moment.total_seconds() // 60) for moment in due]
    mean = 1_000 / (window.total_seconds() / 60)
    assert max(minutes.count(minute) for minute in set(minutes)) <= 3 * mean


def test_a_blocked_feed_is_polled_rarely_and_told() -> None:
    feed = healthy()
    feed.poll(PollOutcome.BLOCKED, status=403)
    assert feed.row.state is FeedState.BLOCKED
    assert feed.row.state_evidence is not None
    assert "403" in feed.row.state_evidence
    assert feed.row.interval_seconds >= 3_600
    for _ in range(5):
        feed.poll_when_due(PollOutcome.BLOCKED)
    assert feed.row.interval_seconds >= 0.75 * SETTINGS.blocked_interval_seconds


def test_a_410_stops_the_feed_with_a_reason_after_one_confirmation() -> None:
    feed = healthy()
    feed.poll(PollOutcome.GONE, status=410)
    assert feed.row.state is FeedState.GONE
    assert feed.row.state_evidence == "HTTP 410: gone"
    assert feed.row.interval_seconds >= 7 * 86_400
    feed.poll_when_due(PollOutcome.GONE)
    assert feed.row.next_poll_at is None
    assert feed.row.state is FeedState.GONE
    assert feed.term_names() == ["gone"]


def test_a_410_by_mistake_is_forgiven() -> None:
    feed = healthy()
    feed.poll(PollOutcome.GONE)
    feed.poll_when_due(PollOutcome.OK, new=3)
    assert feed.row.state is FeedState.OK
    assert feed.row.interval_seconds < 86_400


def test_a_feed_without_news_for_long_is_stale_until_it_has_some() -> None:
    feed = healthy()
    while feed.now < START + timedelta(days=46):
        feed.poll_when_due(PollOutcome.NOT_MODIFIED)
    assert feed.row.state == "stale"
    assert feed.row.state_evidence == "nothing new since 2026-03-02"
    since = feed.row.state_since
    feed.poll_when_due(PollOutcome.NOT_MODIFIED)
    assert feed.row.state_since == since
    feed.poll_when_due(PollOutcome.OK, new=1)
    assert feed.row.state is FeedState.OK


def test_staleness_can_be_switched_off() -> None:
    feed = Feed(settings=ScheduleSettings(stale_after_days=0))
    feed.poll(new=20, known=0)
    feed.now += timedelta(days=400)
    feed.poll(PollOutcome.NOT_MODIFIED)
    assert feed.row.state is FeedState.OK


@pytest.mark.parametrize("outcome", list(PollOutcome))
def test_only_a_person_resumes_a_paused_feed(outcome: PollOutcome) -> None:
    feed = healthy()
    feed.row = FeedSchedule(state=FeedState.PAUSED, state_since=START, state_evidence="by hand")
    feed.poll(outcome)
    assert feed.row.state is FeedState.PAUSED
    assert feed.row.state_evidence == "by hand"
    assert feed.row.next_poll_at is None


def test_our_own_outage_moves_no_count_and_no_state() -> None:
    feed = healthy()
    feed.poll(PollOutcome.SERVER_ERROR)
    before = feed.row
    feed.wait()
    feed.poll(PollOutcome.OWN_OUTAGE)
    assert feed.row.failures == before.failures
    assert feed.row.failure_weight == before.failure_weight
    assert feed.row.state is before.state
    assert feed.row.state_since == before.state_since
    assert feed.row.state_evidence == before.state_evidence
    assert 60 <= feed.row.interval_seconds <= 120


def test_a_failure_that_may_be_ours_is_repeated_soon_and_not_counted() -> None:
    feed = healthy()
    feed.poll(PollOutcome.CONNECT_ERROR, is_confirmed=False)
    assert feed.row.state == "ok"
    assert feed.row.failures == 0
    assert 60 <= feed.row.interval_seconds <= 120
    feed.poll_when_due(PollOutcome.CONNECT_ERROR)
    assert (feed.row.state, feed.row.failures) == (FeedState.FAILING, 1)


def test_three_failures_do_not_silence_a_feed_for_long() -> None:
    feed = healthy()
    for _ in range(3):
        feed.poll(PollOutcome.TIMEOUT)
        feed.wait()
    assert feed.row.interval_seconds <= 3_600
