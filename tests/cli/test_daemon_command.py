"""`ingest run` as a process: it polls, reloads on SIGHUP, and ends in order on SIGTERM."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ingest.cli.demo.outlets import OUTLETS
from ingest.cli.demo.server import DemoServer
from ingest.store import changes, feed_queries, webhooks
from ingest.store.engine import open_database
from tests.cli.conftest import Cli
from tests.once import write_config
from tests.schedule.receiver import FakeReceiver

PATIENCE_SECONDS = 180.0


@contextmanager
def running(*arguments: str, **environ: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-m", "ingest", *arguments],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "INGEST_LOG__FORMAT": "json", **environ},
    ) as daemon:
        try:
            yield daemon
        finally:
            daemon.kill()


@dataclass
class Log:
    """A daemon's log as far as it was read: every line is one JSON object."""

    daemon: subprocess.Popen[str]
    lines: list[dict[str, Any]] = field(default_factory=list)

    def wait_for(self, wanted: Callable[[dict[str, Any]], bool]) -> None:
        """Read on, up to the line that is wanted."""
        assert self.daemon.stderr is not None
        deadline = time.monotonic() + PATIENCE_SECONDS
        for line in self.daemon.stderr:
            assert line.startswith("{"), line + self.daemon.stderr.read()  # a traceback
            self.lines.append(json.loads(line))
            if wanted(self.lines[-1]):
                return
            assert time.monotonic() < deadline, self.lines
        raise AssertionError(f"the daemon ended: {self.lines}")

    def rest(self) -> None:
        """Read what is left when it ends."""
        assert self.daemon.stderr is not None
        self.lines += [json.loads(line) for line in self.daemon.stderr]

    def of(self, name: str) -> list[dict[str, Any]]:
        """The lines of this event."""
        return [line for line in self.lines if line["event"] == name]


@contextmanager
def supervised(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """systemd's end of sd_notify(3): where it listens, and the lines it has heard."""
    heard: list[str] = []
    path = str(folder / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.bind(path)
        server.settimeout(0.2)
        is_over = threading.Event()

        def listen() -> None:
            while not is_over.is_set():
                with contextlib.suppress(TimeoutError):
                    heard.extend(server.recv(4_096).decode().splitlines())

        thread = threading.Thread(target=listen)
        thread.start()
        try:
            yield path, heard
        finally:
            is_over.set()
            thread.join()


def polled(name: str) -> Callable[[dict[str, Any]], bool]:
    return lambda line: line["event"] == "poll" and line["feed"] == name


def event(name: str) -> Callable[[dict[str, Any]], bool]:
    return lambda line: line["event"] == name


def ended(log: Log, number: signal.Signals) -> int:
    log.daemon.send_signal(number)
    log.rest()
    return log.daemon.wait(PATIENCE_SECONDS)


def test_a_daemon_polls_reloads_and_finishes_in_order(
    cli: Cli, here: Path, database_url: str
) -> None:
    config = here / "config.toml"
    with DemoServer() as server, supervised(here) as (path, heard), FakeReceiver() as desk:

        def configure(*names: str) -> None:
            write_config(config, database_url, server, set(names))
            hook = f'name = "desk"\nurl = "{desk.url}"\nsecret_env = "DESK_SECRET"'
            config.write_text(f"{config.read_text()}\n[[webhooks]]\n{hook}\n")

        configure("harbour-ledger")
        mine = ("--name", "mine", "--no-check")
        assert cli("feeds", "add", server.url(OUTLETS[0]), *mine).code == 0
        database = open_database(database_url)
        with database.begin() as connection:  # what happens from now on is told
            webhooks.register(connection, ["desk"], datetime.now(UTC))
        with running("run", NOTIFY_SOCKET=path, DESK_SECRET="x" * 32) as daemon:
            log = Log(daemon)
            log.wait_for(polled("harbour-ledger"))
            assert "READY=1" in heard

            good = config.read_text()
            config.write_text(good + "\n[fetch")
            daemon.send_signal(signal.SIGHUP)
            log.wait_for(event("reload_failed"))

            configure("harbour-ledger", "valley-register")
            daemon.send_signal(signal.SIGHUP)
            log.wait_for(polled("valley-register"))

            configure("valley-register")
            daemon.send_signal(signal.SIGHUP)
            log.wait_for(event("reloaded"))
            until(lambda: "The Valley Register" in told_of(desk))
            assert ended(log, signal.SIGTERM) == 0

    # Dropped from the file: unsubscribed. Never in it: kept.
    assert {row["name"] for row in cli("feeds", "list", "--json").rows} == {
        "valley-register",
        "mine",
    }
    rows = cli("articles", "--json").rows
    assert {"The Harbour Ledger", "The Valley Register"} <= {row["publisher"] for row in rows}
    assert all(row["story_id"] for row in rows)
    assert "stopped" in cli("status").out

    # One canonical line a poll; the change stream as it went out to the webhook.
    with database.connect() as connection:
        stored = feed_queries.poll_rows(connection, limit=10_000)
        stream = [one.cursor for one in changes.read(connection, limit=10_000)]
    database.close()
    sent = [one["cursor"] for one in desk.events]
    assert sent == stream[: len(sent)]
    assert sorted((one.feed, one.outcome) for one in stored) == sorted(
        (line["feed"], line["outcome"]) for line in log.of("poll")
    )

    # What systemd heard, in order.
    assert [line for line in heard if line in ("READY=1", "RELOADING=1", "STOPPING=1")] == [
        "READY=1",
        *["RELOADING=1", "READY=1"] * 3,
        "STOPPING=1",
    ]
    assert sum(line.startswith("MONOTONIC_USEC=") for line in heard) == 3
    assert "STATUS=polling by the old config: the new one is refused" in heard
    assert any(re.fullmatch(r"STATUS=\d+ polls in flight, \d+ done", line) for line in heard)


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def told_of(desk: FakeReceiver) -> set[str]:
    """The publishers of the articles that the webhook was told of."""
    return {one["article"]["publisher"] for one in desk.events if "article" in one}


@pytest.mark.usefixtures("here")
def test_ctrl_c_ends_a_daemon_in_order_and_the_watchdog_was_petted(
    sqlite_url: str, tmp_path: Path
) -> None:
    with (
        supervised(tmp_path) as (path, heard),
        running("--database", sqlite_url, "run", NOTIFY_SOCKET=path) as daemon,
    ):
        log = Log(daemon)
        log.wait_for(event("started"))
        until(lambda: "WATCHDOG=1" in heard)
        assert ended(log, signal.SIGINT) == 0
