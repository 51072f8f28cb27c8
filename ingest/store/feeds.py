"""Feeds: subscribing, finding, changing their settings."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Connection, Select, case, func, insert, or_, select, update

from ingest.config import FeedSettings
from ingest.errors import UnknownFeed, UsageError
from ingest.fetch.site import site_of
from ingest.model import FeedSchedule
from ingest.store.feed_settings import settings_from_json, settings_to_json
from ingest.store.feed_standing import END_LEASE, resume, subscriptions_changed
from ingest.store.locks import SUBSCRIPTIONS, lock
from ingest.store.moving import left_url
from ingest.store.publisher_rows import publisher_row
from ingest.store.schedule_rows import SCHEDULE_COLUMNS, AnyRow, schedule_from_row, schedule_to_row
from ingest.store.site_rows import site_row
from ingest.store.tables import (
    feed,
    feed_document,
    feed_schedule,
    publisher,
    site,
)

_FORGET_DOCUMENT = {"etag": None, "last_modified": None, "body_hash": None}
# Settings that change what a document yields: after a change it is read again.
_CHANGES_READING = ("language", "text", "user_agent", "headers", "auth", "include", "exclude")


@dataclass(frozen=True, slots=True)
class Feed:
    """A subscribed feed as the command line shows it."""

    feed_id: int
    name: str
    url: str
    publisher_id: int
    publisher: str
    site: str
    source: str  # config, user, opml
    settings: FeedSettings
    schedule: FeedSchedule
    title: str | None
    site_url: str | None
    format: str | None
    language: str | None
    added_at: datetime
    removed_at: datetime | None
    lease_owner: str | None
    lease_until: datetime | None
    last_full_at: datetime | None
    validators_lie: bool
    guids_are_trusted: bool


def add(
    connection: Connection, settings: FeedSettings, *, now: datetime, source: str = "user"
) -> Feed:
    """Subscribe a feed, due at once. One that was removed comes back with its history.

    Raises UsageError where the URL is subscribed already or the name is taken.
    """
    lock(connection, SUBSCRIPTIONS)
    refuse_known(connection, settings)
    # Not refused, so removed.
    known: int | None = connection.scalar(select(feed.c.id).where(feed.c.url == settings.url))
    if known is not None:
        feed_id = known
        write_settings(connection, feed_id, settings, source, now)
        resume(connection, feed_id, now, "subscribed again")
        return get(connection, feed_id)
    subscriptions_changed(connection)
    site_id = site_row(connection, site_of(settings.url))
    feed_id = connection.execute(
        insert(feed)
        .values(
            publisher_id=publisher_row(connection, settings, now),
            site_id=site_id,
            url=settings.url,
            name=_free_name(connection, settings, None),
            source=source,
            settings=settings_to_json(settings),
            added_at=now,
        )
        .returning(feed.c.id)
    ).scalar_one()
    connection.execute(
        insert(feed_schedule).values(
            feed_id=feed_id,
            site_id=site_id,
            **schedule_to_row(FeedSchedule(state_since=now, next_poll_at=now), now),
        )
    )
    return get(connection, feed_id)


def refuse_known(connection: Connection, settings: FeedSettings) -> None:
    """Raise UsageError where the URL is subscribed already, or the name another feed's."""
    for row in connection.execute(
        select(feed.c.url, feed.c.name, feed.c.removed_at).where(
            or_(feed.c.url == settings.url, feed.c.name == settings.name)
        )
    ):
        if row.url == settings.url:
            if row.removed_at is None:
                raise UsageError(f"{settings.url}: subscribed already, as {row.name!r}")
        else:
            raise UsageError(f"feed name {settings.name!r} is taken by another feed")


def _free_name(connection: Connection, settings: FeedSettings, own_id: int | None) -> str:
    def is_taken(name: str) -> bool:
        holder = connection.scalar(select(feed.c.id).where(feed.c.name == name))
        return holder is not None and holder != own_id

    return free_name(settings, is_taken)


def free_name(settings: FeedSettings, is_taken: Callable[[str], bool]) -> str:
    """The name a feed is to have, or one made of its URL. Raises UsageError for one that is taken.

    `is_taken` tells whether another feed has a name.
    """
    if settings.name:
        if is_taken(settings.name):
            raise UsageError(f"feed name {settings.name!r} is taken by another feed")
        return settings.name
    parts = urlsplit(settings.url)
    host = (parts.hostname or settings.url).removeprefix("www.").removeprefix("feeds.")
    path = "/".join(filter(None, parts.path.split("/")))
    candidates = [host, f"{host}/{path}" if path else host]
    candidates += [f"{candidates[-1]}-{number}" for number in range(2, 1000)]
    for candidate in candidates:
        if not is_taken(candidate):
            return candidate
    raise UsageError(f"{settings.url}: give the feed a name")


def list_names(connection: Connection) -> dict[int, str]:
    """The names of all feeds by their ids, in the order of the names."""
    rows = connection.execute(
        select(feed.c.id, feed.c.name).where(feed.c.removed_at.is_(None)).order_by(feed.c.name)
    )
    return {row.id: row.name for row in rows}


def urls_and_names(connection: Connection) -> tuple[set[str], set[str]]:
    """The URLs and the names of the subscribed feeds."""
    rows = connection.execute(select(feed.c.url, feed.c.name).where(feed.c.removed_at.is_(None)))
    found = rows.all()
    return {row.url for row in found}, {row.name for row in found}


