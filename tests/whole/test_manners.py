"""Graded by a publisher: the whole pipeline, for nine days of a clock turned by hand.

The server keeps score as the feed reader score test of rachelbythebay.com does
(https://rachelbythebay.com/w/2024/05/27/feed/): every request is judged against what the server
itself had said before.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import text

from ingest.config import Settings
from ingest.model import PollOutcome
from ingest.record import Recorded
from ingest.schedule.politeness import SiteGate
from ingest.store import leases
from ingest.store.engine import Database, open_database
from tests.faults.fleet import LOOPBACK, Fleet, fleet, own_host, rss
from tests.faultserver import Exchange, FaultServer, serves

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
CONTACT = "https://ingest.example/about"
SETTINGS: Settings = replace(
    LOOPBACK,
    fetch=replace(LOOPBACK.fetch, contact=CONTACT),
    schedule=replace(LOOPBACK.schedule, min_interval_seconds=1_800, batch_seconds=0.0),
)
MIN_GAP = timedelta(seconds=SETTINGS.schedule.min_interval_seconds)
FULL_EVERY = timedelta(days=SETTINGS.fetch.force_full_after_days)


@dataclass
class Clock:
    """Stands still until it is turned; who sleeps turns it."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def seconds(self) -> float:
        return (self.now - START).total_seconds()

    async def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=max(0.0, seconds) + 0.001)  # never short by a rounding

    def gate(self) -> SiteGate:
        return SiteGate(
            connections_per_site=2, delay_seconds=0.0, monotonic=self.seconds, sleep=self.sleep
        )


@dataclass(frozen=True)
class Request:
    """One request as the publisher saw it, and what would have been right."""

    at: datetime
    headers: dict[str, str]
    etag: str | None  # the last validators it was given
    last_modified: str | None
    status: int

    @property
    def is_conditional(self) -> bool:
        return "if-none-match" in self.headers or "if-modified-since" in self.headers


@dataclass
class Publisher:
    """A feed that changes every `hours`, honours its validators, and writes down who asks how.

    `moves`: a 304 has a new ETag. `lies`: the validators never change and always give a 304.
    """

    clock: Clock
    hours: float = 6.0
    moves: bool = False
    lies: bool = False
    seen: list[Request] = field(default_factory=list)
    etag: str | None = None
    last_modified: str | None = None

    async def __call__(self, exchange: Exchange) -> None:
        asked = exchange.seen.headers
        edition = 0 if self.lies else int(self.clock.seconds() / 3600 / self.hours)
        etag = f'W/"{edition}.{len(self.seen) if self.moves else 0}"'
        last_modified = f"Mon, 02 Mar 2026 {edition % 24:02d}:{edition // 24:02d}:00 +0000"
        is_known = (
            self.etag is not None
            and asked.get("if-none-match") == self.etag
            and self.etag.split(".")[0] == etag.split(".")[0]
        )
        status = 304 if is_known else 200
        self.seen.append(Request(self.clock(), asked, self.etag, self.last_modified, status))
        self.etag, self.last_modified = etag, last_modified
        given = [
            ("etag", etag),
            ("last-modified", last_modified),
            ("set-cookie", f"reader={len(self.seen)}; Path=/; Max-Age=864000"),
            ("content-type", "application/rss+xml"),
        ]
        number = int(self.clock.seconds() / 3600 / self.hours)
        body = b"" if is_known else rss(*range(number, number + 15))
        await exchange.answer(status, body, given)

    @property
    def repeats(self) -> list[Request]:
        return self.seen[1:]


async def live(one: Fleet, clock: Clock, days: float) -> list[Recorded]:
    """Poll whatever is due when it is due, for so many days."""
    until = clock.now + timedelta(days=days)
    recorded: list[Recorded] = []
    while True:
        with one.database.connect() as connection:
            due_at = leases.next_due_at(connection)
        if due_at is None or due_at > until:
            return recorded
        clock.now = max(clock.now, due_at)
        with one.database.begin() as connection:
            claimed = leases.claim_due(
                connection, now=clock.now, limit=50, owner="test", lease_seconds=300
            )
        if not claimed:  # put off: its site is paused
            clock.now += timedelta(seconds=60)
        for due in claimed:
            recorded.append(await one.pipeline.poll(due))


