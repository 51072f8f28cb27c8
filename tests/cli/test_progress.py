"""What is said while a command is busy: on terminals, on one line, and gone at the end."""

from __future__ import annotations

import asyncio
import io
import threading
from types import SimpleNamespace

import pytest

from ingest.cli import fetching, progress, status
from ingest.cli.progress import Progress, Waiting


class Terminal(io.StringIO):
    """A terminal's screen; `wrote` is set with the first character."""

    def __init__(self) -> None:
        super().__init__()
        self.wrote = threading.Event()

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        written = super().write(text)
        self.wrote.set()
        return written

    def lines(self) -> list[str]:
        """What stood on the line, one after the other."""
        return self.getvalue().split("\r\x1b[K")[1:]


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Standard error is a terminal of 40 columns, and nobody waits before drawing."""
    made = Terminal()
    for module in (progress, fetching):  # pytest itself sets sys.stderr before each test
        monkeypatch.setattr(module, "sys", SimpleNamespace(stderr=made))
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setattr(progress, "PATIENCE_SECONDS", 0.0)
    monkeypatch.setattr(progress, "REDRAW_SECONDS", 0.0)
    return made


def test_a_bar_grows_and_is_taken_away(terminal: Terminal) -> None:
    with Progress("feeds") as bar:
        bar(0, 4)
        bar(2, 4)
    drawn = terminal.lines()
    assert drawn[0].startswith("░" * 24 + " 0 of 4 feeds")
    assert drawn[1].startswith("█" * 12 + "░" * 12 + " 2 of 4 feeds")
    assert drawn[-1] == ""
    assert all(len(line) < 40 for line in drawn)  # a line that is too long would leave its rest


def test_what_cannot_be_counted_is_named(terminal: Terminal) -> None:
    with Waiting("reading"):
        assert terminal.wrote.wait(60)
    drawn = terminal.lines()
    assert drawn[0] == "⠋ reading, 0 s"
    assert drawn[-1] == ""


@pytest.mark.parametrize("is_quiet", [True, False])
def test_nothing_is_drawn_quietly_or_into_a_file(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, is_quiet: bool
) -> None:
    if not is_quiet:
        monkeypatch.setattr(terminal, "isatty", lambda: False)
    with Progress("feeds", is_quiet=is_quiet) as bar, Waiting("reading", is_quiet=is_quiet):
        bar(1, 2)
    assert terminal.getvalue() == ""


def test_a_bar_is_drawn_while_nothing_comes(terminal: Terminal) -> None:
    async def slow() -> str:
        async with asyncio.timeout(60):
            while not terminal.wrote.is_set():
                await asyncio.sleep(0.01)
        return "done"

    with Progress("feeds") as bar:
        assert asyncio.run(fetching.drawing(bar, slow(), lambda: (3, 14))) == "done"
    assert "3 of 14 feeds" in terminal.lines()[0]


def test_a_watched_screen_is_never_wider_or_higher_than_the_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "10")
    monkeypatch.setenv("LINES", "4")
    lines = ["\x1b[2mfeeds\x1b[0m 12345678901", "東京東京東京", "short", "never shown"]
    assert status.fitted(lines) == [
        "\x1b[2mfeeds\x1b[0m 1234\x1b[K",
        "東京東京東\x1b[K",
        "short\x1b[K",
    ]
