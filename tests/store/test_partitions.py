"""PostgreSQL keeps polls in a part for each day: made ahead, filled, moved into, dropped whole."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, insert, select, text

from ingest.config import DatabaseSettings, DedupeSettings
from ingest.errors import DatabaseUnreachable
from ingest.model import PollOutcome
from ingest.store import maintenance, migrate, partitions, polls
from ingest.store.engine import Database, open_database
from ingest.store.partitions import AHEAD_DAYS, Part
from ingest.store.tables import poll

NOON = datetime(2031, 3, 2, 12, tzinfo=UTC)  # of a day that has no part yet
TODAY = date(2031, 3, 2)
KEEP = DatabaseSettings(keep_polls_days=2, keep_raw_days=0)


@pytest.fixture
def postgresql(postgresql_url: str) -> Iterator[Database]:
    database = open_database(postgresql_url)
    yield database
    database.close()


def _record(database: Database, *times: datetime) -> None:
    with database.begin() as connection:
        connection.execute(
            insert(poll),
            [
                {
                    "feed_id": 1,
                    "started_at": at,
                    "outcome": PollOutcome.NOT_MODIFIED,
                    "elapsed_seconds": 0.1,
                    "received_bytes": 0,
                }
                for at in times
            ],
        )


def _rows(database: Database, name: str) -> int:
    with database.connect() as connection:
        return connection.scalar(text(f"SELECT count(*) FROM {name}")) or 0


def _ensure(database: Database, now: datetime = NOON) -> list[str]:
    with database.begin() as connection:
        return partitions.ensure(connection, now)


def test_a_new_database_has_the_days_to_come(postgresql: Database) -> None:
    with postgresql.connect() as connection:
        days = [part.day for part in partitions.parts(connection, poll)]
    assert len(days) == AHEAD_DAYS + 1
    assert timedelta(days=-1) <= days[0] - datetime.now(UTC).date() <= timedelta(days=0)


def test_sqlite_has_no_parts_and_needs_none(sqlite_url: str) -> None:
    database = open_database(sqlite_url)
    assert _ensure(database) == []
    with database.begin() as connection:
        assert partitions.parts(connection, poll) == []
        assert partitions.drop_before(connection, poll, TODAY) == 0
    database.close()


def test_today_and_the_next_days_are_made_once(postgresql: Database) -> None:
    assert _ensure(postgresql) == [
        "poll_20310302", "poll_20310303", "poll_20310304", "poll_20310305",
    ]  # fmt: skip
    assert _ensure(postgresql) == []
    assert _ensure(postgresql, NOON + timedelta(days=1)) == ["poll_20310306"]


def test_a_row_lies_in_its_day_and_is_found_through_the_table(postgresql: Database) -> None:
    _ensure(postgresql)
    midnight = datetime(2031, 3, 3, tzinfo=UTC)
    _record(postgresql, midnight - timedelta(microseconds=1), midnight)
    assert (_rows(postgresql, "poll_20310302"), _rows(postgresql, "poll_20310303")) == (1, 1)
    with postgresql.connect() as connection:
        found = polls.recent_polls(connection, 1, limit=5)
    assert [one.started_at for one in found] == [midnight, midnight - timedelta(microseconds=1)]


def test_rows_of_a_day_without_a_part_are_moved_when_it_gets_one(postgresql: Database) -> None:
    _record(postgresql, NOON, NOON + timedelta(days=1), NOON + timedelta(days=30))
    assert _rows(postgresql, "poll_default") == 3
    _ensure(postgresql)
    assert _rows(postgresql, "poll_default") == 1
    assert (_rows(postgresql, "poll_20310302"), _rows(postgresql, "poll_20310303")) == (1, 1)
    assert _rows(postgresql, "poll") == 3


def test_daemons_that_make_the_same_days_at_once_do_not_fail(postgresql: Database) -> None:
    made: list[list[str]] = []
    errors: list[BaseException] = []
    start = threading.Barrier(4)

    def work() -> None:
        try:
            start.wait()
            made.append(_ensure(postgresql))
        except DatabaseUnreachable:
            pass  # waited too long behind another: it tries again an hour later
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert errors == []
    assert sorted(filter(None, made)) == [
        ["poll_20310302", "poll_20310303", "poll_20310304", "poll_20310305"]
    ]


def _prune(database: Database, now: datetime, *, dry_run: bool = False) -> int:
    reports = maintenance.prune(database, KEEP, DedupeSettings(), now, dry_run=dry_run)
    return {one.what: one.rows for one in reports}["polls"]


def test_days_that_are_over_are_dropped_and_those_to_come_are_made(postgresql: Database) -> None:
    _ensure(postgresql)
    _record(postgresql, NOON, NOON + timedelta(hours=5), NOON + timedelta(days=1))
    # Also what fell into no part goes by its age, and what is younger stays.
    _record(postgresql, NOON - timedelta(days=9))
    later = NOON + timedelta(days=3, hours=1)
    assert _prune(postgresql, later, dry_run=True) == 3
    assert _rows(postgresql, "poll") == 4
    assert _prune(postgresql, later) == 3
    assert _rows(postgresql, "poll") == 1
    with postgresql.connect() as connection:
        days = {part.day for part in partitions.parts(connection, poll)}
    assert TODAY not in days
    assert TODAY + timedelta(days=3 + AHEAD_DAYS) in days


def test_a_reader_in_the_way_delays_the_dropping_and_nothing_fails(postgresql: Database) -> None:
    _ensure(postgresql)
    _record(postgresql, NOON)
    later = NOON + timedelta(days=30)
    with postgresql.begin() as reader:
        assert reader.execute(select(func.count()).select_from(poll)).scalar_one() == 1
        _prune(postgresql, later)
        assert _rows(postgresql, "poll") in (0, 1)  # the row may go; the day's table must wait
        with postgresql.connect() as connection:
            assert Part("poll_20310302", TODAY) in partitions.parts(connection, poll)
    _prune(postgresql, later)
    assert _rows(postgresql, "poll") == 0
    with postgresql.connect() as connection:
        assert Part("poll_20310302", TODAY) not in partitions.parts(connection, poll)


def test_the_migration_moves_the_rows_both_ways(postgresql: Database) -> None:
    now = datetime.now(UTC)
    _record(postgresql, now, now - timedelta(days=1), now - timedelta(days=40))
    assert migrate.downgrade(postgresql, "0004")[-1] == "0005"
    assert _rows(postgresql, "poll") == 3
    assert _rows(postgresql, "v_polls") == 0  # of a feed that is not there
    with postgresql.connect() as connection:
        assert partitions.parts(connection, poll) == []
    assert migrate.upgrade(postgresql)[0] == "0005"
    assert _rows(postgresql, "poll") == 3
    assert _rows(postgresql, "poll_default") == 0
    assert _rows(postgresql, f"poll_{now - timedelta(days=40):%Y%m%d}") == 1
    assert _rows(postgresql, "v_polls") == 0
