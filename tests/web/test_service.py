"""Health, metrics and the server beside the daemon."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import urllib.request
from pathlib import Path

import pytest

from ingest.config import DatabaseSettings, Settings, WebSettings
from ingest.errors import ConfigError
from ingest.model import (
    PollCounts,
    PollOutcome,
)
from ingest.store.engine import Database, open_database
from ingest.web.app import create_app
from ingest.web.health import HANGS_SECONDS, Health
from ingest.web.metrics import Metrics
from ingest.web.server import run_with_web, serving
from tests.web.conftest import BASE, client_of
from tests.web.polls import NOW, recorded
from tests.web.visitor import visitor


def value(text: str, name: str) -> float:
    """The value of one line of the metrics."""
    found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
    assert found is not None, name
    return float(found[1])


def test_polls_are_counted_by_outcome_and_their_entries_too(newsroom: Database) -> None:
    metrics = Metrics(newsroom, Health(), clock=lambda: NOW)
    metrics.observe(recorded(PollOutcome.OK, PollCounts(3, 1, 1, 1, 0, 0)))
    metrics.observe(recorded(PollOutcome.TIMEOUT))
    text = metrics.render().decode()
    assert value(text, 'ingest_polls_total{outcome="ok"}') == 1
    assert value(text, 'ingest_polls_total{outcome="timeout"}') == 1
    assert value(text, 'ingest_entries_total{outcome="new"}') == 1
    assert value(text, "ingest_received_bytes_total") == 200
    assert value(text, "ingest_late_seconds_sum") == 10
    assert value(text, 'ingest_stage_seconds_count{stage="parse"}') == 1


def test_what_the_database_knows_is_measured(newsroom: Database) -> None:
    text = client_of(newsroom).get("/metrics").text
    assert value(text, "ingest_stories") == 22
    assert value(text, "ingest_shared_stories") == 11
    assert value(text, 'ingest_matches{relation="abridged"}') > 0
    assert value(text, "ingest_match_queue") == 0
    assert value(text, 'ingest_feeds{state="ok"}') == 14
    assert value(text, "process_resident_memory_bytes") > 1e6


def test_a_loop_that_does_not_move_is_not_alive(newsroom: Database) -> None:
    clock = [100.0]
    health = Health(monotonic=lambda: clock[0])
    app = create_app(newsroom, Settings(), clock=lambda: NOW, health=health)
    client = visitor(app, BASE)
    health.beat()
    assert client.get("/healthz").status_code == 200
    clock[0] += HANGS_SECONDS + 1
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert "has not moved" in answer.json()["reasons"][0]
    assert client.get("/healthz/alive").status_code == 503


def test_without_its_database_it_is_alive_but_not_ready(sqlite_url: str) -> None:
    database = open_database(sqlite_url)
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    client = client_of(database)
    assert client.get("/healthz").status_code == 200
    database.close()
    path.unlink()
    path.mkdir()
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert answer.json()["alive"] is True
    assert answer.json()["reasons"][0].startswith("database: ")
    assert client.get("/healthz/alive").status_code == 200
    page = client.get("/")
    assert page.status_code == 503
    assert "Traceback" not in page.text
    assert "ingest_database_up 0.0" in client.get("/metrics").text


def test_an_address_in_use_is_one_clear_line(newsroom: Database) -> None:
    app = create_app(newsroom, Settings(), clock=lambda: NOW, health=Health())
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = pytest.raises(
            ConfigError, match=rf"127\.0\.0\.1:{port} cannot be served: [A-Z][a-z ]+$"
        )
        with refused, serving(app, WebSettings(port=port)):
            pass


async def test_the_daemon_serves_its_page_until_it_is_told_to_stop(sqlite_url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = Settings(
        database=DatabaseSettings(url=sqlite_url), web=WebSettings(enabled=True, port=port)
    )

    def get(path: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return str(answer.read().decode())

    database = open_database(sqlite_url)
    try:
        running = asyncio.create_task(run_with_web(database, settings))
        for _ in range(100):
            await asyncio.sleep(0.1)
            if running.done() or "ingest_polls_in_flight" in await asyncio.to_thread(
                get, "/metrics"
            ):
                break
        assert not running.done()
        assert '"ready":true' in await asyncio.to_thread(get, "/healthz")
        os.kill(os.getpid(), signal.SIGTERM)
        assert await asyncio.wait_for(running, 30) == 0
    finally:
        database.close()
    with pytest.raises(OSError, match="refused"):
        await asyncio.to_thread(get, "/healthz")