@pytest.fixture
def one_database(sqlite_url: str) -> Database:
    return open_database(sqlite_url)


@pytest.mark.parametrize("moves", [False, True])
async def test_a_publisher_who_keeps_score_finds_nothing_to_complain_of(
    one_database: Database, moves: bool
) -> None:
    clock = Clock()
    publisher = Publisher(clock, moves=moves)
    with FaultServer(host="0.0.0.0") as server:
        server.on("/feed", publisher)
        async with fleet(one_database, SETTINGS, clock=clock, gate=clock.gate()) as one:
            one.subscribe(server.url("/feed", host=own_host()))
            recorded = await live(one, clock, days=9)
    one_database.close()

    assert len(publisher.seen) == len(recorded) > 50
    assert {one.status for one in publisher.repeats} == {200, 304}
    assert sum(one.counts.new for one in recorded if one.counts) >= 9 * 24 / 6  # and missed none
    # No unconditional repeat, but for the one a week that unmasks validators that lie.
    bare = [one for one in publisher.repeats if not one.is_conditional]
    assert len(bare) == 1
    for earlier, later in pairwise([publisher.seen[0], *bare]):
        assert later.at - earlier.at >= FULL_EVERY
    # No stale validator, and none but verbatim: what the last answer had, 304s included.
    for request in publisher.repeats:
        if request.is_conditional:
            assert request.headers.get("if-none-match") == request.etag
            assert request.headers.get("if-modified-since") == request.last_modified
    for request in publisher.seen:
        assert "cookie" not in request.headers
        assert request.headers["user-agent"].startswith("ingest/")
        assert CONTACT in request.headers["user-agent"]
    for before, after in pairwise(publisher.seen):
        assert after.at - before.at >= MIN_GAP


async def test_a_validator_that_lies_is_unmasked_and_the_feed_is_marked(
    one_database: Database,
) -> None:
    clock = Clock()
    publisher = Publisher(clock, lies=True)
    with FaultServer(host="0.0.0.0") as server:
        server.on("/feed", publisher)
        async with fleet(one_database, SETTINGS, clock=clock, gate=clock.gate()) as one:
            one.subscribe(server.url("/feed", host=own_host()))
            recorded = await live(one, clock, days=FULL_EVERY.days + 2)
    with one_database.connect() as connection:
        lies = connection.scalar(text("SELECT validators_lie FROM feed"))
    one_database.close()
    outcomes = [poll.polled.outcome for poll in recorded]
    assert outcomes[0] is PollOutcome.OK
    assert PollOutcome.NOT_MODIFIED in outcomes
    unmasked = outcomes.index(PollOutcome.OK, 1)
    assert publisher.seen[unmasked].at - START >= FULL_EVERY
    counts = recorded[unmasked].counts
    assert counts is not None
    assert counts.new == 15
    assert lies


@pytest.mark.parametrize("seconds", [2_400, 7_200])
async def test_retry_after_is_obeyed_by_every_feed_of_the_site(
    one_database: Database, seconds: int
) -> None:
    clock = Clock()
    asked: list[tuple[datetime, str]] = []
    refused_at: list[datetime] = []

    async def site(exchange: Exchange) -> None:
        asked.append((clock(), exchange.seen.path))
        hours = clock.seconds() / 3600
        if exchange.seen.path == "/feed/1" and hours > 12 and len(refused_at) < 2:
            refused_at.append(clock())
            await exchange.answer(429, b"", [("retry-after", str(seconds))])
        else:
            await serves(rss(*range(10)), etag='"1"')(exchange)

    with FaultServer(host="0.0.0.0") as server:
        server.default = site
        host = own_host()
        async with fleet(one_database, SETTINGS, clock=clock, gate=clock.gate()) as one:
            one.subscribe(*(server.url(f"/feed/{number}", host=host) for number in range(4)))
            await live(one, clock, days=2)
    one_database.close()
    assert len(refused_at) == 2
    assert {path for at, path in asked if at > refused_at[1]} == {f"/feed/{n}" for n in range(4)}
    for moment in refused_at:
        waited = min(at for at, _ in asked if at > moment) - moment
        assert waited >= timedelta(seconds=seconds)
