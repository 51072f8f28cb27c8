"""The polls in flight: which feed, since when, until when they may take, under which lease."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ingest.config import ScheduleSettings
    from ingest.store.leases import DueFeed

PAGES_FACTOR = 5.0  # a poll that fetches pages too may take so much longer


@dataclass(slots=True)
class Flight:
    """One poll under way. `end_at` is when it has overrun, `lease_until` as last renewed."""

    due: DueFeed
    task: asyncio.Task[None]
    end_at: datetime
    lease_until: datetime
    overran: bool = False
    is_lost: bool = False

    def has_begun(self, now: datetime) -> bool:
        """Whether its slot at the site has come: before that no byte was sent."""
        return self.due.start_not_before <= now


def end_of(due: DueFeed, now: datetime, settings: ScheduleSettings) -> datetime:
    """When a poll that starts with this claim has overrun."""
    seconds = settings.poll_timeout_seconds
    if due.settings.text == "page":
        seconds *= PAGES_FACTOR
    return max(now, due.start_not_before) + timedelta(seconds=seconds)


class Flights:
    """All polls in flight of this process, by feed."""

    def __init__(self) -> None:
        self._by_feed: dict[int, Flight] = {}

    def __len__(self) -> int:
        return len(self._by_feed)

    def add(self, flight: Flight) -> None:
        """Take in a poll; it leaves by itself when its task ends."""
        feed_id = flight.due.feed_id
        self._by_feed[feed_id] = flight
        flight.task.add_done_callback(lambda _: self._forget(feed_id, flight))

    def _forget(self, feed_id: int, flight: Flight) -> None:
        if self._by_feed.get(feed_id) is flight:
            del self._by_feed[feed_id]

    def of(self, feed_id: int) -> Flight | None:
        """The poll of this feed, if it is in flight."""
        return self._by_feed.get(feed_id)

    def all(self) -> list[Flight]:
        """A copy of the list, which may be walked while polls end."""
        return list(self._by_feed.values())

    def overran(self, now: datetime) -> list[Flight]:
        """Those that took too long and were not ended yet."""
        return [one for one in self.all() if one.end_at <= now and not one.overran]

    def to_renew(self, now: datetime, lease_seconds: float) -> list[Flight]:
        """Those with less than half of their lease left."""
        soon = now + timedelta(seconds=lease_seconds / 2)
        return [one for one in self.all() if one.lease_until <= soon and not one.is_lost]
