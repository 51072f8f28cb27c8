"""The list of articles that are stored and not yet compared, seen from outside."""

from __future__ import annotations

from sqlalchemy import Connection, select

from ingest.store.tables import match_queue


def is_empty(connection: Connection) -> bool:
    """Whether every stored article has been compared."""
    return connection.scalar(select(match_queue.c.article_id).limit(1)) is None
