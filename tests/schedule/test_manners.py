"""As rachelbythebay's feed reader score would see the decisions: gaps, Retry-After, pauses."""

from __future__ import annotations

import random
from datetime import timedelta
from itertools import pairwise

import pytest

from ingest.model import CadenceHints, PollOutcome
from tests.schedule.polls import SETTINGS, Feed


def test_no_two_polls_are_closer_than_the_minimum_gap_whatever_happens() -> None:
    chance = random.Random(20261123)
    outcomes = [o for o in PollOutcome if o not in (PollOutcome.GONE, PollOutcome.OWN_OUTAGE)]
    for feed_id in range(100):
        feed = Feed(feed_id)
        for _ in range(100):
            feed.poll(
                chance.choice(outcomes),
                new=chance.choice([0, 0, 1, 50, 2_000]),
                known=chance.choice([0, 20]),
                headers={"cache-control": chance.choice(["max-age=1", "no-store", "max-age=900"])},
                hints=CadenceHints(ttl_minutes=chance.choice([None, 1, 60])),
            )
            assert feed.row.interval_seconds >= SETTINGS.min_interval_seconds
            feed.wait()


@pytest.mark.parametrize("outcome", [PollOutcome.RATE_LIMITED, PollOutcome.SERVER_ERROR])
@pytest.mark.parametrize("seconds", [120.0, 3_600.0, 86_400.0])
def test_retry_after_is_obeyed_whatever_the_rate_of_news(
    outcome: PollOutcome, seconds: float
) -> None:
    for feed_id in range(50):
        feed = Feed(feed_id)
        feed.poll(new=500)
        feed.wait()
        feed.poll(outcome, retry_after_seconds=seconds)
        assert feed.row.interval_seconds >= seconds


def test_a_rate_limit_pauses_the_whole_site_for_as_long_as_asked() -> None:
    feed = Feed()
    decision = feed.poll(PollOutcome.RATE_LIMITED, status=429, retry_after_seconds=900)
    assert decision.site_pause is not None
    pause = decision.site_pause.until - feed.now
    assert timedelta(seconds=900) <= pause <= timedelta(seconds=990)
    assert decision.site_pause.reason == "HTTP 429, asked to wait 900 s"
    assert decision.site_failures == 1
    assert decision.schedule.next_poll_at is not None
    assert decision.schedule.next_poll_at >= decision.site_pause.until


def test_without_retry_after_the_pause_of_a_site_doubles_with_full_jitter() -> None:
    sums = [0.0] * 6
    for feed_id in range(300):
        feed = Feed(feed_id)
        for n in range(6):
            decision = feed.poll(PollOutcome.RATE_LIMITED, status=503)
            assert decision.site_pause is not None
            sums[n] += (decision.site_pause.until - feed.now).total_seconds()
            feed.wait()
    floor = SETTINGS.min_interval_seconds
    means = [total / 300 - floor for total in sums]
    for before, then in pairwise(means):
        assert 1.6 < then / before < 2.5


def test_a_rate_limit_of_a_year_is_not_waited_for() -> None:
    feed = Feed()
    feed.poll(PollOutcome.RATE_LIMITED, retry_after_seconds=365 * 86_400)
    assert feed.row.interval_seconds <= 8 * 86_400


def test_a_success_forgets_the_rate_limits_of_the_site() -> None:
    feed = Feed()
    for _ in range(3):
        feed.poll(PollOutcome.RATE_LIMITED)
        feed.wait()
    assert feed.site_failures == 3
    feed.poll(PollOutcome.TIMEOUT)
    assert feed.site_failures == 3
    decision = feed.poll_when_due()
    assert decision.site_failures == 0
    assert decision.site_pause is None
