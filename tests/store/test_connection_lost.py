"""A connection that ends before any statement of any transaction leaves nothing half done.

PostgreSQL ends the session itself (`pg_terminate_backend`), as at a failover. Each kind of work is
cut before its first statement, then before its second, and so on to its COMMIT; then it is let
through. The cruellest place is the answer to COMMIT: the work is done and nobody is told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from sqlalchemy import create_engine, event, make_url, text

from ingest.config import DatabaseSettings, DedupeSettings, FeedSettings
from ingest.errors import DatabaseUnreachable
from ingest.model import Harvest
from ingest.store import articles, leases, maintenance, polls, stories, tables
from ingest.store.articles import PolledHarvest
from ingest.store.config_feeds import Origin, sync_config_feeds
from ingest.store.engine import Database, open_database
from tests.store.build import (
    DOCUMENT,
    a_record,
    after,
    an_article,
    claim,
    entry,
    store,
    subscribe,
)

_TEXT = " ".join(f"word{number} and" for number in range(80))


@pytest.fixture
def database(postgresql_url: str) -> Iterator[Database]:
    opened = open_database(postgresql_url)
    yield opened
    opened.close()


class _Axe:
    """Ends the session of a database's next statements: before the one with this number."""

    def __init__(self, database: Database) -> None:
        self._other = create_engine(make_url(database.engine.url), isolation_level="AUTOCOMMIT")
        self.before: int | None = None  # None: the statements pass
        self.passed = 0
        event.listen(database.engine, "before_cursor_execute", self._statement)
        event.listen(database.engine, "commit", self._commit)

    def _statement(self, _connection: object, cursor: Any, *_: object) -> None:
        self._fall(cursor.connection)

    def _commit(self, connection: Any) -> None:
        self._fall(connection.connection.driver_connection)

    def _fall(self, driver: Any) -> None:
        if self.passed == self.before:
            with self._other.connect() as connection:
                end = text("SELECT pg_terminate_backend(:pid, 60000)")  # milliseconds: waits for it
                assert connection.scalar(end, {"pid": driver.info.backend_pid})
        self.passed += 1

    def say(self, statement: str) -> None:
        with self._other.connect() as connection:
            connection.execute(text("SET default_transaction_read_only = off"))
            connection.execute(text(statement.format(self._other.url.database)))

    def end(self) -> None:
        self._other.dispose()


@pytest.fixture
def axe(database: Database) -> Iterator[_Axe]:
    made = _Axe(database)
    yield made
    made.end()


def _claims(database: Database) -> None:
    with database.begin() as connection:
        found = leases.claim_due(
            connection, now=after(100_000), limit=9, owner="x", lease_seconds=300
        )
    assert found


def _polls(database: Database) -> None:
    at = after(100_000)
    brought = {
        feed_id: (entry(an_article(f"second {feed_id}", text=_TEXT)), entry(an_article("both")))
        for feed_id in (1, 2)
    }
    with database.begin() as connection:
        held = claim(connection, 1, 2, now=at)
        batch = [PolledHarvest(due, Harvest(DOCUMENT, brought[due.feed_id]), at) for due in held]
        saved = articles.save(connection, batch, at)
        records = [a_record(due, one, at) for due, one in zip(held, saved, strict=True)]
        assert polls.record_polls(connection, records, at) == set()


def _stories(database: Database) -> None:
    assert stories.settle(database, now=after(100_000), settings=DedupeSettings())


def _maintenance(database: Database) -> None:
    maintenance.prune(database, DatabaseSettings(), DedupeSettings(), after(400 * 86_400))


def _subscriptions(database: Database) -> None:
    with database.begin() as connection:
        sync_config_feeds(
            connection,
            [FeedSettings(url=f"https://new{number}.example/rss") for number in range(3)],
            after(100_000),
            origin=Origin("desk", "/etc/ingest.toml"),
        )


@pytest.mark.parametrize("work", [_claims, _polls, _stories, _subscriptions])
def test_what_is_cut_before_any_of_its_statements_has_changed_nothing(
    database: Database, axe: _Axe, work: Callable[[Database], None]
) -> None:
    _fill(database)
    before = _rows(database)
    cuts = 0
    while True:
        axe.passed, axe.before = 0, cuts
        try:
            work(database)
        except DatabaseUnreachable:
            axe.before = None
            assert _rows(database) == before, f"cut before statement {cuts}"
            cuts += 1
            assert cuts < 200
        else:
            break
    axe.before = None
    assert cuts > 3
    assert _rows(database) != before


