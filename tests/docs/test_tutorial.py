"""The tutorial, typed into a shell line by line as a reader would."""

from __future__ import annotations

import os
import re
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from ingest.cli.demo.outlets import OUTLETS
from ingest.cli.demo.server import DemoServer

PAGE = (Path(__file__).parents[2] / "docs" / "tutorial.md").read_text(encoding="utf-8")
PATIENCE_SECONDS = 240.0
# `make demo` is run by CI; .venv is where these tests run.
ELSEWHERE = ("make demo", ". .venv/bin/activate")


class Shell:
    """A bash with job control that is told one command after the other."""

    def __init__(self, folder: Path, environ: dict[str, str]) -> None:
        self._bash = subprocess.Popen(
            ["bash", "--norc", "--noprofile"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=folder,
            env=environ,
        )
        self.type("set -m")

    def type(self, command: str) -> tuple[int, str]:
        """The exit code of a command and what it printed."""
        assert self._bash.stdin is not None
        assert self._bash.stdout is not None
        self._bash.stdin.write(f"{command}\necho; echo ==done $?\n")
        self._bash.stdin.flush()
        lines: list[str] = []
        for line in self._bash.stdout:
            if found := re.fullmatch(r"==done (\d+)\n", line):
                return int(found[1]), "".join(lines)
            lines.append(line)
        raise AssertionError(f"the shell ended: {''.join(lines)}")

    def close(self) -> None:
        """End it, and what it still has in the background."""
        self.type("jobs -p | xargs -r kill; wait")
        assert self._bash.stdin is not None
        self._bash.stdin.close()
        self._bash.wait(timeout=60)
        assert self._bash.stdout is not None
        self._bash.stdout.close()


@pytest.fixture
def port() -> int:
    """A port for the web page that nobody has."""
    with closing(socket.socket()) as one:
        one.bind(("127.0.0.1", 0))
        found: int = one.getsockname()[1]
        return found


@pytest.fixture
def shell(tmp_path: Path, port: int) -> Iterator[Shell]:
    """A shell in an empty folder, for which `ingest` is a command."""
    programs = tmp_path / "bin"
    programs.mkdir()
    program = programs / "ingest"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m ingest "$@"\n')
    program.chmod(0o755)
    environ = {name: value for name, value in os.environ.items() if not name.startswith("INGEST_")}
    environ |= {
        "PATH": f"{programs}{os.pathsep}{environ['PATH']}",
        "INGEST_WEB__PORT": str(port),
        "INGEST_FETCH__ALLOW_NETWORKS": "127.0.0.0/8",
    }
    folder = tmp_path / "empty"
    folder.mkdir()
    opened = Shell(folder, environ)
    yield opened
    opened.close()


def commands(number: int) -> list[str]:
    """What the part of this number says to type; a command may go over several lines."""
    part = PAGE.partition(f"\n## {number}. ")[2].partition("\n## ")[0]
    blocks = re.findall(r"```console\n(.*?)```", part, re.S)
    return [one for block in blocks for one in re.split(r"^\$ ", block, flags=re.M) if one.strip()]


def until(is_so: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.1)


def answer_of(database: Path) -> list[tuple[object, ...]]:
    (query,) = re.findall(r'"\n(SELECT.*?)"', PAGE, re.S)
    try:
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
            return [tuple(map(str, row)) for row in connection.execute(query)]
    except sqlite3.OperationalError:  # not made yet, or being made
        return []


def cells(text: str) -> list[tuple[object, ...]]:
    return [
        tuple(re.split(r"\s{2,}", line.strip())) for line in text.splitlines()[1:] if line.strip()
    ]


def test_the_tutorial_works_as_it_is_written(shell: Shell, tmp_path: Path, port: int) -> None:
    practice = tmp_path / "empty" / "practice"
    assert [one.strip() for one in commands(1)] == list(ELSEWHERE)

    for command in commands(2):
        assert shell.type(command)[0] == 0, command
    until((practice / "config.toml").is_file, "the config of the sample feeds")

    wanted = cells(re.findall(r"```text\n(.*?)```", PAGE, re.S)[0])
    enter, run, *look = commands(3)
    assert shell.type(enter)[0] == 0
    assert shell.type(run)[0] == 0

    log = practice / "daemon.log"

    def is_answered() -> bool:
        said = log.read_text() if log.exists() else ""
        assert "Traceback" not in said, said[-2_000:]
        return answer_of(practice / "ingest.db") == wanted

    until(is_answered, "the answer that the page shows")
    for command in [*look, *commands(4)]:
        code, printed = shell.type(command)
        assert code == 0, f"{command}: {printed}"
        assert printed.strip(), command

    (address,) = re.findall(r"<(http://127.0.0.1:8080/)>", PAGE)
    with urllib.request.urlopen(address.replace("8080", str(port)), timeout=60) as response:
        shown = response.read().decode()
    assert "Brask Strait ferries halted" in shown
    assert re.search(r'href="/stories/\d+"', shown)

    query, changes, end = commands(5)
    assert cells(shell.type(query)[1]) == wanted
    assert shell.type(changes)[0] == 0
    shell.type(end)
    shell.type("wait")
    assert '"event":"stopped"' in log.read_text()

    with DemoServer() as server:
        for command in commands(6):
            if command.startswith("ingest feeds add"):  # what the page says to do by hand
                config = tmp_path / "empty" / "news" / "config.toml"
                config.write_text(config.read_text().partition("\n# A set to start with")[0])
            feed = server.url(next(one for one in OUTLETS if one.name == "harbour-ledger"))
            code, printed = shell.type(command.replace("https://news.example/", feed))
            assert code == 0, f"{command}: {printed}"
    assert "Merrow buys its lighthouse" in printed
