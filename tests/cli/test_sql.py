"""`ingest sql`: a question is answered, nothing else is done."""

from __future__ import annotations

import contextlib
import io
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.conftest import Cli, Newsroom

COUNT = "SELECT count(*) AS articles FROM v_articles"


def test_a_question_is_answered_as_a_table_and_as_json(cli: Cli, newsroom: Newsroom) -> None:
    question = (
        "SELECT first_publisher, count(*) AS stories, max(first_published_at) AS latest,"
        " sum(publishers) AS copies, avg(articles) AS mean FROM v_stories"
        " WHERE publishers > 1 AND headline NOT LIKE '%100%'"
        " GROUP BY first_publisher ORDER BY stories DESC LIMIT 2"
    )
    shown = cli(*newsroom.option, "sql", question)
    assert shown.code == 0, shown.err
    title, first, _ = shown.out.splitlines()
    assert title.split() == ["first_publisher", "stories", "latest", "copies", "mean"]
    assert re.fullmatch(r"Meridian Wire +10  20\d\d-\d\d-\d\d \d\d:\d\d:\d\d +30 +3", first), first
    (row, _) = cli(*newsroom.option, "sql", "--json", question).rows
    assert list(row) == title.split()
    assert row["first_publisher"] == "Meridian Wire"
    assert (row["stories"], row["copies"], row["mean"]) == (10, 30, 3)


def test_the_first_rows_are_shown_and_it_is_said_that_there_are_more(
    cli: Cli, newsroom: Newsroom
) -> None:
    result = cli(*newsroom.option, "sql", "SELECT id FROM v_articles ORDER BY id", "-n", "2")
    assert result.out.split() == ["id", "1", "2"]
    assert result.err == "the first 2 rows; --limit shows more\n"
    nothing = cli(*newsroom.option, "sql", "SELECT id FROM v_articles WHERE id < 0")
    assert (nothing.code, nothing.out, nothing.err) == (0, "", "no rows\n")


def test_a_question_may_come_from_a_file(
    cli: Cli, newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"-- how many\n{COUNT};\n"))
    assert int(cli(*newsroom.option, "sql", "-").out.split()[1]) >= 40


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM article",
        "UPDATE feed SET name = 'x'",
        "DROP VIEW v_polls",
        "CREATE TABLE mine (id integer)",
        "SELECT 1; DELETE FROM change",
        "BEGIN",
        "SELECT nonsense FROM v_articles",
        "SELEKT 1",
        "  ",
    ],
)
def test_whatever_is_no_question_is_refused_in_a_line_and_changes_nothing(
    cli: Cli, newsroom: Newsroom, statement: str
) -> None:
    before = cli(*newsroom.option, "sql", COUNT).out
    result = cli(*newsroom.option, "sql", statement)
    assert result.code == 2, result.out
    assert result.out == ""
    assert result.err.startswith("ingest: ")
    assert result.err.count("\n") == 1
    assert cli(*newsroom.option, "sql", COUNT).out == before
    assert cli(*newsroom.option, "sql", "SELECT count(*) AS n FROM change").out.split()[1] != "0"


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="looks into /proc")
def test_a_question_that_takes_for_ever_ends_with_ctrl_c(newsroom: Newsroom, here: Path) -> None:
    endless = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
        " SELECT count(*) FROM n WHERE i < 0"
    )
    asked = subprocess.Popen(
        [sys.executable, "-m", "ingest", *newsroom.option, "sql", endless],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        _until_it_computes(asked.pid)
        asked.send_signal(signal.SIGINT)
        out, err = asked.communicate(timeout=120)
    finally:
        asked.kill()
    assert asked.returncode == 130, err
    assert out == ""
    assert "Traceback" not in err


def _until_it_computes(pid: int) -> None:
    """Wait until the question is being worked at: by this process, or by the server for it."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if b"sql" in Path(f"/proc/{pid}/cmdline").read_bytes() and _has_asked(pid):
            return
        time.sleep(0.1)
    raise AssertionError("the question was not asked")


def _has_asked(pid: int) -> bool:
    """Whether the database is open: by its file or its socket."""
    opened = []
    for one in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed since it was listed
            opened.append(str(one.readlink()))
    return any("ingest.db" in one or one.startswith("socket:") for one in opened)
