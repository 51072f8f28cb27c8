"""How many feeds may be claimed now: a backlog is worked off gently, not all at once.

After a restart, an outage or a night of a closed laptop every feed is due. A token bucket filled at
a small multiple of the usual rate turns that herd into a somewhat busier hour.
"""

from __future__ import annotations

HERD_FACTOR = 2.0  # times the mean rate of polls: the busiest minute stays below three times
FLOOR_PER_SECOND = 2.0  # a rate below which nobody would speak of a herd
BURST_SECONDS = 10.0
MIN_BURST = 20.0


class Pace:
    """A token bucket over polls. Times are seconds of a monotonic clock, given by the caller."""

    def __init__(self, polls_per_second: float = 0.0) -> None:
        self._rate = FLOOR_PER_SECOND
        self._tokens = MIN_BURST
        self._at: float | None = None
        self.usual(polls_per_second)

    @property
    def per_second(self) -> float:
        """How fast claims may go in the long run."""
        return self._rate

    def usual(self, polls_per_second: float) -> None:
        """Take in the mean rate: the sum of 1 / interval over all feeds."""
        self._rate = max(FLOOR_PER_SECOND, HERD_FACTOR * polls_per_second)

    def allow(self, now: float) -> int:
        """How many claims may be made now."""
        if self._at is not None:
            burst = max(MIN_BURST, BURST_SECONDS * self._rate)
            filled = self._tokens + max(0.0, now - self._at) * self._rate
            self._tokens = min(burst, filled)
        self._at = now
        return max(0, int(self._tokens))

    def spend(self, claims: int) -> None:
        """So many claims were made."""
        self._tokens -= claims

    def settle(self, now: float) -> None:
        """Begin again with an empty bucket: after an outage nothing starts with a burst."""
        self._tokens = min(self._tokens, 0.0)
        self._at = now
