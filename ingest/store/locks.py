"""Locks by name that hold until the transaction ends: rows of `meta`, not advisory locks.

So the SQL stays portable to databases that only speak PostgreSQL's protocol.
"""

from __future__ import annotations

from sqlalchemy import Connection, select

from ingest.store.tables import meta
from ingest.store.upsert import insert_or

SUBSCRIPTIONS = "subscriptions"  # who changes which feeds there are


def lock(connection: Connection, name: str, *, wait: bool = True) -> bool:
    """Take the lock; False if another transaction has it and it is not waited for.

    SQLite has one writer at a time anyway.
    """
    if connection.dialect.name == "sqlite":
        return True
    row = select(meta.c.key).where(meta.c.key == name)
    if connection.scalar(row) is None:
        connection.execute(
            insert_or(connection, meta).values(key=name, value="").on_conflict_do_nothing()
        )
    return connection.scalar(row.with_for_update(skip_locked=not wait)) is not None
