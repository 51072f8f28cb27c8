"""Tables that PostgreSQL keeps in a part for each day (UTC), so that an old day goes at once.

Dropping a part costs the same however many rows it has, and leaves nothing to vacuum. Parts are
made some days ahead; a row of a day that has none lands in the table's default part, from which it
is moved when that day gets its own. On SQLite such a table is whole, and rows go one by one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Connection, Table, text

from ingest.store.tables import poll

DAILY = {poll: "started_at"}  # table -> the column that says which day a row belongs to
AHEAD_DAYS = 3  # so long may no daemon have run, and yet no row lands in the default part
_NAME = "%Y%m%d"
# Whoever makes or drops a part waits at the head of a queue in which every writer waits behind it.
_PATIENCE = "2s"


@dataclass(frozen=True, slots=True)
class Part:
    """One day of a table."""

    name: str
    day: date


def parts(connection: Connection, table: Table) -> list[Part]:
    """The days of a table that have a part of their own, oldest first."""
    if connection.dialect.name != "postgresql":
        return []
    names = connection.scalars(
        text(
            "SELECT c.relname FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid"
            " WHERE i.inhparent = CAST(:table AS regclass) ORDER BY c.relname"
        ),
        {"table": table.name},
    )
    prefix = f"{table.name}_"
    return [
        Part(name, datetime.strptime(name.removeprefix(prefix), _NAME).date())
        for name in names
        if name.removeprefix(prefix).isdigit()
    ]


def ensure(connection: Connection, now: datetime) -> list[str]:
    """Make the parts of today and the next days that are missing; their names."""
    today = now.astimezone(UTC).date()
    days = [today + timedelta(days=ahead) for ahead in range(AHEAD_DAYS + 1)]
    return [name for table in DAILY for name in ensure_days(connection, table, days)]


def ensure_days(connection: Connection, table: Table, days: Iterable[date]) -> list[str]:
    """Make the parts of these days that are missing, and move what the default part has of them.

    In a write transaction; nothing on SQLite. Raises DatabaseUnreachable where readers or writers
    hold the table for longer than is waited; then nothing was changed.
    """
    if connection.dialect.name != "postgresql":
        return []
    wanted = sorted(set(days))
    known = {part.day for part in parts(connection, table)}
    if known.issuperset(wanted):
        return []
    name, column = table.name, DAILY[table]
    connection.execute(text(f"SET LOCAL lock_timeout = '{_PATIENCE}'"))
    # One maker at a time; writers of other parts go on.
    connection.execute(text(f"LOCK TABLE ONLY {name} IN SHARE UPDATE EXCLUSIVE MODE"))
    connection.execute(text(f"LOCK TABLE {name}_default IN ACCESS EXCLUSIVE MODE"))
    known = {part.day for part in parts(connection, table)}
    made = []
    for day in wanted:
        if day in known:
            continue
        part = f"{name}_{day.strftime(_NAME)}"
        start, end = f"'{day} 00:00:00+00'", f"'{day + timedelta(days=1)} 00:00:00+00'"
        for statement in (
            f"CREATE TABLE {part} (LIKE {name} INCLUDING ALL)",
            f"WITH moved AS (DELETE FROM {name}_default"
            f" WHERE {column} >= {start} AND {column} < {end} RETURNING *)"
            f" INSERT INTO {part} SELECT * FROM moved",
            f"ALTER TABLE {name} ATTACH PARTITION {part} FOR VALUES FROM ({start}) TO ({end})",
        ):
            connection.execute(text(statement))
        made.append(part)
    return made


def drop_before(connection: Connection, table: Table, day: date) -> int:
    """Drop the parts of the days before `day`; how many rows they had.

    In a write transaction of its own. Raises DatabaseUnreachable as `ensure_days` does.
    """
    old = [part for part in parts(connection, table) if part.day < day]
    if not old:
        return 0
    rows = 0
    for part in old:
        rows += connection.scalar(text(f"SELECT count(*) FROM {part.name}")) or 0
    connection.execute(text(f"SET LOCAL lock_timeout = '{_PATIENCE}'"))
    for part in old:
        connection.execute(text(f"DROP TABLE {part.name}"))
    return rows
