"""How far a long command has come: one line on the terminal's stderr, from the second second on."""

from __future__ import annotations

import itertools
import shutil
import sys
import threading
import time
from types import TracebackType
from typing import Self

PATIENCE_SECONDS = 1.0  # what is done sooner needs no bar
REDRAW_SECONDS = 0.1
BAR_COLUMNS = 24


class Progress:
    """A bar that is drawn on terminals only, and is gone at the end.

    `what` names what is counted. Not drawn with --quiet, nor while results of their own are
    printed to the same terminal.
    """

    def __init__(self, what: str, *, is_quiet: bool = False) -> None:
        self._what = what
        self._is_shown = sys.stderr.isatty() and not is_quiet
        self._started = self._drawn_at = time.monotonic()
        self._is_drawn = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.clear()

    def __call__(self, done: int, total: int) -> None:
        """So many are done, of so many."""
        now = time.monotonic()
        is_early = now - self._started < PATIENCE_SECONDS or now - self._drawn_at < REDRAW_SECONDS
        if not self._is_shown or is_early or total <= 0:
            return
        filled = min(BAR_COLUMNS, BAR_COLUMNS * done // total)
        bar = "█" * filled + "░" * (BAR_COLUMNS - filled)
        left = (now - self._started) / max(done, 1) * max(total - done, 0)
        text = f"{bar} {done:,} of {total:,} {self._what}"
        text += f", {left:.0f} s left" if done else f", {now - self._started:.0f} s"
        _draw(text)
        self._drawn_at, self._is_drawn = now, True

    def clear(self) -> None:
        """Take the bar away, for a line of output or for good."""
        if self._is_drawn:
            _draw("")
            self._is_drawn = False


class Waiting:
    """The same for what cannot be counted: what is done, and for how many seconds."""

    def __init__(self, what: str, *, is_quiet: bool = False) -> None:
        self._what = what
        self._is_shown = sys.stderr.isatty() and not is_quiet
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        if self._is_shown:
            self._thread = threading.Thread(target=self._turn, name="ingest-waiting", daemon=True)
            self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        if self._thread is not None:
            self._thread.join()

    def _turn(self) -> None:
        began = time.monotonic()
        if self._over.wait(PATIENCE_SECONDS):
            return
        for mark in itertools.cycle("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"):
            _draw(f"{mark} {self._what}, {time.monotonic() - began:.0f} s")
            if self._over.wait(REDRAW_SECONDS):
                break
        _draw("")


def _draw(text: str) -> None:
    """Put this line in place of the one before; never a second line, however narrow it is."""
    columns = shutil.get_terminal_size().columns - 1
    sys.stderr.write(f"\r\x1b[K{text[:columns]}")
    sys.stderr.flush()
