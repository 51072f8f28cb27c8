"""`ingest demo` from beginning to end, as somebody who has just installed it runs it."""

from __future__ import annotations

import os
import re
import shlex
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from ingest.cli.demo.report import _program
from tests.cli.conftest import Cli


def test_the_demo_shows_what_the_daemon_found_and_leaves_one_folder(here: Path) -> None:
    environ = {**os.environ, "INGEST_FETCH__MAX_BYTES": "1"}  # not of this demo's concern
    done = subprocess.run(
        [sys.executable, "-m", "ingest", "demo"],
        capture_output=True,
        text=True,
        env=environ,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert [path.name for path in here.iterdir()] == [".demo"]

    out = done.stdout
    assert re.search(r"\d+ of 4\d polls", out)  # it shows progress
    stories = out.partition("Stories that more than one publisher ran")[2].partition("Why are")[0]
    assert stories.count("Meridian Wire") >= 9
    assert "The Harbour Ledger  Coastline Today" in stories
    assert "Coastline Today" in stories.partition("marsh fever")[0]  # the copy that came late
    assert "One story" in out
    assert "resemblance" in out
    health = out.partition("How the feeds fared")[2]
    assert re.search(r"city-beacon .* ok +\d+ +3 +1 ", health)  # the edit is a revision
    assert re.search(r"evening-signal .* failing .*an HTML page, not a feed", health)
    assert re.search(r"static-tribune .* failing .*refused", health)
    # The agency's two feeds carry the same articles: whichever comes first brings them, and the
    # fuller one, where it comes second, revises them.
    shared = re.findall(r"meridian-(?:wire|science) .* ok +\d+ +(\d+) +\d+ ", health)
    assert len(shared) == 2
    assert sum(map(int, shared)) == 7
    assert "not modified" in health

    commands = [line.strip() for line in out.partition("To go on")[2].splitlines() if line.strip()]
    assert len(commands) == 6
    for command in commands:
        words = shlex.split(command, comments=True)
        if words[0] == "sqlite3":
            with closing(sqlite3.connect(words[1])) as connection:
                assert connection.execute(words[2]).fetchall()
        elif words[3] != "init":
            again = subprocess.run(words, capture_output=True, text=True, check=False)
            assert again.returncode == 0, command
            assert again.stdout


def test_the_demo_leaves_a_folder_alone_that_is_not_its_own(cli: Cli, here: Path) -> None:
    (here / ".demo").mkdir()
    (here / ".demo" / "thesis.txt").write_text("three years of work")
    for options in ((), ("--serve",)):
        result = cli("demo", *options)
        assert result.code == 2
        assert ".demo: holds something else" in result.err
    assert (here / ".demo" / "thesis.txt").exists()


def test_the_commands_to_go_on_with_are_called_as_the_demo_was(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = here / ".venv" / "bin" / "ingest"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(here / "elsewhere"))
    for called in (".venv/bin/ingest", str(program)):
        monkeypatch.setattr(sys, "argv", [called, "demo"])
        assert _program() == ".venv/bin/ingest"
    monkeypatch.setenv("PATH", str(program.parent))  # as after `. .venv/bin/activate`
    assert _program() == "ingest"
