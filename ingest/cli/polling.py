"""Polling from the command line: feeds become targets, targets go through the pipeline."""

from __future__ import annotations

import asyncio
import os
import socket
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ingest.cli.session import now
from ingest.config import FeedSettings, Settings
from ingest.config.checks import is_feed_url
from ingest.errors import UnknownFeed, UsageError
from ingest.fetch.request import NO_VALIDATORS
from ingest.fetch.site import site_of
from ingest.model import FeedSchedule, Polled
from ingest.pipeline import Pipeline
from ingest.record import Recorded
from ingest.schedule.decider import Decider
from ingest.schedule.politeness import SiteGate
from ingest.store import feeds, leases, polls
from ingest.store.engine import Database
from ingest.store.feeds import Feed
from ingest.store.leases import DueFeed, Lease

# For each request in flight: polls that may be asking or reading, and polls under way at all. Those
# beyond wait for the writer, whose batches are as large as the number of polls that wait for it.
_READ_PER_REQUEST = 2
_POLLS_PER_REQUEST = 8
CLAIMED_AT_ONCE = 200  # leases run from the claim: more at once could run out while they wait


@dataclass(frozen=True, slots=True)
class Target:
    """Something to poll. `due` is unclaimed: fit for a preview, not for storing."""

    due: DueFeed
    is_subscribed: bool


def subscribed(feed: Feed) -> Target:
    """A feed of the database."""
    return Target(_unclaimed(feed.settings, feed.name, feed.publisher, feed), True)


def unsubscribed(url: str) -> Target:
    """An address nobody has subscribed to."""
    return Target(_unclaimed(FeedSettings(url=url), url, site_of(url), None), False)


def _unclaimed(settings: FeedSettings, name: str, publisher: str, feed: Feed | None) -> DueFeed:
    at = now()
    return DueFeed(
        feed_id=feed.feed_id if feed else 0,
        lease=Lease(feed_id=feed.feed_id if feed else 0, owner="", fence=0, until=at),
        due_at=None,
        start_not_before=at,
        url=feed.url if feed else settings.url,
        name=name,
        site_id=0,
        site=site_of(settings.url),
        publisher_id=feed.publisher_id if feed else 0,
        publisher=publisher,
        settings=settings,
        validators=NO_VALIDATORS,
        body_hash=None,
        validators_lie=False,
        guids_are_trusted=feed.guids_are_trusted if feed else True,
        schedule=FeedSchedule(),
        site_failures=0,
        last_full_at=None,
        clock_skew_seconds=None,
        site_url=feed.site_url if feed else None,
        language=feed.language if feed else None,
        format=None,
        added_at=feed.added_at if feed else at,
    )


@asynccontextmanager
async def pipeline(
    database: Database,
    settings: Settings,
    decider: Decider,
    *,
    patience_seconds: float | None = None,
    on_trouble: Callable[[str | None], None] = lambda _: None,
) -> AsyncIterator[Pipeline]:
    """The pipeline of a process that polls and ends, for the length of the block."""
    gate = SiteGate(
        connections_per_site=settings.fetch.connections_per_site,
        delay_seconds=settings.fetch.site_delay_seconds,
        concurrency=settings.fetch.concurrency,
    )
    async with Pipeline(
        database,
        settings,
        schedule=decider,
        gate=gate,
        clock=now,
        patience_seconds=patience_seconds,
        on_trouble=on_trouble,
        is_brief=True,
    ) as opened:
        yield opened


async def preview_all(
    database: Database,
    settings: Settings,
    targets: Sequence[Target],
    seen: Callable[[Target, Polled], None],
) -> None:
    """Poll targets without storing anything; `seen` is called as each is done."""
    async with pipeline(database, settings, Decider(settings.schedule, clock=now)) as opened:

        async def one(target: Target) -> None:
            seen(target, await opened.preview(target.due))

        await _all_of([one(target) for target in targets])


