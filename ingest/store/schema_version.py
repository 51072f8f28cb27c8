"""Which schema a database has, and whether this program may write it.

The answer is one row in `alembic_version`; Alembic itself (slow to import) is loaded only when
something has to be migrated.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import inspect, text

from ingest.errors import DatabaseNotReady, DatabaseTooNew

if TYPE_CHECKING:
    from ingest.store.engine import Database

HEAD = "0012"  # the newest migration; a test compares it with the files in migrations/versions


def current(database: Database) -> str | None:
    """The migration the database is at; None for a database without our schema."""
    with database.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        version: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
        return version


def ensure(database: Database, *, create: bool, upgrade: bool) -> None:
    """Raise DatabaseNotReady or DatabaseTooNew unless the schema is ours (after upgrading it)."""
    version = current(database)
    if version == HEAD:
        return
    if version is not None and version > HEAD:
        raise DatabaseTooNew(
            f"{database.url}: schema {version} was written by a later version of ingest,"
            f" this one knows {HEAD}; nothing was touched"
        )
    if version is None and not (create or upgrade):
        raise DatabaseNotReady(
            f"{database.url}: no tables yet: `ingest fetch --all` or `ingest run` makes them"
        )
    if version is not None and not upgrade:
        raise DatabaseNotReady(
            f"{database.url}: schema {version} is older than {HEAD}; run `ingest db upgrade`"
        )
    from ingest.store import migrate

    migrate.upgrade(database)
