"""What daemons leave in the database about themselves, and what a stepped clock leaves behind."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from ingest.config import FeedSettings
from ingest.store import feeds, fleet, leases
from ingest.store.engine import Database
from ingest.store.tables import feed_schedule, site, worker

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def subscribe(database: Database, count: int) -> None:
    with database.begin() as connection:
        for n in range(count):
            settings = FeedSettings(url=f"http://site{n % 3}.example/{n}")
            feeds.add(connection, settings, now=NOW)


def beat(database: Database, name: str, now: datetime, in_flight: int = 0) -> None:
    with database.begin() as connection:
        fleet.beat(
            connection,
            name=name,
            host="here",
            pid=1,
            version="1",
            started_at=NOW,
            now=now,
            status={"in_flight": in_flight},
        )


def test_the_load_is_the_sum_of_what_all_feeds_ask_for(database: Database) -> None:
    subscribe(database, 10)
    with database.begin() as connection:
        assert fleet.load(connection, NOW) == fleet.Load(10, 10, 3, 0.0, 0)
        polled = feed_schedule.c.feed_id <= 4
        connection.execute(
            update(feed_schedule).where(polled).values(last_poll_at=NOW, interval_seconds=400.0)
        )
        load = fleet.load(connection, NOW)
    assert (load.feeds, load.unpolled, load.sites) == (10, 6, 3)
    assert load.polls_per_second == pytest.approx(0.01)


def test_an_empty_database_asks_for_nothing(database: Database) -> None:
    with database.connect() as connection:
        assert fleet.load(connection, NOW) == fleet.Load(0, 0, 0, 0.0, 0)


def test_a_worker_has_one_row_that_its_heartbeat_renews(database: Database) -> None:
    beat(database, "a", NOW)
    beat(database, "a", NOW + timedelta(seconds=15), in_flight=7)
    with database.begin() as connection:
        row = connection.execute(select(worker)).one()
        assert (row.seen_at, row.stopped_at) == (NOW + timedelta(seconds=15), None)
        assert row.status == {"in_flight": 7}
        fleet.stopped(connection, "a", NOW + timedelta(seconds=20))
        row = connection.execute(select(worker)).one()
        assert row.stopped_at == NOW + timedelta(seconds=20)


def test_only_daemons_that_live_count_as_workers(database: Database) -> None:
    beat(database, "dead", NOW - timedelta(minutes=3))
    beat(database, "ended", NOW)
    beat(database, "alive", NOW - timedelta(seconds=20))
    with database.begin() as connection:
        fleet.stopped(connection, "ended", NOW)
        assert fleet.load(connection, NOW).workers == 1


def test_workers_not_heard_of_for_long_are_forgotten(database: Database) -> None:
    beat(database, "old", NOW - timedelta(days=8))
    beat(database, "new", NOW)
    with database.connect() as connection:
        assert connection.execute(select(worker.c.name)).scalars().all() == ["new"]


def test_what_a_clock_that_ran_ahead_has_left_is_made_due_again(database: Database) -> None:
    subscribe(database, 4)
    future = NOW + timedelta(days=900)
    soon = NOW + timedelta(days=3)
    with database.begin() as connection:
        ahead = feed_schedule.c.feed_id <= 2
        connection.execute(
            update(feed_schedule)
            .where(ahead)
            .values(next_poll_at=future, lease_until=future, lease_owner="somebody")
        )
        connection.execute(update(feed_schedule).where(~ahead).values(next_poll_at=soon))
        connection.execute(update(site).values(next_slot_at=future, paused_until=future))
        healed = fleet.undo_clock_step(
            connection, NOW, longest_wait_seconds=21 * 86_400, lease_seconds=300
        )
        assert healed == 2
        claimed = leases.claim_due(connection, now=NOW, limit=10, owner="me", lease_seconds=300)
        assert sorted(due.feed_id for due in claimed) == [1, 2]
        kept = connection.execute(
            select(feed_schedule.c.next_poll_at).where(feed_schedule.c.feed_id == 4)
        ).scalar_one()
        assert kept == soon
