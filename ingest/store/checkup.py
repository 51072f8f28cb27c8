"""Looking whether the database is sound: for `ingest doctor`. Changes nothing."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from sqlalchemy import Connection, func, select, text

from ingest.store.engine import Database
from ingest.store.tables import feed, poll


@dataclass(frozen=True, slots=True)
class Clocks:
    """What others say about our clock, in seconds by which theirs runs ahead; None: unknown."""

    database_ahead: float | None  # a server's clock; an SQLite file has none
    servers_ahead: float | None  # the median of what the feeds' servers say
    servers: int
    latest_poll_ahead: float | None  # above 0: our clock was set back since then


def damage(connection: Connection) -> str | None:
    """The first fault SQLite finds in its file; None where there is none, and on PostgreSQL.

    Reads the whole file: seconds for each gigabyte.
    """
    if connection.dialect.name != "sqlite":
        return None
    found = str(connection.scalar(text("PRAGMA quick_check(1)")))
    return None if found == "ok" else found


def seconds_to_write(database: Database) -> float:
    """How long it takes to get the right to write, without writing."""
    began = time.perf_counter()
    with database.begin():
        pass
    return time.perf_counter() - began


def clocks(connection: Connection, now: datetime) -> Clocks:
    """Compare our clock with all that is known of others."""
    theirs: datetime | None = None
    if connection.dialect.name == "postgresql":
        theirs = connection.scalar(select(func.clock_timestamp()))
    skews: Sequence[int] = [
        skew
        for skew in connection.scalars(
            select(feed.c.clock_skew_seconds).where(feed.c.clock_skew_seconds.is_not(None))
        )
        if skew is not None
    ]
    latest: datetime | None = connection.scalar(select(func.max(poll.c.started_at)))
    return Clocks(
        (theirs - now).total_seconds() if theirs is not None else None,
        float(median(skews)) if skews else None,
        len(skews),
        (latest - now).total_seconds() if latest is not None else None,
    )
