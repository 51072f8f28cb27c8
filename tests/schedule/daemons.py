"""A daemon over a real database whose polls are scripted: no network, no worker processes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import select

from ingest.config import FeedSettings, FetchSettings, ScheduleSettings, Settings
from ingest.model import FeedSchedule, Polled, PollOutcome
from ingest.record import Recorded, Recorder, Unrecorded
from ingest.schedule.daemon import Daemon
from ingest.schedule.decider import Decider
from ingest.schedule.pipelines import Poller
from ingest.store import feeds
from ingest.store.engine import Database
from ingest.store.leases import DueFeed
from ingest.store.schedule_rows import SCHEDULE_COLUMNS, schedule_from_row
from ingest.store.tables import feed_schedule

QUICK = Settings(
    schedule=ScheduleSettings(tick_seconds=0.02, drain_timeout_seconds=60.0),
    fetch=FetchSettings(site_delay_seconds=0.01),
)
Behave = Callable[[DueFeed], Awaitable[Polled]]


def utc_now() -> datetime:
    return datetime.now(UTC)


def ended(outcome: PollOutcome, **more: object) -> Polled:
    """A poll that ended so just now."""
    return replace(Polled(started_at=utc_now(), outcome=outcome), **more)  # type: ignore[arg-type]


async def unchanged(_: DueFeed) -> Polled:
    return ended(PollOutcome.NOT_MODIFIED, status=304)


class ScriptedPoller:
    """Polls as `behave` says, and records it as the pipeline would."""

    def __init__(self, database: Database, settings: Settings, decider: Decider, bench: Bench):
        self._recorder = Recorder(database, settings, decide=decider.decide, clock=utc_now)
        self._decider = decider
        self._bench = bench
        self._one_at_a_time = asyncio.Lock()
        self.settings = settings
        self.is_closed = False

    @property
    def waiting_to_be_written(self) -> int:
        return 0

    async def poll(self, due: DueFeed) -> Recorded:
        self._bench.asked.append(due)
        self._decider.begin()
        try:
            delay = (due.start_not_before - utc_now()).total_seconds()
            await asyncio.sleep(max(0.0, delay))
            polled = await self._bench.behave(due)
            judged = await self._decider.judge(
                due.site, polled.outcome, was_redirected=bool(polled.redirects)
            )
        finally:
            self._decider.end()
        polled = replace(polled, outcome=judged.outcome)
        one = Unrecorded(due, polled, judged.is_confirmed)
        async with self._one_at_a_time:
            (recorded,) = await asyncio.to_thread(self._recorder.record, [one])
        self._bench.recorded.append(recorded)
        return recorded


class Bench:
    """Sets a daemon up, runs it for a while, and looks at what it left."""

    def __init__(self, database: Database, settings: Settings = QUICK) -> None:
        self.database = database
        self.settings = settings
        self.behave: Behave = unchanged
        self.asked: list[DueFeed] = []
        self.recorded: list[Recorded] = []
        self.pollers: list[ScriptedPoller] = []

    def subscribe(self, *urls: str) -> None:
        """Subscribe feeds, all due now."""
        with self.database.begin() as connection:
            for url in urls:
                feeds.add(connection, FeedSettings(url=url), now=utc_now())

    def daemon(self, *, reload: Callable[[], Settings] | None = None) -> Daemon:
        decider = Decider(self.settings.schedule, clock=utc_now, hold_seconds=60.0)

        @asynccontextmanager
        async def open_poller(
            settings: Settings, _: Callable[[str | None], None]
        ) -> AsyncIterator[Poller]:
            poller = ScriptedPoller(self.database, settings, decider, self)
            self.pollers.append(poller)
            yield poller
            poller.is_closed = True

        return Daemon(
            self.database,
            self.settings,
            decider=decider,
            open_poller=open_poller,
            clock=utc_now,
            reload=reload,
        )

    async def run_until(
        self, done: Callable[[], bool], *, daemon: Daemon | None = None, seconds: float = 120.0
    ) -> int:
        """Run the daemon until `done`, stop it, and return its exit code."""
        running = daemon or self.daemon()
        task = asyncio.create_task(running.run())
        await until(lambda: done() or task.done(), seconds)
        running.stop()
        return await task

    def rows(self) -> list[FeedSchedule]:
        """Every feed's schedule, by id."""
        with self.database.connect() as connection:
            found = connection.execute(
                select(*SCHEDULE_COLUMNS).order_by(feed_schedule.c.feed_id)
            ).all()
        return [schedule_from_row(row) for row in found]

    def leased(self) -> int:
        """How many feeds somebody holds."""
        with self.database.connect() as connection:
            return len(
                connection.execute(
                    select(feed_schedule.c.feed_id).where(feed_schedule.c.lease_owner.is_not(None))
                ).all()
            )

    def held_until(self) -> datetime:
        """Until when the one feed is held."""
        with self.database.connect() as connection:
            until: datetime = connection.execute(select(feed_schedule.c.lease_until)).scalar_one()
            return until


async def until(done: Callable[[], bool], seconds: float = 120.0) -> None:
    """Wait until `done`, and fail after so many seconds."""
    async with asyncio.timeout(seconds):
        while not done():
            await asyncio.sleep(0.01)


class Said(logging.Handler):
    """Collects the events that are logged."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    def count(self, event: str) -> int:
        return [record.getMessage() for record in self.records].count(event)

    def fields(self, event: str) -> dict[str, object]:
        """The fields of the first such event."""
        record = next(one for one in self.records if one.getMessage() == event)
        fields: dict[str, object] = record.__dict__["fields"]
        return fields
