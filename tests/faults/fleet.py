"""A pipeline over a real database, and short ways to subscribe, claim and look at feeds."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count

from sqlalchemy import text

from ingest.config import FeedSettings, FetchSettings, ParseSettings, ScheduleSettings, Settings
from ingest.pipeline import Pipeline
from ingest.schedule.decider import Decider
from ingest.schedule.politeness import SiteGate
from ingest.store import feeds, leases
from ingest.store.engine import Database
from ingest.store.leases import DueFeed
from ingest.turns import Gate

LOOPBACK = Settings(
    fetch=FetchSettings(
        allow_networks=("127.0.0.0/8",), total_timeout_seconds=20.0, site_delay_seconds=0.0
    ),
    parse=ParseSettings(workers=1),
    schedule=ScheduleSettings(batch_seconds=0.01),
)
_hosts = count()


def utc_now() -> datetime:
    return datetime.now(UTC)


def own_host() -> str:
    """A loopback address nobody else has: a site of its own."""
    number = next(_hosts)
    return f"127.{1 + number // 62_500}.{number // 250 % 250}.{1 + number % 250}"


def rss(
    *numbers: int, text: str = "The council met and spoke of the sluices of the old mill."
) -> bytes:
    """A document with one entry a number."""
    items = "".join(
        f"<item><guid>{n}</guid><link>https://feeds.example/{n}</link><title>Piece {n}</title>"
        f"<description>{text} This was number {n} of them.</description></item>"
        for n in numbers
    )
    return f'<rss version="2.0"><channel><title>T</title>{items}</channel></rss>'.encode()


@dataclass(frozen=True)
class Stored:
    """How much a database holds of everything that must never be doubled or lost."""

    articles: int
    revisions: int
    sightings: int
    in_stories: int
    waiting: int
    polls: int


def stored(database: Database) -> Stored:
    tables = ("article", "revision", "sighting", "story_article", "match_queue", "poll")
    with database.connect() as connection:
        return Stored(
            *(connection.scalar(text(f"SELECT count(*) FROM {name}")) or 0 for name in tables)
        )


class Fleet:
    """The feeds of one database, polled through one pipeline."""

    def __init__(self, database: Database, pipeline: Pipeline, clock: Callable[[], datetime]):
        self.database = database
        self.pipeline = pipeline
        self._clock = clock

    def subscribe(self, *urls: str) -> list[int]:
        """Subscribe feeds, all due now; their ids."""
        with self.database.begin() as connection:
            return [
                feeds.add(connection, FeedSettings(url=url), now=self._clock()).feed_id
                for url in urls
            ]

    def claim(self, feed_ids: Collection[int]) -> list[DueFeed]:
        """Claim these feeds whether due or not, in order of their ids."""
        with self.database.begin() as connection:
            claimed = leases.claim_due(
                connection,
                now=self._clock(),
                limit=10_000,
                owner="test",
                lease_seconds=300,
                feed_ids=feed_ids,
                site_delay_seconds=0.0,
            )
        return sorted(claimed, key=lambda due: due.feed_id)


@asynccontextmanager
async def fleet(
    database: Database,
    settings: Settings = LOOPBACK,
    *,
    clock: Callable[[], datetime] = utc_now,
    patience_seconds: float | None = None,
    on_trouble: Callable[[str | None], None] = lambda _: None,
    gate: Gate | None = None,
    hold_seconds: float = 0.5,
) -> AsyncIterator[Fleet]:
    decider = Decider(settings.schedule, clock=clock, hold_seconds=hold_seconds)
    gate = gate or SiteGate(connections_per_site=2, delay_seconds=0.0)
    pipeline = Pipeline(
        database,
        settings,
        schedule=decider,
        gate=gate,
        clock=clock,
        patience_seconds=patience_seconds,
        on_trouble=on_trouble,
    )
    async with pipeline:
        yield Fleet(database, pipeline, clock)
