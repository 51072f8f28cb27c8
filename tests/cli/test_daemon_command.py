"""`ingest run` as a process: it polls, reloads on SIGHUP, and ends in order on SIGTERM."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ingest.cli.demo.server import DemoServer
from tests.cli.conftest import Cli, write_config

PATIENCE_SECONDS = 60.0


@contextmanager
def running(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-m", "ingest", *arguments],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "INGEST_LOG__FORMAT": "json"},
    ) as daemon:
        try:
            yield daemon
        finally:
            daemon.kill()


def wait_for(daemon: subprocess.Popen[str], wanted: Callable[[dict[str, Any]], bool]) -> None:
    """Read the daemon's log up to the line that is wanted."""
    assert daemon.stderr is not None
    deadline = time.monotonic() + PATIENCE_SECONDS
    seen = []
    for line in daemon.stderr:
        seen.append(line)
        if wanted(json.loads(line)):
            return
        assert time.monotonic() < deadline, "".join(seen)
    raise AssertionError("the daemon ended: " + "".join(seen))


def polled(name: str) -> Callable[[dict[str, Any]], bool]:
    return lambda line: line["event"] == "poll" and line["feed"] == name


def event(name: str) -> Callable[[dict[str, Any]], bool]:
    return lambda line: line["event"] == name


def ended(daemon: subprocess.Popen[str], number: signal.Signals) -> int:
    daemon.send_signal(number)
    assert daemon.stderr is not None
    daemon.stderr.read()
    return daemon.wait(PATIENCE_SECONDS)


def test_a_daemon_polls_reloads_and_finishes_in_order(
    cli: Cli, here: Path, database_url: str
) -> None:
    config = here / "config.toml"
    with DemoServer() as server:
        write_config(config, database_url, server, {"harbour-ledger"})
        with running("run") as daemon:
            wait_for(daemon, polled("harbour-ledger"))

            good = config.read_text()
            config.write_text(good + "\n[fetch")
            daemon.send_signal(signal.SIGHUP)
            wait_for(daemon, event("reload_failed"))

            write_config(config, database_url, server, {"harbour-ledger", "valley-register"})
            daemon.send_signal(signal.SIGHUP)
            wait_for(daemon, polled("valley-register"))
            assert ended(daemon, signal.SIGTERM) == 0
    rows = cli("articles", "--json").rows
    assert {row["publisher"] for row in rows} == {"The Harbour Ledger", "The Valley Register"}
    assert all(row["story_id"] for row in rows)
    assert "stopped" in cli("status").out


@pytest.mark.usefixtures("here")
def test_ctrl_c_ends_a_daemon_in_order(sqlite_url: str) -> None:
    with running("--database", sqlite_url, "run") as daemon:
        wait_for(daemon, event("started"))
        assert ended(daemon, signal.SIGINT) == 0
