"""A simulated month through the real database: claims, records and retention on one SQLite file.

`test_soak` shows the decisions for ten times as many feeds; here every claim and every poll is the
daemon's own statement, so that what grows with time would be seen to grow.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from ingest.config import FeedSettings, Settings
from ingest.model import PollCounts, Polled, PollOutcome, ScheduleDecision, ScheduleInput
from ingest.record import Recorder, Unrecorded
from ingest.schedule.chores import PRUNE_SECONDS
from ingest.schedule.decide import decide
from ingest.schedule.pace import Pace
from ingest.store import feeds, fleet, leases, maintenance
from ingest.store.engine import Database, open_database
from ingest.store.leases import DueFeed
from tests.schedule.polls import START

TICK_SECONDS = 300.0  # the pace of claims within seconds is the matter of `test_soak`
DAY_SECONDS = 86_400.0
KEEP_DAYS = 5
FAILS = (PollOutcome.TIMEOUT, PollOutcome.SERVER_ERROR, PollOutcome.NAME_ERROR)


@dataclass(frozen=True)
class EndOfDay:
    """What there was to see at midnight."""

    polls_so_far: int
    poll_rows: int
    file_bytes: int
    resident_bytes: int


@dataclass
class StoreSoak:
    """A daemon without network: each feed answers by its own rate of news, a few are dead."""

    database: Database
    file: Path
    feeds: int
    settings: Settings = field(default_factory=Settings)
    polls: int = 0
    days: list[EndOfDay] = field(default_factory=list)
    longest_wait_seconds: float = 0.0

    def __post_init__(self) -> None:
        self.settings = replace(
            self.settings, database=replace(self.settings.database, keep_polls_days=KEEP_DAYS)
        )
        self.now = START
        self.chance = random.Random(20261123)
        self.pace = Pace()
        self.recorder = Recorder(
            self.database, self.settings, decide=self._decide, clock=lambda: self.now
        )
        with self.database.begin() as connection:
            self.ids = [
                feeds.add(
                    connection, FeedSettings(url=f"https://site{n}.example/feed"), now=START
                ).feed_id
                for n in range(self.feeds)
            ]
        self.rates = {one: 10 ** self.chance.uniform(-3.0, 0.5) for one in self.ids}
        self.dead = {one for one in self.ids if self.chance.random() < 0.05}
        self.polled = dict.fromkeys(self.ids, START)

    def run(self, days: int) -> None:
        """So many days, tick by tick."""
        for tick in range(int(days * DAY_SECONDS / TICK_SECONDS)):
            seconds = tick * TICK_SECONDS
            self.now = START + timedelta(seconds=seconds)
            if seconds % PRUNE_SECONDS == 0:
                self._chores()
            if seconds and seconds % DAY_SECONDS == 0:
                self._look()
            self._tick()

    def _tick(self) -> None:
        with self.database.begin() as connection:
            due = leases.claim_due(
                connection,
                now=self.now,
                limit=int(self.pace.per_second * TICK_SECONDS),
                owner="soak",
                lease_seconds=TICK_SECONDS,
            )
        self.polls += len(due)
        if not due:
            return
        self.recorder.record([Unrecorded(one, self._answer(one)) for one in due])
        for one in due:
            waited = (self.now - self.polled[one.feed_id]).total_seconds()
            self.longest_wait_seconds = max(self.longest_wait_seconds, waited)
            self.polled[one.feed_id] = self.now

    def _answer(self, due: DueFeed) -> Polled:
        if due.feed_id in self.dead or self.chance.random() < 0.01:
            return Polled(started_at=self.now, outcome=self.chance.choice(FAILS))
        return Polled(started_at=self.now, outcome=PollOutcome.NOT_MODIFIED, status=304)

    def _decide(self, given: ScheduleInput) -> ScheduleDecision:
        """As the daemon does; that there was news is said here, where no document is parsed."""
        if given.outcome is PollOutcome.NOT_MODIFIED:
            hours = (self.now - self.polled[given.feed_id]).total_seconds() / 3_600
            expected = self.rates[given.feed_id] * hours
            new = int(expected) + (self.chance.random() < expected % 1)
            if new:
                counts = PollCounts(20, new=min(20, new), unchanged=max(0, 20 - new))
                given = replace(given, outcome=PollOutcome.OK, counts=counts)
        return decide(given, self.settings.schedule)

    def _chores(self) -> None:
        settings = self.settings
        maintenance.prune(self.database, settings.database, settings.dedupe, self.now)
        with self.database.connect() as connection:
            self.pace.usual(fleet.load(connection, self.now).polls_per_second)

    def _look(self) -> None:
        with self.database.connect() as connection:
            rows = connection.scalar(text("SELECT count(*) FROM poll")) or 0
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        self.days.append(EndOfDay(self.polls, rows, self.file.stat().st_size, pages * 4_096))

    def overdue(self, than_seconds: float) -> int:
        """How many feeds have been due for longer than that and were not polled."""
        before: datetime = self.now - timedelta(seconds=than_seconds)
        with self.database.connect() as connection:
            return leases.count_due(connection, before)


@pytest.mark.slow
def test_a_month_in_the_database_neither_grows_nor_starves_a_feed(tmp_path: Path) -> None:
    file = tmp_path / "month.db"
    database = open_database(f"sqlite:///{file}", create=True)
    try:
        soak = StoreSoak(database, file, feeds=1_000)
        soak.run(30)
        late = soak.overdue(2 * TICK_SECONDS)
    finally:
        database.close()
    settled, last = soak.days[KEEP_DAYS + 5], soak.days[-1]
    polls_a_day = (last.polls_so_far - settled.polls_so_far) / (len(soak.days) - KEEP_DAYS - 6)
    print(
        f"{last.polls_so_far} polls, {last.poll_rows} rows; file {last.file_bytes / 1e6:.1f} MB, "
        f"memory {(last.resident_bytes - settled.resident_bytes) / 1e6:+.1f} MB in 18 days"
    )
    assert all(day.poll_rows <= (KEEP_DAYS + 1) * 1.1 * polls_a_day for day in soak.days[5:])
    assert last.file_bytes <= 1.1 * settled.file_bytes
    assert last.resident_bytes - settled.resident_bytes < 32 << 20
    schedule = soak.settings.schedule
    longest = 1.2 * max(schedule.max_interval_seconds, schedule.max_backoff_seconds)
    assert soak.longest_wait_seconds <= longest
    assert late == 0
