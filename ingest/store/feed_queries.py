"""Questions about feeds and their polls, as the command line and the web page ask them."""

from __future__ import annotations

from sqlalchemy import Connection, select

from ingest.store.view_rows import FeedRow, PollRow, rows_of, v_feeds, v_polls


def feed_rows(connection: Connection, *, state: str | None = None) -> list[FeedRow]:
    """The rows of v_feeds, by name."""
    query = select(v_feeds).order_by(v_feeds.c.name)
    if state is not None:
        query = query.where(v_feeds.c.state == state)
    return rows_of(FeedRow, connection.execute(query))


def poll_rows(
    connection: Connection,
    *,
    feed_id: int | None = None,
    limit: int = 50,
) -> list[PollRow]:
    """Polls, newest first."""
    query = select(v_polls).order_by(v_polls.c.started_at.desc()).limit(limit)
    if feed_id is not None:
        query = query.where(v_polls.c.feed_id == feed_id)
    return rows_of(PollRow, connection.execute(query))
