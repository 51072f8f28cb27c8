"""What a round costs, in counts that no busy machine changes: they must not grow.

The made-up feeds of `benchmarks.rivals` are polled one after the other on SQLite, as `ingest fetch`
does it. `counts.json` holds what was counted when it was last written:

    INGEST_WRITE_COUNTS=1 python -m pytest tests/whole/test_counts.py

Write it anew when a count has fallen; let it grow only for a reason that the commit names.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from benchmarks.rivals.newsroom import STARTED_AT, Newsroom
from benchmarks.rivals.server import Counts as Served
from benchmarks.rivals.server import FeedServer
from ingest.config import DatabaseSettings, FeedSettings, FetchSettings, Settings
from ingest.model import Harvest
from ingest.pipeline import Pipeline
from ingest.schedule.decider import Decider
from ingest.schedule.politeness import SiteGate
from ingest.store import feeds, leases
from ingest.store.engine import Database, open_database
from ingest.workers import WorkerPool

COUNTS = Path(__file__).with_name("counts.json")
FEEDS = 10
ENTRIES = 8
ROUNDS = ("cold", "warm304", "delta", "warm200")


@dataclass(slots=True)
class Counted:
    """One round."""

    requests: int = 0
    bodies: int = 0  # answers with a body
    statements: int = 0  # sent to the database, BEGIN and COMMIT aside
    rows_written: int = 0  # sets of parameters of writing statements
    parses: int = 0
    articles_made: int = 0  # entries that were normalised


class Clock:
    """Turned by hand."""

    def __init__(self) -> None:
        self.now = STARTED_AT + timedelta(days=30)

    def __call__(self) -> datetime:
        return self.now


@contextmanager
def counting(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Counted]:
    counted = Counted()
    harvest = WorkerPool.harvest

    async def watched(*given: Any) -> Harvest:
        made = await harvest(*given)
        counted.parses += 1
        counted.articles_made += sum(one.article is not None for one in made.entries)
        return made

    def executed(
        _connection: object, _cursor: object, statement: str, parameters: Any, *_: Any
    ) -> None:
        verb = statement.lstrip().split(None, 1)[0].upper()
        if verb in ("BEGIN", "PRAGMA"):
            return
        counted.statements += 1
        if verb in ("INSERT", "UPDATE", "DELETE"):
            counted.rows_written += len(parameters) if isinstance(parameters, list) else 1

    monkeypatch.setattr(WorkerPool, "harvest", watched)
    event.listen(database.engine, "before_cursor_execute", executed)
    yield counted
    event.remove(database.engine, "before_cursor_execute", executed)
    monkeypatch.setattr(WorkerPool, "harvest", harvest)


async def poll_all(database: Database, settings: Settings, clock: Clock) -> None:
    """Every feed once, one after the other: what falls into one batch is no matter of luck."""
    gate = SiteGate(connections_per_site=8, delay_seconds=0.0)
    decider = Decider(settings.schedule, clock=clock)
    async with Pipeline(database, settings, schedule=decider, gate=gate, clock=clock) as pipeline:
        with database.begin() as connection:
            wanted = feeds.list_names(connection)
            claimed = leases.claim_due(
                connection,
                now=clock(),
                limit=len(wanted),
                owner="test",
                lease_seconds=600,
                feed_ids=list(wanted),
                site_delay_seconds=0.0,
            )
        for due in claimed:
            recorded = await pipeline.poll(due)
            assert recorded.polled.message is None


async def test_no_round_costs_more_than_it_did(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = open_database(f"sqlite:///{tmp_path}/counts.db", create=True)
    settings = Settings(
        database=DatabaseSettings(url=database.url),
        fetch=FetchSettings(allow_networks=("127.0.0.0/8",), site_delay_seconds=0.0),
    )
    clock = Clock()
    server = FeedServer(Newsroom(FEEDS, entries=ENTRIES, seed=1), hosts=1)
    await server.start()
    try:
        with database.begin() as connection:
            for one in server.newsroom.feeds:
                wanted = FeedSettings(
                    url=server.url_of(one), name=f"feed-{one.number}", publisher=f"p{one.number}"
                )
                feeds.add(connection, wanted, now=clock())
        found: dict[str, dict[str, int]] = {}
        for turn, name in enumerate(ROUNDS):
            clock.now += timedelta(hours=1)
            server.honours_validators = name != "warm200"
            new = 0
            if name == "delta":
                changed, new = server.newsroom.advance(0.2, turn)
                server.refresh(changed)
            server.counts = Served()
            with counting(database, monkeypatch) as counted:
                await poll_all(database, settings, clock)
            counted.requests = server.counts.requests
            counted.bodies = server.counts.full
            if name != "cold":
                assert counted.articles_made == new  # cost follows news
            found[name] = asdict(counted)
    finally:
        await server.stop()
        database.close()
    if os.environ.get("INGEST_WRITE_COUNTS"):
        COUNTS.write_text(json.dumps(found, indent=1) + "\n")
    allowed = json.loads(COUNTS.read_text())
    grown = {
        f"{name}: {what}": (allowed[name][what], number)
        for name, numbers in found.items()
        for what, number in numbers.items()
        if number > allowed[name][what]
    }
    assert not grown, "these grew (from, to); see the docstring"
