"""Subscribing many feeds in a handful of statements: one by one each costs eight."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from ingest.config import FeedSettings
from ingest.fetch.site import site_of
from ingest.model import FeedSchedule
from ingest.store.feed_settings import settings_to_json
from ingest.store.feed_standing import subscriptions_changed
from ingest.store.feeds import add, free_name
from ingest.store.ids import allocate
from ingest.store.locks import SUBSCRIPTIONS, lock
from ingest.store.publisher_rows import publisher_rows
from ingest.store.schedule_rows import schedule_to_row
from ingest.store.site_rows import site_rows
from ingest.store.tables import feed, feed_schedule
from ingest.store.upsert import insert_rows


@dataclass(frozen=True, slots=True)
class Subscribed:
    """A feed that was just subscribed."""

    feed_id: int
    name: str


def add_all(
    connection: Connection, wanted: Iterable[FeedSettings], *, now: datetime, source: str
) -> list[Subscribed]:
    """Subscribe feeds as `feeds.add` does each, in this order. Raises UsageError as that does."""
    lock(connection, SUBSCRIPTIONS)
    subscribed: list[Subscribed] = []
    waiting: list[tuple[FeedSettings, str]] = []
    urls, names = set(), set()
    for row in connection.execute(select(feed.c.url, feed.c.name)).all():
        urls.add(row.url)
        names.add(row.name)
    for settings in wanted:
        if settings.url in urls or settings.name in names:
            # One that comes back, or cannot be had: what `add` says of it counts.
            subscribed += _add_new(connection, waiting, now, source)
            waiting = []
            came_back = add(connection, settings, now=now, source=source)
            subscribed.append(Subscribed(came_back.feed_id, came_back.name))
            names.add(came_back.name)
            continue
        name = free_name(settings, names.__contains__)
        waiting.append((settings, name))
        urls.add(settings.url)
        names.add(name)
    return subscribed + _add_new(connection, waiting, now, source)


def _add_new(
    connection: Connection,
    wanted: Sequence[tuple[FeedSettings, str]],
    now: datetime,
    source: str,
) -> list[Subscribed]:
    if not wanted:
        return []
    subscriptions_changed(connection)
    sites = site_rows(connection, {site_of(settings.url) for settings, _ in wanted})
    publishers = publisher_rows(connection, [settings for settings, _ in wanted], now)
    schedule = schedule_to_row(FeedSchedule(state_since=now, next_poll_at=now), now)
    ids = allocate(connection, feed, len(wanted))
    rows: list[dict[str, Any]] = [
        {
            "id": feed_id,
            "publisher_id": publisher_id,
            "site_id": sites[site_of(settings.url)],
            "url": settings.url,
            "name": name,
            "source": source,
            "settings": settings_to_json(settings),
            "added_at": now,
        }
        for feed_id, publisher_id, (settings, name) in zip(ids, publishers, wanted, strict=True)
    ]
    insert_rows(connection, feed, rows)
    insert_rows(
        connection,
        feed_schedule,
        [{"feed_id": row["id"], "site_id": row["site_id"], **schedule} for row in rows],
    )
    return [Subscribed(row["id"], row["name"]) for row in rows]
