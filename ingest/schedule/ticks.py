"""A book of the daemon's ticks: when each last began and ended, and which are in trouble.

APScheduler runs the ticks; nobody but this book notices when one hangs, or is not run at all.
Times are seconds of a monotonic clock.
"""

from __future__ import annotations

from dataclasses import dataclass

LATE_FACTOR = 3.0  # a tick that has not begun for so many of its periods is missed …
LATE_SECONDS = 15.0  # … but never before this


@dataclass(slots=True)
class _Tick:
    period_seconds: float
    may_take_seconds: float
    began_at: float  # when it was registered, until it begins
    ended_at: float | None = None
    is_running: bool = False
    is_told: bool = False


@dataclass(frozen=True, slots=True)
class TickTrouble:
    """A tick that hangs or was missed, for so many seconds."""

    name: str
    kind: str  # hangs, missed, recovered
    seconds: float


class TickBook:
    """Remembers the ticks; `look` says what is wrong, each trouble once, and when it is over."""

    def __init__(self) -> None:
        self._ticks: dict[str, _Tick] = {}

    def register(
        self, name: str, period_seconds: float, now: float, may_take_seconds: float = 60.0
    ) -> None:
        """From now on this tick is expected every `period_seconds`."""
        self._ticks[name] = _Tick(period_seconds, may_take_seconds, now)

    def began(self, name: str, now: float) -> None:
        """The tick has begun."""
        tick = self._ticks[name]
        tick.began_at, tick.is_running = now, True

    def ended(self, name: str, now: float) -> None:
        """The tick has ended, well or not."""
        tick = self._ticks.get(name)
        if tick is not None:  # else the book was closed meanwhile
            tick.ended_at, tick.is_running = now, False

    def close(self) -> None:
        """No tick is expected any more: the polls in flight may take their time to end."""
        self._ticks.clear()

    def look(self, now: float) -> list[TickTrouble]:
        """What has changed: ticks that hang or were missed since, and those that recovered."""
        found = []
        for name, tick in list(self._ticks.items()):  # the watchdog's thread looks
            trouble = self._trouble(name, tick, now)
            if trouble is not None and not tick.is_told:
                tick.is_told = True
                found.append(trouble)
            elif trouble is None and tick.is_told:
                tick.is_told = False
                found.append(TickTrouble(name, "recovered", 0.0))
        return found

    def is_well(self, now: float) -> bool:
        """Whether no tick hangs or is missed."""
        return all(
            self._trouble(name, tick, now) is None for name, tick in list(self._ticks.items())
        )

    @staticmethod
    def _trouble(name: str, tick: _Tick, now: float) -> TickTrouble | None:
        if tick.is_running:
            took = now - tick.began_at
            return TickTrouble(name, "hangs", took) if took > tick.may_take_seconds else None
        last = tick.began_at if tick.ended_at is None else tick.ended_at
        silent = now - last
        if silent > max(LATE_FACTOR * tick.period_seconds, LATE_SECONDS + tick.period_seconds):
            return TickTrouble(name, "missed", silent)
        return None
