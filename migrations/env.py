"""Alembic's entry point; run by `ingest.store.migrate`, which hands the connection over.

Every migration runs inside the caller's transaction, on SQLite too: it is there whole or not at
all. On PostgreSQL a lock makes a second process wait and then find nothing left to do.
"""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection, text

from ingest.store.tables import metadata

MIGRATION_LOCK = 0x696E6765  # "inge"; any number that nobody else uses

connection: Connection = context.config.attributes["connection"]
if connection.dialect.name == "postgresql":
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
context.configure(
    connection=connection,
    target_metadata=metadata,
    transactional_ddl=True,
    render_as_batch=connection.dialect.name == "sqlite",
)
with context.begin_transaction():
    context.run_migrations()
