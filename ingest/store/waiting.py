"""The list of articles that are stored and not yet compared, seen from outside."""

from __future__ import annotations

from sqlalchemy import Connection, delete, select

from ingest.store.tables import match_queue


def is_empty(connection: Connection) -> bool:
    """Whether every stored article has been compared."""
    return connection.scalar(select(match_queue.c.article_id).limit(1)) is None


def oldest(connection: Connection) -> int | None:
    """The article that is compared next."""
    article_id: int | None = connection.scalar(
        select(match_queue.c.article_id)
        .order_by(match_queue.c.queued_at, match_queue.c.article_id)
        .limit(1)
    )
    return article_id


def give_up(connection: Connection, article_id: int) -> None:
    """Take an article off the list that no attempt could compare: others have their turn."""
    connection.execute(delete(match_queue).where(match_queue.c.article_id == article_id))
