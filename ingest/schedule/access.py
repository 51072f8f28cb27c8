"""The daemon's way to the database: in a thread, and with patience where it is away."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from ingest.errors import DatabaseError
from ingest.schedule.log import say

if TYPE_CHECKING:
    from collections.abc import Callable

    from ingest.store.engine import Connection, Database

Answer = TypeVar("Answer")

MAX_PAUSE_SECONDS = 30.0  # between two attempts while the database is away


class Access:
    """One thread that talks to the database for the ticks.

    While the database is away `write` and `read` answer None without trying, until a pause that
    grows exponentially with full jitter is over. Going and coming back is said once each.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ingest-claims")
        self._not_before = 0.0
        self._failures = 0
        self._away_since: float | None = None

    @property
    def is_away(self) -> bool:
        """Whether the last attempt found no database."""
        return self._away_since is not None

    async def write(self, work: Callable[[Connection], Answer]) -> Answer | None:
        """Run `work` in a write transaction; None while the database is away."""
        return await self._run(lambda: self._transact(work))

    async def read(self, work: Callable[[Connection], Answer]) -> Answer | None:
        """Run `work` on a connection that reads; None while the database is away."""
        return await self._run(lambda: self._look(work))

    def heard(self, trouble: str | None) -> None:
        """What somebody else found: the database's trouble, or None when it answered."""
        if trouble is None:
            self._came_back()
        else:
            self._went_away(trouble)

    def close(self) -> None:
        """Give the thread back; what is queued is not run."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _run(self, work: Callable[[], Answer]) -> Answer | None:
        if time.monotonic() < self._not_before:
            return None
        loop = asyncio.get_running_loop()
        try:
            answer = await loop.run_in_executor(self._thread, work)
        except DatabaseError as error:
            self._went_away(str(error))
            return None
        self._came_back()
        return answer

    def _transact(self, work: Callable[[Connection], Answer]) -> Answer:
        with self._database.begin() as connection:
            return work(connection)

    def _look(self, work: Callable[[Connection], Answer]) -> Answer:
        with self._database.connect() as connection:
            return work(connection)

    def _went_away(self, trouble: str) -> None:
        now = time.monotonic()
        if self._away_since is None:
            self._away_since = now
            say(logging.ERROR, "database_away", detail=trouble)
        window = min(MAX_PAUSE_SECONDS, 2.0**self._failures)
        self._failures = min(self._failures + 1, 10)
        self._not_before = now + random.uniform(0.1 * window, window)

    def _came_back(self) -> None:
        if self._away_since is not None:
            seconds = round(time.monotonic() - self._away_since, 1)
            say(logging.WARNING, "database_back", away_seconds=seconds)
        self._away_since = None
        self._failures = 0
        self._not_before = 0.0
