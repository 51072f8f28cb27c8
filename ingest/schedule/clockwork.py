"""The ticks on APScheduler, each booked when it begins and ends.

Every job coalesces, runs once at a time and is never skipped for being late (APScheduler's default
grace of one second drops late runs silently). A tick that raises is logged and runs again.
"""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from ingest.schedule.log import logger

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ingest.schedule.ticks import TickBook


_LOOK_SECONDS = 0.02


class Clockwork:
    """Runs ticks in the event loop in which it is started."""

    def __init__(self, book: TickBook) -> None:
        from apscheduler.schedulers.asyncio import AsyncIOScheduler

        # "maximum number of running instances reached" is what the book of ticks says better.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        self._book = book
        self._running: set[str] = set()
        self._scheduler = AsyncIOScheduler(
            timezone=UTC,
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

    def add(
        self,
        name: str,
        period_seconds: float,
        run: Callable[[], Awaitable[None]],
        *,
        first_seconds: float | None = None,
        may_take_seconds: float = 60.0,
    ) -> None:
        """Run `run` every `period_seconds`, first after `first_seconds` (at once where None)."""
        self._book.register(name, period_seconds, time.monotonic(), may_take_seconds)

        async def tick() -> None:
            self._book.began(name, time.monotonic())
            self._running.add(name)
            try:
                await run()
            except Exception:
                logger.exception("tick_failed", extra={"fields": {"tick": name}})
            finally:
                self._running.discard(name)
                self._book.ended(name, time.monotonic())

        first = datetime.now(UTC) + timedelta(seconds=first_seconds or 0.0)
        self._scheduler.add_job(
            tick, "interval", seconds=period_seconds, id=name, next_run_time=first
        )

    def start(self) -> None:
        """Begin to run ticks."""
        self._scheduler.start()

    async def stop(self, limit_seconds: float) -> None:
        """Begin no tick any more, and wait so long for those that run.

        APScheduler's own shutdown cancels running coroutines: a claim would be made in its thread
        and nobody would know of it.
        """
        self._scheduler.pause()
        until = time.monotonic() + limit_seconds
        await asyncio.sleep(_LOOK_SECONDS)  # what was handed to the loop just now has begun then
        while self._running and time.monotonic() < until:
            await asyncio.sleep(_LOOK_SECONDS)
        self._scheduler.shutdown(wait=False)
        self._book.close()

    def restart_all(self) -> None:
        """Run every tick now and count its period from here.

        APScheduler counts by the wall clock: after a step back it would wait for the old time.
        """
        if not self._scheduler.running:
            return  # the end has begun meanwhile
        now = datetime.now(UTC)
        for job in self._scheduler.get_jobs():
            job.reschedule("interval", seconds=job.trigger.interval.total_seconds())
            job.modify(next_run_time=now)
        self._scheduler.wakeup()

    def restart_all_soon(self, loop: asyncio.AbstractEventLoop) -> None:
        """The same, from another thread."""
        loop.call_soon_threadsafe(self.restart_all)
