"""The pipeline that polls go through, and its replacement while polls are in flight."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from ingest.config import Settings
from ingest.record import Recorded
from ingest.schedule.log import say
from ingest.store.leases import DueFeed


class Poller(Protocol):
    """What the daemon needs of the pipeline."""

    @property
    def waiting_to_be_written(self) -> int:
        """How many finished polls wait for the writer."""

    async def poll(self, due: DueFeed) -> Recorded:
        """Poll a claimed feed; return once everything of it is committed."""


# From settings and a listener for the database's trouble to a pipeline that is not entered yet.
OpenPoller: TypeAlias = Callable[
    [Settings, Callable[[str | None], None]], AbstractAsyncContextManager[Poller]
]


@dataclass(slots=True)
class Generation:
    """A pipeline, the settings it was opened with, and the polls that go through it."""

    settings: Settings
    context: AbstractAsyncContextManager[Poller]
    poller: Poller
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def add(self, task: asyncio.Task[None]) -> None:
        """A poll goes through this pipeline; it is forgotten when it ends."""
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)


class Pipelines:
    """The current pipeline, and older ones whose last polls are still in flight."""

    def __init__(
        self, open_poller: OpenPoller, *, on_trouble: Callable[[str | None], None]
    ) -> None:
        self._open_poller = open_poller
        self._on_trouble = on_trouble
        self._current: Generation | None = None
        self._retiring: set[asyncio.Task[bool]] = set()

    @property
    def current(self) -> Generation:
        """The pipeline for new polls. Only after `open`."""
        assert self._current is not None
        return self._current

    @property
    def waiting_to_be_written(self) -> int:
        """How many finished polls wait for the writer; 0 before `open`."""
        return 0 if self._current is None else self._current.poller.waiting_to_be_written

    async def open(self, settings: Settings) -> None:
        """Open a pipeline for new polls; the one before ends with its last poll."""
        context = self._open_poller(settings, self._on_trouble)
        before = self._current
        self._current = Generation(settings, context, await context.__aenter__())
        if before is not None:
            limit = before.settings.schedule.poll_timeout_seconds
            retire = asyncio.create_task(self._close(before, limit), name="ingest-retire")
            self._retiring.add(retire)
            retire.add_done_callback(self._retiring.discard)

    async def close(self, limit_seconds: float) -> bool:
        """Finish every poll; whether all of them were finished and written within the limit."""
        retiring = set(self._retiring)
        closed = await self._close(self.current, limit_seconds)
        if not retiring:
            return closed
        done, late = await asyncio.wait(retiring, timeout=limit_seconds)
        for task in late:
            task.cancel()
        return closed and not late and all(task.result() for task in done)

    async def _close(self, generation: Generation, limit_seconds: float) -> bool:
        late: set[asyncio.Task[None]] = set()
        if generation.tasks:
            _, late = await asyncio.wait(generation.tasks, timeout=limit_seconds)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late, timeout=1.0)
            say(logging.WARNING, "polls_not_finished", polls=len(late))
        # What waits for a database that is away is given up: leases end, the polls are repeated.
        leaving = asyncio.create_task(_leave(generation.context), name="ingest-leave")
        done, _ = await asyncio.wait({leaving}, timeout=limit_seconds)
        if done:
            leaving.result()
            return not late
        leaving.cancel()
        await asyncio.wait({leaving}, timeout=1.0)
        say(logging.ERROR, "not_written", detail="the database is away: these polls are repeated")
        return False


async def _leave(context: AbstractAsyncContextManager[Poller]) -> None:
    await context.__aexit__(None, None, None)