def list_feeds(connection: Connection, *, with_removed: bool = False) -> list[Feed]:
    """All feeds, by name."""
    query = _select_feeds().order_by(feed.c.name)
    if not with_removed:
        query = query.where(feed.c.removed_at.is_(None))
    return [_feed(row) for row in connection.execute(query)]


def get(connection: Connection, feed_id: int) -> Feed:
    """The feed with this id. Raises UnknownFeed."""
    row = connection.execute(_select_feeds().where(feed.c.id == feed_id)).one_or_none()
    if row is None:
        raise UnknownFeed(f"no feed with id {feed_id}")
    return _feed(row)


def find(connection: Connection, wanted: str) -> Feed:
    """The feed by id, name or URL, or by the beginning of a name or URL that only one has.

    Raises UnknownFeed, with suggestions for a name that is nearly right.
    """
    rows = connection.execute(
        select(feed.c.id, feed.c.name, feed.c.url).where(feed.c.removed_at.is_(None))
    ).all()
    for row in rows:
        if wanted in (row.name, row.url, str(row.id), f"#{row.id}"):
            return get(connection, row.id)
    lowered = wanted.casefold()
    begins = [
        row
        for row in rows
        if row.name.casefold().startswith(lowered) or _bare(row.url).startswith(_bare(wanted))
    ]
    if len(begins) == 1:
        return get(connection, begins[0].id)
    if begins:
        names = ", ".join(sorted(row.name for row in begins)[:5])
        raise UnknownFeed(f"{wanted!r} could be any of {len(begins)} feeds: {names}")
    near = difflib.get_close_matches(wanted, [row.name for row in rows], n=3)
    hint = f"; did you mean {', '.join(near)}?" if near else "; `ingest feeds list` shows all"
    raise UnknownFeed(f"no feed {wanted!r}{hint}")


def _bare(url: str) -> str:
    return url.casefold().removeprefix("https://").removeprefix("http://").removeprefix("www.")


def change(connection: Connection, feed_id: int, settings: FeedSettings, now: datetime) -> Feed:
    """Give a feed other settings; a new URL goes into its history. Raises UsageError."""
    write_settings(connection, feed_id, settings, None, now)
    return get(connection, feed_id)


def write_settings(
    connection: Connection,
    feed_id: int,
    settings: FeedSettings,
    source: str | None,
    now: datetime,
) -> None:
    """Give a feed other settings; `source` None leaves who subscribed it. Raises UsageError."""
    subscriptions_changed(connection)
    before = connection.execute(
        select(feed.c.url, feed.c.name, feed.c.settings).where(feed.c.id == feed_id)
    ).one()
    old = settings_from_json(before.settings)
    url = settings.url if settings.url != old.url else before.url
    site_id = site_row(connection, site_of(url))
    values: dict[str, Any] = {
        "url": url,
        "site_id": site_id,
        "publisher_id": publisher_row(connection, settings, now),
        "settings": settings_to_json(settings),
    }
    if settings.name:
        values["name"] = _free_name(connection, settings, feed_id)
    if source is not None:
        values["source"] = source
    connection.execute(update(feed).where(feed.c.id == feed_id).values(**values))
    if before.url != url:
        left_url(connection, feed_id, before.url, url, now, "edited")
    must_read_again = before.url != url or any(
        getattr(old, name) != getattr(settings, name) for name in _CHANGES_READING
    )
    if must_read_again:
        forget_document(connection, feed_id)
        connection.execute(
            update(feed_schedule)
            .where(feed_schedule.c.feed_id == feed_id)
            .values(
                next_poll_at=case((feed_schedule.c.next_poll_at.is_not(None), now)),
                site_id=site_id,
                **END_LEASE,
            )
        )


def forget_document(connection: Connection, feed_id: int) -> None:
    """Have the next poll ask unconditionally and look at every entry again."""
    connection.execute(
        update(feed_schedule).where(feed_schedule.c.feed_id == feed_id).values(**_FORGET_DOCUMENT)
    )
    connection.execute(feed_document.delete().where(feed_document.c.feed_id == feed_id))


def count(connection: Connection) -> int:
    """How many feeds are subscribed."""
    query = select(func.count()).select_from(feed).where(feed.c.removed_at.is_(None))
    return connection.scalar(query) or 0


def _select_feeds() -> Select[*tuple[Any, ...]]:
    return (
        select(
            *SCHEDULE_COLUMNS,
            feed,
            feed_schedule.c.lease_owner,
            feed_schedule.c.lease_until,
            feed_schedule.c.last_full_at,
            publisher.c.name.label("publisher"),
            site.c.name.label("site"),
        )
        .join_from(feed, feed_schedule, feed_schedule.c.feed_id == feed.c.id)
        .join(publisher, publisher.c.id == feed.c.publisher_id)
        .join(site, site.c.id == feed.c.site_id)
    )


def _feed(row: AnyRow) -> Feed:
    return Feed(
        feed_id=row.id,
        name=row.name,
        url=row.url,
        publisher_id=row.publisher_id,
        publisher=row.publisher,
        site=row.site,
        source=row.source,
        settings=settings_from_json(row.settings),
        schedule=schedule_from_row(row),
        title=row.title,
        site_url=row.site_url,
        format=row.format,
        language=row.language,
        added_at=row.added_at,
        removed_at=row.removed_at,
        lease_owner=row.lease_owner,
        lease_until=row.lease_until,
        last_full_at=row.last_full_at,
        validators_lie=row.validators_lie,
        guids_are_trusted=row.guids_are_trusted,
    )
