"""How far each webhook has got in the change stream, and the message that is on its way to it.

What a message holds is settled before it is sent first, under an id of its own: after a crash or a
failure the same events go out again under the same id. One message at a time, so order is kept.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, func, select, update

from ingest.errors import UsageError
from ingest.model import ChangeKind
from ingest.store import changes
from ingest.store.changes import Change
from ingest.store.lists import among
from ingest.store.schedule_rows import AnyRow
from ingest.store.tables import article, publisher, webhook
from ingest.store.upsert import insert_missing

_SKIPPED_EVENTS = 1_000  # so many that it does not want: it is put behind them


@dataclass(frozen=True, slots=True)
class Receiver:
    """One webhook and how it fares. Times are UTC."""

    name: str
    cursor: str  # of the last event that was taken
    attempts: int  # to deliver the message that is on its way
    next_at: datetime
    events: int  # taken, all told
    delivered_at: datetime | None
    failing_since: datetime | None
    detail: str | None  # what went wrong last
    waiting_since: datetime | None  # the oldest event that it wants and has not taken


@dataclass(frozen=True, slots=True)
class ArticleLine:
    """What a receiver is told of an article beside its id."""

    headline: str
    url: str | None
    publisher: str
    published_at: datetime | None


@dataclass(frozen=True, slots=True)
class Message:
    """Events on their way to one webhook. `attempt` counts from 1."""

    webhook: str
    message_id: str
    attempt: int
    events: tuple[Change, ...]
    articles: Mapping[int, ArticleLine]


def register(connection: Connection, names: Sequence[str], now: datetime) -> None:
    """Have a row for each of these webhooks; one that is new gets what happens from now on."""
    known = set(connection.scalars(select(webhook.c.name)))
    missing = [name for name in names if name not in known]
    if missing:
        cursor = changes.latest_cursor(connection)
        start = {"cursor": cursor, "attempts": 0, "next_at": now, "events": 0}
        insert_missing(connection, webhook, [{"name": name, **start} for name in missing])


def is_waiting(
    connection: Connection, name: str, kinds: Sequence[ChangeKind], now: datetime
) -> bool:
    """Whether `claim` would do something. Asks little, and writes nothing."""
    row = connection.execute(select(webhook).where(webhook.c.name == name)).one_or_none()
    if row is None:
        return True
    if row.next_at > now:
        return False
    if row.message_id is not None or changes.read(connection, row.cursor, limit=1, kinds=kinds):
        return True
    return bool(kinds) and _is_far_behind(row.cursor, changes.latest_cursor(connection))


def claim(
    connection: Connection,
    name: str,
    kinds: Sequence[ChangeKind],
    *,
    now: datetime,
    lease_seconds: float,
    limit: int,
) -> Message | None:
    """The message to deliver now, given to one caller for `lease_seconds`; None: nothing to do."""
    row = connection.execute(select(webhook).where(webhook.c.name == name)).one_or_none()
    if row is None or row.next_at > now:
        return None
    latest = changes.latest_cursor(connection)  # before reading: what is found lies behind it
    end = row.message_end
    events = changes.read(connection, row.cursor, until=end, limit=limit, kinds=kinds)
    if not events:
        if row.message_id is not None:  # its events were pruned, or are not wanted any more
            _update(connection, row, {"message_id": None, "message_end": None, "attempts": 0})
        elif _is_far_behind(row.cursor, latest):
            _update(connection, row, {"cursor": latest})
        return None
    message_id = row.message_id or f"msg_{secrets.token_hex(16)}"
    taken = {
        "message_id": message_id,
        "message_end": end or events[-1].cursor,
        "attempts": row.attempts + 1,
        "next_at": now + timedelta(seconds=lease_seconds),
    }
    if not _update(connection, row, taken):
        return None  # another daemon was quicker
    return Message(name, message_id, row.attempts + 1, tuple(events), _articles(connection, events))


def delivered(connection: Connection, message: Message, now: datetime) -> bool:
    """The receiver has taken it. False where another daemon has said so already."""
    own = webhook.c
    changed = connection.execute(
        update(webhook)
        .where(own.name == message.webhook, own.message_id == message.message_id)
        .values(
            cursor=own.message_end,
            message_id=None,
            message_end=None,
            attempts=0,
            next_at=now,
            events=own.events + len(message.events),
            delivered_at=now,
            failing_since=None,
            detail=None,
        )
    )
    return changed.rowcount == 1


def failed(
    connection: Connection, message: Message, detail: str, *, now: datetime, retry_at: datetime
) -> None:
    """It could not be delivered; there is another attempt at `retry_at`."""
    own = webhook.c
    connection.execute(
        update(webhook)
        .where(own.name == message.webhook, own.message_id == message.message_id)
        .values(
            next_at=retry_at, detail=detail, failing_since=func.coalesce(own.failing_since, now)
        )
    )


def give_back(connection: Connection, message: Message, now: datetime) -> None:
    """It was not tried to the end, because we stop: whoever comes next may at once."""
    own = webhook.c
    connection.execute(
        update(webhook)
        .where(own.name == message.webhook, own.message_id == message.message_id)
        .values(next_at=now)
    )


def skip(connection: Connection, name: str, now: datetime) -> Receiver:
    """Leave out what waits for this webhook. Raises UsageError for one that has no row."""
    connection.execute(
        update(webhook)
        .where(webhook.c.name == name)
        .values(
            cursor=changes.latest_cursor(connection),
            message_id=None,
            message_end=None,
            attempts=0,
            next_at=now,
            failing_since=None,
            detail=None,
        )
    )
    found = find(connection, name, ())
    if found is None:
        raise UsageError(f"webhook {name!r}: `ingest run` has not begun with it yet")
    return found


def find(connection: Connection, name: str, kinds: Sequence[ChangeKind]) -> Receiver | None:
    """How one webhook fares, which wants these kinds (none: all). None: it has not begun yet."""
    row = connection.execute(select(webhook).where(webhook.c.name == name)).one_or_none()
    if row is None:
        return None
    waiting = changes.read(connection, row.cursor, limit=1, kinds=kinds)
    return Receiver(
        row.name,
        row.cursor,
        row.attempts,
        row.next_at,
        row.events,
        row.delivered_at,
        row.failing_since,
        row.detail,
        waiting[0].at if waiting else None,
    )


def _is_far_behind(cursor: str, latest: str) -> bool:
    """So that events nobody wants are not looked through again and again."""
    return changes.parse_cursor(latest)[1] - changes.parse_cursor(cursor)[1] > _SKIPPED_EVENTS


def _update(connection: Connection, row: AnyRow, values: Mapping[str, object]) -> bool:
    """Change the row unless somebody has done so since it was read."""
    unchanged = and_(webhook.c.name == row.name, webhook.c.next_at == row.next_at)
    unchanged = and_(unchanged, webhook.c.cursor == row.cursor)
    return connection.execute(update(webhook).where(unchanged).values(**values)).rowcount == 1


def _articles(connection: Connection, events: Sequence[Change]) -> dict[int, ArticleLine]:
    wanted = {one.article_id for one in events if one.article_id is not None}
    if not wanted:
        return {}
    rows = connection.execute(
        select(
            article.c.id,
            article.c.headline,
            article.c.url,
            publisher.c.name.label("publisher"),
            article.c.published_at,
        )
        .join(publisher, publisher.c.id == article.c.publisher_id)
        .where(among(connection, article.c.id, wanted))
    )
    return {
        row.id: ArticleLine(row.headline, row.url, row.publisher, row.published_at) for row in rows
    }
