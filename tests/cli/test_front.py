"""The short way in for `fetch` understands what it takes as the whole program would."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from ingest.cli import app, fetching, front
from ingest.cli.session import Session

PLAIN = (
    ("fetch", "--all"),
    ("--quiet", "fetch", "--all"),
    ("-q", "-c", "fetch", "fetch", "bbc", "https://www.example.org/feed.xml"),
    ("--database", "sqlite:///a.db", "--config", "a.toml", "fetch", "--all"),
)
LEFT_TO_THE_PROGRAM = (
    ("fetch",),
    ("fetch", "--all", "bbc"),
    ("fetch", "--all", "--json"),
    ("fetch", "--", "bbc"),
    ("fetch", "bbc", "--dry-run"),
    ("--config=a.toml", "fetch", "--all"),
    ("-qc", "a.toml", "fetch", "--all"),
    ("--config",),
    ("status",),
    (),
)


@pytest.mark.parametrize("words", PLAIN, ids=" ".join)
def test_a_plain_fetch_means_what_the_whole_program_reads(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[tuple[Path | None, str | None, bool, tuple[str, ...], bool, bool]] = []

    def noted(
        session: Session, wanted: Sequence[str], *, dry_run: bool = False, as_json: bool = False
    ) -> int:
        calls.append(
            (
                session.config,
                session.database_url,
                session.is_quiet,
                tuple(wanted),
                dry_run,
                as_json,
            )
        )
        return 0

    monkeypatch.setattr(fetching, "fetch_feeds", noted)
    assert front.plain_fetch(words) is not None
    assert front.run(words) == app.call(words) == 0
    assert calls[0] == calls[1]


@pytest.mark.parametrize("words", LEFT_TO_THE_PROGRAM, ids=" ".join)
def test_everything_else_is_left_to_the_whole_program(words: tuple[str, ...]) -> None:
    assert front.plain_fetch(words) is None


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (("fetch", "--all"), "fetch"),
        (("-q", "-c", "status", "feeds", "list"), "feeds"),
        (("--help",), None),
        (("--config=a.toml", "status"), None),
        (("fetsh",), None),
        (("--config",), None),
    ],
)
def test_the_command_of_a_command_line_is_found_before_anything_is_loaded(
    words: tuple[str, ...], name: str | None
) -> None:
    assert app.named_in(words) == name


def test_a_fetch_loads_nothing_that_only_other_commands_or_new_articles_need(
    tmp_path: Path,
) -> None:
    """Each of these costs tens of milliseconds of CPU at every start."""
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; from ingest.cli.front import run; code = run(['fetch', '--all']);"
            "print(code, *sys.modules)",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    code, *loaded = done.stdout.split()
    assert code == "2"  # no feed is subscribed
    heavy = {"typer", "rich", "numpy", "lxml", "feedparser", "trafilatura", "httpx", "starlette"}
    assert heavy.isdisjoint(loaded)
    assert not [name for name in loaded if name.startswith("ingest.cli.demo")]


def test_the_other_database_is_not_loaded_with_the_tables() -> None:
    """A table or an index that is given an option of PostgreSQL loads the whole dialect."""
    script = "import sys, ingest.cli.polling; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert "sqlalchemy.dialects.postgresql" not in done.stdout.split()
