"""A feed's change of address: adopted with a reason, remembered, and reverted by a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from ingest.errors import UsageError
from ingest.fetch.site import site_of
from ingest.store import changes
from ingest.store.changes import ChangeKind, NewChange
from ingest.store.site_rows import site_row
from ingest.store.tables import feed, feed_schedule, feed_url_history

REVERTED = "reverted"  # the reason of the address that a person left


@dataclass(frozen=True, slots=True)
class FormerUrl:
    """Where a feed was polled until `until_at`, and why it no longer is."""

    url: str
    until_at: datetime
    reason: str


def move(connection: Connection, feed_id: int, url: str, now: datetime, reason: str) -> bool:
    """Poll the feed at `url` from now on.

    False, and nothing done, where another feed has it or a person has once reverted to leave it.
    """
    left = connection.scalar(
        select(feed_url_history.c.url).where(
            feed_url_history.c.feed_id == feed_id,
            feed_url_history.c.url == url,
            feed_url_history.c.reason == REVERTED,
        )
    )
    if left is not None and reason != REVERTED:
        return False
    holder = connection.scalar(select(feed.c.id).where(feed.c.url == url))
    if holder is not None:
        return False
    before = connection.scalars(select(feed.c.url).where(feed.c.id == feed_id)).one()
    site_id = site_row(connection, site_of(url))
    connection.execute(update(feed).where(feed.c.id == feed_id).values(url=url, site_id=site_id))
    connection.execute(
        update(feed_schedule).where(feed_schedule.c.feed_id == feed_id).values(site_id=site_id)
    )
    left_url(connection, feed_id, before, url, now, reason)
    return True


def left_url(
    connection: Connection, feed_id: int, url: str, to: str, now: datetime, reason: str
) -> None:
    """Write down, and tell, that `url` was the feed's until now. `reason`: moved …, edited."""
    connection.execute(
        insert(feed_url_history).values(feed_id=feed_id, until_at=now, url=url, reason=reason)
    )
    moved = {"from": url, "to": to, "reason": reason}
    changes.append(connection, [NewChange(ChangeKind.FEED_MOVED, feed_id=feed_id, data=moved)], now)


def former_urls(connection: Connection, feed_id: int) -> list[FormerUrl]:
    """Where the feed was polled before, newest first."""
    history = feed_url_history.c
    rows = connection.execute(
        select(history.url, history.until_at, history.reason)
        .where(history.feed_id == feed_id)
        .order_by(history.until_at.desc())
    )
    return [FormerUrl(row.url, row.until_at, row.reason) for row in rows]


def revert(connection: Connection, feed_id: int, now: datetime) -> str:
    """Go back to the URL before the last one; returns it. Raises UsageError without one."""
    former = former_urls(connection, feed_id)
    if not former:
        raise UsageError(f"feed {feed_id} has had no other URL")
    if not move(connection, feed_id, former[0].url, now, REVERTED):
        raise UsageError(f"{former[0].url}: another feed has this URL now")
    return former[0].url
