"""What a claim reads does not grow with the feeds that are due and cannot be had (PostgreSQL)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from benchmarks import scale_fill
from ingest.model import PollOutcome, SitePause
from ingest.store import leases, polls
from ingest.store.engine import Database, open_database
from ingest.store.leases import DueFeed
from tests.store.build import NOW, a_record, after
from tests.store.test_plans import statements_of

FREE = 400  # feeds that a worker may have, all of them due later than those it may not
CLAIM = 100
_INDEX = "ix_feed_schedule_claimable_at"


@pytest.fixture(params=[8_000, pytest.param(100_000, marks=pytest.mark.slow)])
def held(request: pytest.FixtureRequest) -> int:
    """How many due feeds stand before those that can be had."""
    found: int = request.param
    return found


@pytest.fixture
def database(postgresql_url: str, held: int) -> Iterator[Database]:
    opened = open_database(postgresql_url)
    with opened.begin() as connection:
        scale_fill.fill_feeds(connection, held + FREE, NOW)
        connection.execute(
            text("UPDATE feed_schedule SET next_poll_at = CAST(:at AS timestamptz) -"
                 " CASE WHEN feed_id <= :held THEN interval '1 hour' ELSE interval '1 minute' END"),
            {"at": NOW, "held": held},
        )  # fmt: skip
        # The feeds that can be had have sites of their own.
        connection.execute(
            text("UPDATE feed_schedule SET site_id = CASE WHEN feed_id <= :held"
                 " THEN 1 + feed_id % (:held / 4) ELSE :held / 4 + 1 + feed_id % 90 END"),
            {"held": held},
        )  # fmt: skip
        connection.execute(text("ANALYZE"))
    yield opened
    opened.close()


def _claim(database: Database, limit: int = CLAIM, seconds: float = 0.0) -> list[DueFeed]:
    with database.begin() as connection:
        return leases.claim_due(
            connection, now=after(seconds), limit=limit, owner="x", lease_seconds=300
        )


def _rows_read(database: Database) -> int:
    """Of `feed_schedule`, by the query that finds what is due, as PostgreSQL counts them."""
    with statements_of(database.engine) as statements:
        claimed = _claim(database)
    assert len(claimed) == CLAIM
    with database.begin() as connection:
        leases.release(connection, [due.lease for due in claimed])
    finding = [one for one in statements if "JOIN publisher" in one[0]]
    assert len(finding) == 1, "it looked more than once"
    with database.begin() as connection:
        (plan,) = connection.exec_driver_sql(
            "EXPLAIN (ANALYZE, FORMAT JSON) " + finding[0][0],
            finding[0][1],  # type: ignore[arg-type]
        ).scalar_one()
    nodes = [one for one in _nodes(plan["Plan"]) if one.get("Relation Name") == "feed_schedule"]
    assert [one["Index Name"] for one in nodes] == ["ix_feed_schedule_claimable_at"], json.dumps(
        plan
    )
    return sum(int(one["Actual Rows"]) + int(one.get("Rows Removed by Filter", 0)) for one in nodes)


def _nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(found for one in plan.get("Plans", ()) for found in _nodes(one))]


def test_polls_in_flight_are_not_passed_over(database: Database, held: int) -> None:
    with database.begin() as connection:
        connection.execute(
            text("UPDATE feed_schedule SET lease_until = :until, lease_owner = 'y'"
                 " WHERE feed_id <= :held"),
            {"until": after(300), "held": held},
        )  # fmt: skip
    assert _rows_read(database) <= CLAIM + 1
    with database.connect() as connection:
        assert leases.count_due(connection, NOW) == FREE
        assert leases.count_due(connection, after(301)) == FREE + held


def test_feeds_of_a_site_that_asked_for_a_pause_are_not_passed_over(
    database: Database, held: int
) -> None:
    with database.begin() as connection:
        connection.execute(
            text("UPDATE feed_schedule SET site_id = 1 WHERE feed_id <= :held"), {"held": held}
        )
    (due,) = _claim(database, limit=1)
    _pause(database, [due], 3_600)
    assert _rows_read(database) <= CLAIM + 1
    with database.connect() as connection:
        assert leases.count_due(connection, NOW) == FREE
        # When the pause is over they are due again, all of them; nobody is forgotten.
        assert leases.count_due(connection, after(3_601)) == FREE + held


def test_feeds_of_sites_found_paused_are_passed_over_once(database: Database, held: int) -> None:
    # As after a restored backup: nothing has taken these feeds out of the queue.
    with database.begin() as connection:
        connection.execute(
            text("UPDATE site SET paused_until = :until WHERE id <= :sites"),
            {"until": after(3_600), "sites": held // 4},
        )
    claims = 0
    claimed: list[DueFeed] = []
    while len(claimed) < CLAIM:
        claimed += _claim(database, limit=CLAIM - len(claimed))
        claims += 1
        assert claims <= held // leases.MOST_PUT_OFF + 1
    assert all(due.feed_id > held for due in claimed)
    with database.begin() as connection:
        leases.release(connection, [due.lease for due in claimed])
    assert _rows_read(database) <= CLAIM + 1


def test_feeds_of_one_crowded_site_are_passed_over_once(database: Database, held: int) -> None:
    with database.begin() as connection:
        connection.execute(
            text("UPDATE feed_schedule SET site_id = 1 WHERE feed_id <= :held"), {"held": held}
        )
    claims = 0
    found: list[DueFeed] = []
    while not any(due.feed_id > held for due in found):
        found = _claim(database)
        claims += 1
        assert claims <= held // leases.MOST_PUT_OFF + 1
    assert _rows_read(database) <= CLAIM + 1


def _pause(database: Database, polled: Sequence[DueFeed], seconds: float) -> None:
    with database.begin() as connection:
        records = []
        for due in polled:
            record = a_record(due, None, NOW)
            pause = SitePause(after(seconds), "429")
            decision = replace(record.decision, site_failures=1, site_pause=pause)
            records.append(replace(record, outcome=PollOutcome.RATE_LIMITED, decision=decision))
        assert polls.record_polls(connection, records, NOW) == set()
