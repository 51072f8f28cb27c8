"""What threads do for an event loop, and moments in which none of them does anything."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from typing import TypeVar

Result = TypeVar("Result")


class Quiet:
    """Work goes to threads through `run`; `alone` waits for a moment without any.

    For one event loop.
    """

    def __init__(self) -> None:
        self._at_work = 0
        self._wanting_quiet = 0
        self._changed = asyncio.Event()

    async def run(self, thread: Executor, work: Callable[[], Result]) -> Result:
        """Run `work` in a thread, not while quiet is wanted."""
        while self._wanting_quiet:
            await self._next_change()
        self._at_work += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(thread, work)
        finally:
            self._at_work -= 1
            self._changed.set()

    async def alone(self, work: Callable[[], Result]) -> Result:
        """Run `work` here, which must be short, while no thread is at work."""
        self._wanting_quiet += 1
        try:
            while self._at_work:
                await self._next_change()
            return work()
        finally:
            self._wanting_quiet -= 1
            self._changed.set()

    async def _next_change(self) -> None:
        self._changed.clear()
        await self._changed.wait()
