"""How much of what was fetched may be in memory at once: between the network and the database.

A body waits for a worker, what the worker made of it for the writer. Where these are slower than
the network, the next request waits, rather than that memory grows with the number of feeds.
"""

from __future__ import annotations

import asyncio
from collections import deque

EXPECTED_BYTES = 65_536  # of a feed never fetched before; the others mostly bring nothing new


class InHand:
    """The bodies in hand of one event loop, bounded by the sum of their bytes."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._bytes = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    def hand(self) -> Hand:
        """The share of one poll, with nothing in it yet."""
        return Hand(self)

    async def take(self, expected_bytes: int) -> None:
        """Wait for room. One alone always finds it, however large."""
        while self._bytes > 0 and self._bytes + expected_bytes > self._limit_bytes:
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            try:
                await turn
            except asyncio.CancelledError:
                if not turn.cancelled():
                    self.change(0)  # it had just been this one's turn: it is the next one's
                raise
        self._bytes += expected_bytes

    def change(self, by_bytes: int) -> None:
        """There is more, or less, than was taken; less wakes those who wait."""
        self._bytes += by_bytes
        free_bytes = self._limit_bytes - self._bytes
        while self._waiting and (free_bytes > 0 or self._bytes == 0):
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                free_bytes -= EXPECTED_BYTES


class Hand:
    """What one poll holds."""

    __slots__ = ("_all", "_bytes")

    def __init__(self, of_all: InHand) -> None:
        self._all = of_all
        self._bytes = 0

    async def take(self, expected_bytes: int) -> None:
        """Wait until so much more may be held; at once where nothing is expected."""
        if expected_bytes:
            await self._all.take(expected_bytes)
            self._bytes += expected_bytes

    def hold(self, actual_bytes: int) -> None:
        """It is this much; at the end of the poll nothing."""
        if actual_bytes != self._bytes:
            difference = actual_bytes - self._bytes
            self._bytes = actual_bytes
            self._all.change(difference)
