"""Thousands of feeds for weeks on a clock turned by hand: the decisions alone, no network."""

from __future__ import annotations

import heapq
import math
import random
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from ingest.config import ScheduleSettings
from ingest.model import PollOutcome
from ingest.schedule.pace import Pace
from tests.schedule.polls import SETTINGS, START, Feed

FAILS = (
    PollOutcome.TIMEOUT,
    PollOutcome.SERVER_ERROR,
    PollOutcome.NAME_ERROR,
    PollOutcome.CLIENT_ERROR,
    PollOutcome.RATE_LIMITED,
    PollOutcome.NOT_A_FEED,
)


WARM_UP_SECONDS = 2 * 86_400.0  # at first every feed is new and no rate is known


@dataclass
class Soak:
    """A simulated daemon: claims in the order of due times, at the pace of `Pace`."""

    feeds: int
    settings: ScheduleSettings = SETTINGS
    seed: int = 20261123
    per_minute: dict[int, int] = field(default_factory=dict)
    longest_wait: dict[int, float] = field(default_factory=dict)
    worst_lateness: float = 0.0

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self.all = [Feed(n, self.settings) for n in range(self.feeds)]
        # New entries an hour: publishers differ by orders of magnitude.
        self.rates = [10 ** self.chance.uniform(-3.0, 0.5) for _ in self.all]
        self.dead = [self.chance.random() < 0.05 for _ in self.all]
        self.queue = [(0.0, n) for n in range(self.feeds)]
        self.polled = [0.0] * self.feeds
        self.pace = Pace()

    def run(self, start: float, end: float, *, outage: tuple[float, float] = (-1, -1)) -> None:
        """From second `start` to second `end`; nothing is claimed during the outage."""
        now = start
        next_load = start
        while self.queue and now < end:
            if outage[0] <= now < outage[1]:
                now = outage[1]
                self.pace.settle(now)
            if now >= next_load:
                usual = sum(1 / f.row.interval_seconds for f in self.all if f.row.interval_seconds)
                self.pace.usual(usual)
                next_load = now + 3_600
            tokens = self.pace.allow(now)
            claimed = 0
            while self.queue and self.queue[0][0] <= now and claimed < tokens:
                due, n = heapq.heappop(self.queue)
                claimed += 1
                self._poll(n, due, now)
            self.pace.spend(claimed)
            now += 1.0
            if self.queue and self.queue[0][0] > now:
                now = math.ceil(self.queue[0][0])

    def _poll(self, n: int, due: float, now: float) -> None:
        feed = self.all[n]
        feed.now = START + timedelta(seconds=now)
        wait = now - self.polled[n]
        if feed.row.last_poll_at is not None:
            self.longest_wait[n] = max(self.longest_wait.get(n, 0.0), wait)
        expected = self.rates[n] * wait / 3_600
        new = int(expected) + (self.chance.random() < expected % 1)
        if self.dead[n] or self.chance.random() < 0.01:
            feed.poll(self.chance.choice(FAILS))
        elif new:
            feed.poll(new=min(new, 20), known=max(0, 20 - new))
        else:
            feed.poll(PollOutcome.NOT_MODIFIED)
        self.polled[n] = now
        minute = int(now // 60)
        self.per_minute[minute] = self.per_minute.get(minute, 0) + 1
        if now > WARM_UP_SECONDS:
            self.worst_lateness = max(self.worst_lateness, now - due)
        assert feed.row.next_poll_at is not None
        heapq.heappush(self.queue, ((feed.row.next_poll_at - START).total_seconds(), n))

    def peak_over_mean(self, first_minute: int, last_minute: int) -> float:
        """The busiest minute against the mean of the minutes between the two."""
        counts = [self.per_minute.get(minute, 0) for minute in range(first_minute, last_minute)]
        return max(counts) / (sum(counts) / len(counts))

    def assert_nobody_starved(self) -> None:
        """Every feed was polled again within the longest interval or backoff."""
        longest = 1.2 * max(self.settings.max_interval_seconds, self.settings.max_backoff_seconds)
        assert len(self.longest_wait) == self.feeds
        assert max(self.longest_wait.values()) <= longest


def test_ten_thousand_feeds_due_after_a_restart_are_no_herd() -> None:
    soak = Soak(10_000)
    chance = random.Random(1)
    # As a database looks after a night without the daemon: everything overdue.
    for feed in soak.all:
        feed.row = Feed().row
        feed.poll(new=20, known=0)
    mean_per_second = 0.0
    for n, feed in enumerate(soak.all):
        interval = feed.settings.default_interval_seconds * chance.uniform(1, 4)
        mean_per_second += 1 / interval
        soak.queue[n] = (chance.uniform(-8 * 3_600, 0), n)
    heapq.heapify(soak.queue)
    soak.pace.usual(mean_per_second)
    pace_per_minute = 60 * soak.pace.per_second
    tokens_spent = 0
    now = 0.0
    left = 10_000
    minutes: dict[int, int] = {}
    while left:
        claimed = min(left, soak.pace.allow(now))
        soak.pace.spend(claimed)
        left -= claimed
        tokens_spent += claimed
        minutes[int(now // 60)] = minutes.get(int(now // 60), 0) + claimed
        now += 1
    assert tokens_spent == 10_000
    assert max(minutes.values()) <= 3 * 60 * mean_per_second
    assert now <= 10_000 / pace_per_minute * 60 + 60


def test_after_an_outage_of_hours_the_backlog_is_worked_off_gently() -> None:
    soak = Soak(800)
    day = 86_400.0
    soak.run(0, 3 * day, outage=(2 * day, 2 * day + 6 * 3_600))
    back = int((2 * day + 6 * 3_600) // 60)
    busiest = max(soak.per_minute.get(minute, 0) for minute in range(back, back + 360))
    usual = [soak.per_minute.get(minute, 0) for minute in range(1_440, 2_880)]
    floor = 60 * Pace().per_second  # what a small installation may do at any time
    assert busiest <= max(3 * sum(usual) / len(usual), floor)
    soak.assert_nobody_starved()


@pytest.mark.slow
def test_ten_thousand_feeds_for_a_month_neither_starve_nor_herd() -> None:
    soak = Soak(10_000)
    soak.run(0, 30 * 86_400.0)
    soak.assert_nobody_starved()
    assert soak.peak_over_mean(2 * 1_440, 30 * 1_440) <= 3
    assert soak.worst_lateness <= 60
    print(
        f"{sum(soak.per_minute.values())} polls, peak/mean {soak.peak_over_mean(2880, 43200):.2f}"
    )
