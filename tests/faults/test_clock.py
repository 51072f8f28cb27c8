"""The wall clock is stepped under the pipeline: nothing is lost, doubled or silent for ever."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from ingest.model import PollOutcome
from ingest.schedule.daemon import LONGEST_WAIT_SECONDS
from ingest.store import fleet as workers
from ingest.store import leases
from ingest.store.engine import Database
from tests.faults.fleet import LOOPBACK, Fleet, Stored, fleet, own_host, rss, stored
from tests.faultserver import FaultServer, serves

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
DAY = timedelta(days=1)


@dataclass
class Clock:
    now: datetime = START

    def __call__(self) -> datetime:
        return self.now


async def _poll(one: Fleet, feed_ids: list[int]) -> PollOutcome:
    (due,) = one.claim(feed_ids)
    return (await one.pipeline.poll(due)).polled.outcome


@pytest.mark.parametrize("step", [-400 * DAY, -DAY, timedelta(hours=-1), DAY, 400 * DAY])
async def test_a_stepped_clock_loses_and_doubles_nothing(
    database: Database, step: timedelta
) -> None:
    clock = Clock()
    with FaultServer(host="0.0.0.0") as server:
        server.on(
            "/feed",
            serves(rss(1, 2, 3), etag='"1"'),
            serves(rss(2, 3, 4), etag='"2"'),
            serves(rss(2, 3, 4, 5), etag='"3"'),
        )
        async with fleet(database, LOOPBACK, clock=clock) as one:
            feed_ids = one.subscribe(server.url("/feed", host=own_host()))
            outcomes = [await _poll(one, feed_ids)]
            clock.now = START + step
            outcomes.append(await _poll(one, feed_ids))
            clock.now = START + timedelta(hours=1)
            outcomes.append(await _poll(one, feed_ids))
    assert outcomes == [PollOutcome.OK] * 3
    assert stored(database) == Stored(
        articles=5, revisions=0, sightings=5, in_stories=5, waiting=0, polls=3
    )
    with database.connect() as connection:
        backward = connection.scalar(
            text("SELECT count(*) FROM sighting WHERE last_seen_at < first_seen_at")
        )
    assert backward == 0


@pytest.mark.parametrize("step", [400 * DAY, 2 * DAY])
async def test_what_a_clock_that_ran_ahead_has_put_off_is_polled_again(
    database: Database, step: timedelta
) -> None:
    clock = Clock(START + step)  # it runs ahead from the start, and is set right later
    with FaultServer(host="0.0.0.0") as server:
        server.on("/feed", serves(rss(1, 2), etag='"1"'), serves(rss(1, 2, 3), etag='"2"'))
        async with fleet(database, LOOPBACK, clock=clock) as one:
            feed_ids = one.subscribe(server.url("/feed", host=own_host()))
            await _poll(one, feed_ids)
            clock.now = START
            with database.begin() as connection:
                assert leases.count_due(connection, clock.now) == 0
                healed = workers.undo_clock_step(
                    connection,
                    clock.now,
                    longest_wait_seconds=LONGEST_WAIT_SECONDS,
                    lease_seconds=300.0,
                )
                assert healed == 1
                next_due_at = leases.next_due_at(connection)
                assert next_due_at is not None
                assert next_due_at <= START + DAY  # as long as it would have waited, not longer
                clock.now = max(clock.now, next_due_at)
                (due,) = leases.claim_due(
                    connection, now=clock.now, limit=5, owner="test", lease_seconds=300
                )
            assert due.start_not_before == clock.now  # nor is its site kept waiting
            recorded = await one.pipeline.poll(due)
    assert recorded.counts is not None
    assert (recorded.counts.new, recorded.counts.unchanged) == (1, 2)
    assert recorded.decision is not None
    next_poll_at = recorded.decision.schedule.next_poll_at
    assert next_poll_at is not None
    assert timedelta(0) < next_poll_at - clock.now <= DAY
