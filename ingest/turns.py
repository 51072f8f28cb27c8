"""One poll's turn at one site after another: redirects are held to the politeness of their target.

    visit(first site) --redirect--> give the turn back --> visit(the target's site) --> request

A turn is given back before the next is waited for, so that feeds which lead to each other's sites
never wait in a circle.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Protocol, Self

from ingest.errors import FetchError
from ingest.model import PollOutcome

# How long a redirect is worth waiting for: a pause, and then a turn. With the fetch itself it stays
# within what a poll may take (schedule.poll_timeout_seconds). Those who lead to one host come a
# second apart.
LONGEST_WAIT_SECONDS = 30.0


class Gate(Protocol):
    """The turn-taking in front of every request to a site."""

    def visit(self, site: str, *, wait_seconds: float = 0.0) -> AbstractAsyncContextManager[None]:
        """Enter when it is this request's turn at `site`, not before `wait_seconds` from now."""

    def pause(self, site: str, seconds: float) -> None:
        """Start nothing at `site` for so long."""

    def paused_seconds(self, site: str) -> float:
        """How much longer nothing is started at `site`; 0 where it is not paused."""


async def _unknown(_: str) -> float:
    return 0.0


class Turns:
    """The turn at `site`, and after `go_on` the turn at another. An async context manager.

    `paused_elsewhere` tells for how many seconds more a site is paused by what others know: the
    database, say, of a pause that began before this process.
    """

    def __init__(
        self,
        gate: Gate,
        site: str,
        *,
        wait_seconds: float = 0.0,
        paused_elsewhere: Callable[[str], Awaitable[float]] = _unknown,
        longest_wait_seconds: float = LONGEST_WAIT_SECONDS,
    ) -> None:
        self._gate = gate
        self.site = site  # where the turn is now, or was last waited for
        self._wait_seconds = wait_seconds
        self._paused_elsewhere = paused_elsewhere
        self._longest_wait_seconds = longest_wait_seconds
        self._held: AbstractAsyncContextManager[None] | None = None

    async def __aenter__(self) -> Self:
        await self._take(self._gate.visit(self.site, wait_seconds=self._wait_seconds))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._give_back()

    async def _take(self, visit: AbstractAsyncContextManager[None]) -> None:
        await visit.__aenter__()
        self._held = visit

    async def _give_back(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            await held.__aexit__(None, None, None)

    async def go_on(self, site: str) -> None:
        """Give the turn back and take one at `site`.

        Raises FetchError: RATE_LIMITED, for as long as the site is to be left alone; TIMEOUT where
        too many others wait there.
        """
        await self._give_back()
        self.site = site
        paused = max(self._gate.paused_seconds(site), await self._paused_elsewhere(site))
        if paused > self._longest_wait_seconds:
            raise FetchError(
                f"the redirect leads to {site}, which is left alone for {paused:.0f} s more",
                PollOutcome.RATE_LIMITED,
                retry_after_seconds=paused,
            )
        try:
            async with asyncio.timeout(paused + self._longest_wait_seconds):
                await self._take(self._gate.visit(site, wait_seconds=paused))
        except TimeoutError as error:
            raise FetchError(
                f"the redirect leads to {site}, where too many others wait for their turn",
                PollOutcome.TIMEOUT,
            ) from error
