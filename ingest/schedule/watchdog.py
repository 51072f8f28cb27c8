"""A thread that watches the event loop from outside: nobody inside can tell that it hangs.

It looks into the book of ticks, says once what hangs or was missed and where the loop is stuck,
notices a clock that was stepped, and pets systemd's watchdog only while all is well.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
import traceback
from typing import TYPE_CHECKING

from ingest.schedule.log import say
from ingest.schedule.notify import notify

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from ingest.schedule.ticks import TickBook

LOOK_SECONDS = 2.0
STEP_SECONDS = 5.0  # the wall clock against the monotonic one
_FRAMES = 6


class Watchdog:
    """Use as a context manager around the event loop's work, in the loop's thread.

    `on_step` is called in the watchdog's thread with the seconds by which the clock was stepped,
    `on_missed` with the name of a tick that is not run any more.
    """

    def __init__(
        self,
        book: TickBook,
        *,
        clock: Callable[[], datetime],
        on_step: Callable[[float], None],
        on_missed: Callable[[str], None],
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        self._book = book
        self._clock = clock
        self._on_step = on_step
        self._on_missed = on_missed
        self._look_seconds = look_seconds
        self._loop_thread = threading.get_ident()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="ingest-watchdog", daemon=True)
        self._offset = 0.0

    def __enter__(self) -> Watchdog:
        self._loop_thread = threading.get_ident()
        self._offset = self._wall_minus_monotonic()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join(timeout=self._look_seconds + 1)

    def _watch(self) -> None:
        while not self._end.wait(self._look_seconds):
            self.look(time.monotonic())

    def look(self, now: float) -> None:
        """Look once; `now` is the monotonic clock the ticks are booked with."""
        for trouble in self._book.look(now):
            if trouble.kind == "recovered":
                say(logging.INFO, "tick_recovered", tick=trouble.name)
                continue
            say(
                logging.ERROR,
                f"tick_{trouble.kind}",
                tick=trouble.name,
                seconds=round(trouble.seconds, 1),
                loop_at=self._where_the_loop_is(),
            )
            if trouble.kind == "missed":
                self._on_missed(trouble.name)
        offset = self._wall_minus_monotonic()
        if abs(offset - self._offset) > STEP_SECONDS:
            stepped = offset - self._offset
            self._offset = offset
            say(logging.WARNING, "clock_stepped", seconds=round(stepped, 1))
            self._on_step(stepped)
        if self._book.is_well(now):
            notify("WATCHDOG=1")

    def _wall_minus_monotonic(self) -> float:
        return self._clock().timestamp() - time.monotonic()

    def _where_the_loop_is(self) -> str:
        frame = sys._current_frames().get(self._loop_thread)
        if frame is None:
            return "ended"
        frames = traceback.extract_stack(frame)[-_FRAMES:]
        return " > ".join(f"{one.name}:{one.lineno}" for one in frames)
