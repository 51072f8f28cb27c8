"""The change stream: what happened to articles, stories and feeds, in an order one can resume.

An event is written in the transaction of the change it tells of. A cursor is `transaction.id`. On
PostgreSQL transactions commit in another order than their ids were given, so a reader stops before
the oldest transaction that is still open: nothing can appear later behind a cursor it was given.
SQLite has one writer, and the transaction is always 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, literal_column, select, tuple_

from ingest.errors import UsageError
from ingest.model import ChangeKind as ChangeKind  # those who append take it from here
from ingest.store.columns import Id
from ingest.store.tables import change
from ingest.store.upsert import Columns, insert_rows


@dataclass(frozen=True, slots=True)
class NewChange:
    """An event to append. `data` holds what the kind needs beside the ids, as JSON values."""

    kind: ChangeKind
    article_id: int | None = None
    story_id: int | None = None
    feed_id: int | None = None
    data: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """An event as read; `cursor` is where to go on after it."""

    cursor: str
    at: datetime
    kind: ChangeKind
    article_id: int | None
    story_id: int | None
    feed_id: int | None
    data: Mapping[str, Any] | None


START = "0.0"  # the cursor before everything
_OLDEST_OPEN = literal_column("pg_snapshot_xmin(pg_current_snapshot())::text::bigint", Id)


def append(connection: Connection, changes: Sequence[NewChange], now: datetime) -> None:
    """Write events into the transaction that made the changes, in this order."""
    if not changes:
        return
    rows: Columns = {
        "at": [now] * len(changes),
        "kind": [one.kind.value for one in changes],
        "article_id": [one.article_id for one in changes],
        "story_id": [one.story_id for one in changes],
        "feed_id": [one.feed_id for one in changes],
        "data": [None if one.data is None else dict(one.data) for one in changes],
    }
    insert_rows(connection, change, rows)


def read(
    connection: Connection,
    since: str = START,
    *,
    until: str | None = None,
    limit: int = 1000,
    kinds: Sequence[ChangeKind] = (),
) -> list[Change]:
    """The events after the cursor `since`, in order, and up to that of `until`.

    Raises UsageError for what is no cursor.
    """
    position = tuple_(change.c.transaction_id, change.c.id)
    query = (
        select(change)
        .where(position > tuple_(*parse_cursor(since)))
        .order_by(change.c.transaction_id, change.c.id)
        .limit(limit)
    )
    if connection.dialect.name == "postgresql":
        query = query.where(change.c.transaction_id < _OLDEST_OPEN)
    if until is not None:
        query = query.where(position <= tuple_(*parse_cursor(until)))
    if kinds:
        query = query.where(change.c.kind.in_([kind.value for kind in kinds]))
    return [
        Change(
            f"{row.transaction_id}.{row.id}",
            row.at,
            ChangeKind(row.kind),
            row.article_id,
            row.story_id,
            row.feed_id,
            row.data,
        )
        for row in connection.execute(query)
    ]


def parse_cursor(cursor: str) -> tuple[int, int]:
    """Transaction and id in a cursor. Raises UsageError."""
    transaction_id, _, change_id = cursor.partition(".")
    if not is_cursor(cursor):
        raise UsageError(f"{cursor!r} is no cursor; they look like {START!r}")
    return int(transaction_id), int(change_id)


def is_cursor(text: str) -> bool:
    """Whether a text has the form of a cursor."""
    first, dot, second = text.partition(".")
    return first.isdecimal() and bool(dot) and second.isdecimal()


def cursor_before(connection: Connection, at: datetime) -> str:
    """The cursor of the last event that happened before `at`, by the writer's clock."""
    earlier = (
        select(change.c.transaction_id, change.c.id)
        .where(change.c.at < at)
        .order_by(change.c.transaction_id.desc(), change.c.id.desc())
        .limit(1)
    )
    if connection.dialect.name == "postgresql":
        earlier = earlier.where(change.c.transaction_id < _OLDEST_OPEN)
    row = connection.execute(earlier).one_or_none()
    return START if row is None else f"{row.transaction_id}.{row.id}"


def latest_cursor(connection: Connection) -> str:
    """The cursor after everything there is now, for a reader that wants only what comes."""
    query = select(change.c.transaction_id, change.c.id)
    if connection.dialect.name == "postgresql":
        query = query.where(change.c.transaction_id < _OLDEST_OPEN)
    row = connection.execute(
        query.order_by(change.c.transaction_id.desc(), change.c.id.desc()).limit(1)
    ).one_or_none()
    return START if row is None else f"{row.transaction_id}.{row.id}"


def count(connection: Connection) -> int:
    """How many events are kept."""
    return connection.scalar(select(func.count()).select_from(change)) or 0
