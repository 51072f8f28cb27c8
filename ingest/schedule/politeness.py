"""The gate in front of every request of this process: concurrency and spacing per site.

The database spaces a site's requests across processes when feeds are claimed (`start_not_before`);
the gate keeps that promise inside the process, and also where no claim was made (`ingest fetch`).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from types import TracebackType

_KEEP_SITES = 10_000  # idle ones beyond this are forgotten, oldest first


@dataclass(slots=True)
class _Site:
    slots: asyncio.Semaphore
    next_start: float = 0.0  # seconds of the injected clock
    users: int = 0
    paused_until: float = field(default=0.0)


class Visit:
    """One turn at a site. An async context manager, written out: every request goes through it."""

    __slots__ = ("_gate", "_site", "_state", "_wait_seconds")

    def __init__(self, gate: SiteGate, site: str, wait_seconds: float) -> None:
        self._gate = gate
        self._site = site
        self._wait_seconds = wait_seconds
        self._state: _Site | None = None

    async def __aenter__(self) -> None:
        self._state = await self._gate.take(self._site, self._wait_seconds)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._state is not None:
            self._gate.give_back(self._state)
            self._state = None


class SiteGate:
    """At most `connections_per_site` requests at once, `delay_seconds` between two starts.

    All sites together have at most `concurrency` requests in flight; who waits for that has taken
    its turn at its site, and no deadline of the request runs yet.

    `monotonic` and `sleep` are the event loop's own outside tests.
    """

    def __init__(
        self,
        *,
        connections_per_site: int,
        delay_seconds: float,
        concurrency: int = 64,
        monotonic: Callable[[], float] | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._connections = connections_per_site
        self._delay = delay_seconds
        self._all = asyncio.Semaphore(concurrency)
        self._monotonic = monotonic or (lambda: asyncio.get_running_loop().time())
        self._sleep = sleep
        self._sites: dict[str, _Site] = {}

    def visit(self, site: str, *, wait_seconds: float = 0.0) -> Visit:
        """Enter when it is this caller's turn; the slot is free again on leaving.

        `wait_seconds` is how far away the start is that the claim gave. Waiting for that moment
        takes no slot.
        """
        return Visit(self, site, wait_seconds)

    async def take(self, site: str, wait_seconds: float) -> _Site:
        """Wait for a turn at `site`: what `Visit` does on entering."""
        earliest = self._monotonic() + max(0.0, wait_seconds)
        state = self._sites.get(site)
        if state is None:
            self._forget_idle()
            state = self._sites[site] = _Site(asyncio.Semaphore(self._connections))
        state.users += 1
        try:
            await self._sleep_until(earliest)
            await state.slots.acquire()
            try:
                while True:
                    # The turn is taken before sleeping, so that two callers never take the same.
                    start = max(self._monotonic(), state.next_start, state.paused_until)
                    state.next_start = start + self._delay
                    await self._sleep_until(start)
                    if state.paused_until <= self._monotonic():
                        break
                await self._all.acquire()
            except BaseException:
                state.slots.release()
                raise
        except BaseException:
            state.users -= 1
            raise
        return state

    def give_back(self, state: _Site) -> None:
        """End a turn: what `Visit` does on leaving."""
        self._all.release()
        state.slots.release()
        state.users -= 1

    def pause(self, site: str, seconds: float) -> None:
        """Start nothing at `site` for so long: whoever waits already waits on."""
        state = self._sites.get(site)
        if state is None:
            state = self._sites[site] = _Site(asyncio.Semaphore(self._connections))
        state.paused_until = max(state.paused_until, self._monotonic() + seconds)

    def paused_seconds(self, site: str) -> float:
        """How much longer nothing is started at `site`; 0 where it is not paused."""
        state = self._sites.get(site)
        return 0.0 if state is None else max(0.0, state.paused_until - self._monotonic())

    async def _sleep_until(self, moment: float) -> None:
        remaining = moment - self._monotonic()
        if remaining > 0:
            await self._sleep(remaining)

    def _forget_idle(self) -> None:
        if len(self._sites) < _KEEP_SITES:
            return
        now = self._monotonic()
        for site, state in list(self._sites.items()):
            if state.users == 0 and max(state.next_start, state.paused_until) <= now:
                del self._sites[site]
