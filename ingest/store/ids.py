"""Taking ids in blocks, so that rows that refer to one another go out in one batch."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, Table, text


def allocate(connection: Connection, table: Table, count: int) -> Sequence[int]:
    """`count` new ids for `table`, ascending, that nobody else gets. In a write transaction."""
    if count == 0:
        return ()
    if connection.dialect.name == "sqlite":
        # The write lock is ours. A row with the id moves the counter on (sqlite.org/autoinc.html).
        last: int | None = connection.execute(
            text("SELECT seq FROM sqlite_sequence WHERE name = :name"), {"name": table.name}
        ).scalar_one_or_none()
        first = (last or 0) + 1
        return range(first, first + count)
    found = connection.scalars(
        text("SELECT nextval(pg_get_serial_sequence(:name, 'id')) FROM generate_series(1, :count)"),
        {"name": table.name, "count": count},
    )
    return sorted(found)
