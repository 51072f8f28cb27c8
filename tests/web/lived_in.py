"""Two days of history for the sample feeds, made up: so that plots have something to show."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select, text

from ingest.model import PollOutcome
from ingest.store.engine import Database, open_database
from ingest.store.tables import feed, poll
from tests.once import copied_sqlite

HOURS = 48
DOWN = {"static-tribune": PollOutcome.CONNECT_ERROR, "evening-signal": PollOutcome.NOT_A_FEED}


def lived_in(newsroom: Database, folder: Path, now: datetime) -> Database:
    """A copy of the newsroom (SQLite) in which its feeds have been polled for two days."""
    source = Path(newsroom.url.partition(":///")[2])
    database = open_database(copied_sqlite(source, folder / "lived-in.db"))
    with database.begin() as connection:
        for row in connection.execute(select(feed.c.id, feed.c.name).order_by(feed.c.id)).all():
            connection.execute(insert(poll), _polls(row.id, row.name, now))
        # News is seen a little after it is published, and not all of it in one minute.
        connection.execute(
            text("UPDATE article SET first_seen_at = published_at WHERE published_at IS NOT NULL")
        )
    return database


def _polls(feed_id: int, name: str, now: datetime) -> list[dict[str, Any]]:
    chance = random.Random(feed_id)
    minutes = chance.choice((20, 30, 45))
    latency = chance.uniform(0.08, 0.4)
    rows = []
    for number in range(1, HOURS * 60 // minutes):
        at = now - timedelta(minutes=number * minutes + chance.random())
        outcome = DOWN.get(name)
        if outcome is None:
            is_news = chance.random() < (0.35 if 6 <= at.hour <= 21 else 0.1)
            outcome = PollOutcome.OK if is_news else PollOutcome.NOT_MODIFIED
            if chance.random() < 0.02:
                outcome = PollOutcome.TIMEOUT
        is_read = outcome is PollOutcome.OK
        news = chance.choice((1, 1, 2, 3)) if is_read else 0
        revised = int(is_read and chance.random() < 0.2)
        entries = {
            "entries": 20,
            "entries_new": news,
            "entries_revised": revised,
            "entries_unchanged": 20 - news - revised,
            "entries_filtered": 0,
            "entries_invalid": 0,
        }
        is_failed = outcome in (PollOutcome.TIMEOUT, *DOWN.values())
        rows.append(
            {
                "feed_id": feed_id,
                "started_at": at,
                "outcome": outcome,
                "status": 200 if is_read else None if is_failed else 304,
                "elapsed_seconds": 10.0 if is_failed else latency * chance.uniform(0.6, 2.2),
                "received_bytes": 14_000 if is_read else 0,
                "interval_seconds": minutes * 60.0,
                "possible_gap": is_read and chance.random() < 0.02,
                "detail": "no answer in 10 s" if outcome is PollOutcome.TIMEOUT else None,
                **{key: value if is_read else None for key, value in entries.items()},
            }
        )
    return rows
