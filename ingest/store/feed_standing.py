"""What a person says of a feed: pause, resume, remove. Each is told in the change stream."""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy import Connection, select, update

from ingest.model import FeedState
from ingest.store import changes
from ingest.store.changes import ChangeKind, NewChange
from ingest.store.tables import feed, feed_schedule, meta
from ingest.store.upsert import upsert

REMOVED = "removed"  # in the change stream: what a feed is that is subscribed no more
# A poll in flight has lost its lease then: what it brings is not written over a person's change.
END_LEASE = {
    "lease_fence": feed_schedule.c.lease_fence + 1,
    "lease_until": None,
    "lease_owner": None,
}


# Its value is another one after every change of which feeds there are, and how they are set.
SUBSCRIPTIONS_STAND = "subscriptions_stand"


def subscriptions_changed(connection: Connection) -> None:
    """Note that the subscriptions are others than before. Call it before the rows are touched.

    So that all who change them wait for each other here, and never in a circle.
    """
    stand = {"key": SUBSCRIPTIONS_STAND, "value": secrets.token_hex(8)}
    upsert(connection, meta, [stand])


def remove(
    connection: Connection, feed_id: int, now: datetime, evidence: str = "removed by hand"
) -> None:
    """Unsubscribe: it is polled no more. Its articles stay, and so does what is known of it."""
    subscriptions_changed(connection)
    _tell(connection, feed_id, REMOVED, evidence, now)
    connection.execute(update(feed).where(feed.c.id == feed_id).values(removed_at=now))
    connection.execute(
        update(feed_schedule)
        .where(feed_schedule.c.feed_id == feed_id)
        .values(next_poll_at=None, **END_LEASE)
    )


def pause(connection: Connection, feed_id: int, now: datetime, reason: str | None = None) -> None:
    """Poll it no more until it is resumed by a person."""
    evidence = reason or "paused by hand"
    _tell(connection, feed_id, FeedState.PAUSED.value, evidence, now)
    connection.execute(
        update(feed_schedule)
        .where(feed_schedule.c.feed_id == feed_id)
        .values(
            state=FeedState.PAUSED.value,
            state_since=now,
            state_evidence=evidence,
            next_poll_at=None,
            **END_LEASE,
        )
    )


def resume(
    connection: Connection, feed_id: int, now: datetime, evidence: str = "resumed by hand"
) -> None:
    """Poll it again, from now on and as if it had never failed."""
    subscriptions_changed(connection)
    _tell(connection, feed_id, FeedState.OK.value, evidence, now)
    connection.execute(update(feed).where(feed.c.id == feed_id).values(removed_at=None))
    connection.execute(
        update(feed_schedule)
        .where(feed_schedule.c.feed_id == feed_id)
        .values(
            state=FeedState.OK.value,
            state_since=now,
            state_evidence=None,
            failures=0,
            failure_weight=0.0,
            next_poll_at=now,
            **END_LEASE,
        )
    )


def _tell(connection: Connection, feed_id: int, to: str, evidence: str, now: datetime) -> None:
    """Nothing is told of a feed that is so already."""
    row = connection.execute(
        select(feed_schedule.c.state, feed.c.removed_at)
        .join_from(feed_schedule, feed, feed.c.id == feed_schedule.c.feed_id)
        .where(feed_schedule.c.feed_id == feed_id)
    ).one_or_none()
    if row is None:
        return
    before = row.state if row.removed_at is None else REMOVED
    if before != to:
        told = {"from": before, "to": to, "evidence": evidence}
        event = NewChange(ChangeKind.FEED_STATE, feed_id=feed_id, data=told)
        changes.append(connection, [event], now)