async def poll_all(
    database: Database,
    settings: Settings,
    wanted: Mapping[int, str],
    seen: Callable[[Recorded], None],
    on_trouble: Callable[[str | None], None],
) -> list[str]:
    """Claim and poll feeds, given as id -> name; `seen` is called as each poll has been stored.

    `on_trouble` is told each time that the database could not be written, and with None when it
    could; after `database.busy_timeout_seconds` of that DatabaseUnreachable is raised.
    Returns the names of feeds that a daemon is polling just now. Feeds not polled when this is
    ended early are given back.
    """
    queue = _Queue(database, settings, wanted)
    decider = Decider(settings.schedule, clock=now)
    patience = settings.database.busy_timeout_seconds
    async with pipeline(
        database, settings, decider, patience_seconds=patience, on_trouble=on_trouble
    ) as opened:
        places = asyncio.Semaphore(_READ_PER_REQUEST * settings.fetch.concurrency)

        async def poll_in_turn() -> None:
            await places.acquire()
            while (due := queue.next_due()) is not None:
                seen(await opened.poll(due, when_read=places.release))
                queue.done(due)
                await places.acquire()
            places.release()

        polls_at_once = min(_POLLS_PER_REQUEST * settings.fetch.concurrency, len(wanted))
        try:
            await _all_of([poll_in_turn() for _ in range(polls_at_once)])
        finally:
            queue.give_back()
    return queue.held


class _Queue:
    """Feeds to be polled, claimed a batch at a time just before their turn comes."""

    def __init__(self, database: Database, settings: Settings, wanted: Mapping[int, str]) -> None:
        self._database = database
        self._settings = settings
        self._names = wanted
        self._waiting = deque(wanted)
        self._claimed: deque[DueFeed] = deque()
        self._leases: dict[int, Lease] = {}
        self._owner = f"{socket.gethostname()}:{os.getpid()}:fetch"
        self.held: list[str] = []  # names of feeds that somebody else is polling

    def next_due(self) -> DueFeed | None:
        """The next feed, claimed; None where there are no more."""
        while not self._claimed and self._waiting:
            batch = [
                self._waiting.popleft() for _ in range(min(CLAIMED_AT_ONCE, len(self._waiting)))
            ]
            due = _claim(self._database, self._settings, batch, self._owner, now())
            self._claimed.extend(due)
            self._leases.update((one.feed_id, one.lease) for one in due)
            claimed = {one.feed_id for one in due}
            self.held += [self._names[feed_id] for feed_id in batch if feed_id not in claimed]
        return self._claimed.popleft() if self._claimed else None

    def done(self, due: DueFeed) -> None:
        """The feed's poll is recorded, and with it its lease given back."""
        self._leases.pop(due.feed_id, None)

    def give_back(self) -> None:
        """Leave what was claimed and not polled as due as it was."""
        if self._leases:
            with self._database.begin() as connection:
                leases.release(connection, self._leases.values())


def _claim(
    database: Database, settings: Settings, batch: Sequence[int], owner: str, at: datetime
) -> list[DueFeed]:
    with database.begin() as connection:
        return leases.claim_due(
            connection,
            now=at,
            limit=len(batch),
            owner=owner,
            lease_seconds=settings.schedule.lease_seconds,
            feed_ids=batch,
            site_delay_seconds=settings.fetch.site_delay_seconds,
        )


async def _all_of(coroutines: Sequence[Coroutine[Any, Any, None]]) -> None:
    """Run them together; the first error ends the others and is raised."""
    try:
        async with asyncio.TaskGroup() as group:
            for coroutine in coroutines:
                group.create_task(coroutine)
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None


def known_entries(database: Database, target: Target) -> dict[int, int]:
    """The entries of a target as last stored: entry_key -> entry_hash."""
    if not target.is_subscribed:
        return {}
    with database.connect() as connection:
        return polls.known_entries(connection, target.due.feed_id)


def all_feeds(database: Database) -> dict[int, str]:
    """Every subscribed feed, for `poll_all`."""
    with database.connect() as connection:
        return feeds.list_names(connection)


def targets_of(database: Database, wanted: Sequence[str]) -> list[Target]:
    """What names and addresses stand for; without any, every subscribed feed, as for a preview.

    Raises UnknownFeed, and UsageError for an address that cannot be polled.
    """
    with database.connect() as connection:
        if not wanted:
            return [subscribed(feed) for feed in feeds.list_feeds(connection)]
        found: dict[str, Target] = {}
        for one in wanted:
            try:
                target = subscribed(feeds.find(connection, one))
            except UnknownFeed:
                if "://" not in one:
                    raise
                target = unsubscribed(checked_url(one))
            found[target.due.url] = target
    return list(found.values())


def checked_url(url: str) -> str:
    """`url`, if it can be polled. Raises UsageError."""
    if not is_feed_url(url):
        raise UsageError(f"{url}: has to be an http:// or https:// URL")
    return url