def test_maintenance_that_is_cut_again_and_again_gets_to_its_end(
    database: Database, axe: _Axe
) -> None:
    _fill(database)
    _stories(database)
    for cut in range(60):
        axe.passed, axe.before = 0, cut
        try:
            _maintenance(database)
        except DatabaseUnreachable:
            continue
    axe.before = None
    _maintenance(database)
    after_it = _rows(database)
    assert (after_it["fingerprint"][0], after_it["raw_entry"][0]) == (0, 0)
    assert after_it["article"][0] == after_it["article_content"][0] > 0


@contextmanager
def _unanswered_commits(database: Database) -> Iterator[None]:
    dialect: Any = database.engine.dialect
    commit = dialect.do_commit

    def commit_unheard(connection: Any) -> None:
        commit(connection)
        connection.driver_connection.close()
        raise psycopg.OperationalError("server closed the connection unexpectedly")

    dialect.do_commit = commit_unheard
    try:
        yield
    finally:
        dialect.do_commit = commit


@pytest.mark.parametrize("work", [_stories, _subscriptions])
def test_work_whose_commit_nobody_heard_of_is_done_once(
    database: Database, work: Callable[[Database], None]
) -> None:
    _fill(database)
    with _unanswered_commits(database), pytest.raises(DatabaseUnreachable):
        work(database)
    done = {name: count for name, (count, _) in _rows(database).items()}
    if work is _stories:
        assert not stories.settle(database, now=after(100_001), settings=DedupeSettings())
    else:
        work(database)
    assert {name: count for name, (count, _) in _rows(database).items()} == done


def test_a_poll_whose_commit_nobody_heard_of_is_not_recorded_again(database: Database) -> None:
    _fill(database)
    with database.begin() as connection:
        held = leases.claim_due(
            connection, now=after(100_000), limit=9, owner="x", lease_seconds=300
        )
    records = [a_record(due, None, after(100_000)) for due in held]

    def write() -> set[int]:
        with database.begin() as connection:
            return polls.record_polls(connection, records, after(100_001))

    with _unanswered_commits(database), pytest.raises(DatabaseUnreachable):
        write()
    done = _rows(database)
    assert write() == {due.feed_id for due in held}, "their leases are spent"
    assert _rows(database) == done


def test_a_server_that_only_lets_read_is_waited_for_like_one_that_is_away(
    database: Database, axe: _Axe
) -> None:
    """As a primary that has become a replica: what it refuses is held against no article."""
    _fill(database)
    axe.say("ALTER DATABASE {} SET default_transaction_read_only = on")
    database.engine.dispose()
    for work in (_claims, _polls, _stories, _subscriptions):
        with pytest.raises(DatabaseUnreachable):
            work(database)
    axe.say("ALTER DATABASE {} SET default_transaction_read_only = off")
    for work in (_claims, _stories):  # with new connections: nobody has to start anew
        work(database)


def test_what_another_transaction_spoilt_is_tried_again(database: Database) -> None:
    for state in ("40P01", "40001"):  # deadlock_detected, serialization_failure
        raising = f"DO $$ BEGIN RAISE EXCEPTION 'spoilt' USING ERRCODE = '{state}'; END $$"
        with pytest.raises(DatabaseUnreachable), database.begin() as connection:
            connection.exec_driver_sql(raising)


def _fill(database: Database) -> None:
    subscribe(database, "https://a.example/rss", "https://b.example/rss")
    brought = {
        feed_id: [entry(an_article(f"{feed_id}-{number}", text=_TEXT)) for number in range(3)]
        for feed_id in (1, 2)
    }
    store(database, brought)


def _rows(database: Database) -> dict[str, tuple[int, int]]:
    """Of every table how many rows it has, and a sum over what they say."""
    said = "SELECT count(*), coalesce(sum(hashtextextended(t::text, 0)), 0) FROM"
    found = {}
    with database.connect() as connection:
        for name in tables.metadata.tables:
            if name != "meta":
                count, total = connection.execute(text(f"{said} {name} AS t")).one()
                found[name] = (int(count), int(total))
    return found
