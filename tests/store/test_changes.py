"""The change stream: in order, without gaps, also with several writers."""

from __future__ import annotations

import contextlib
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from ingest.errors import UsageError
from ingest.model import FeedState, PollOutcome, ScheduleDecision
from ingest.store import changes, polls
from ingest.store.changes import ChangeKind, NewChange
from ingest.store.engine import Database, open_database
from tests.store.build import NOW, after, an_article, claim, entry, store, subscribe


def _append(database: Database, article_id: int) -> None:
    with database.begin() as connection:
        changes.append(connection, [NewChange(ChangeKind.ARTICLE_NEW, article_id=article_id)], NOW)


def test_a_reader_goes_on_where_it_stopped(database: Database) -> None:
    for article_id in range(1, 6):
        _append(database, article_id)
    with database.connect() as connection:
        first = changes.read(connection, limit=2)
        rest = changes.read(connection, first[-1].cursor)
        assert [one.article_id for one in (*first, *rest)] == [1, 2, 3, 4, 5]
        assert changes.read(connection, rest[-1].cursor) == []
        assert changes.latest_cursor(connection) == rest[-1].cursor
        cursors = [changes.parse_cursor(one.cursor) for one in (*first, *rest)]
    assert cursors == sorted(set(cursors))


def test_what_was_stored_and_revised_is_told_in_order(database: Database) -> None:
    (feed_id,) = subscribe(database, "https://a.org/rss")
    (article_id,) = store(database, {feed_id: [entry(an_article("x"))]})[feed_id].new_articles
    store(database, {feed_id: [entry(an_article("x", text="New text."))]}, at=after(60))
    with database.connect() as connection:
        found = changes.read(connection)
        only = changes.read(connection, kinds=[ChangeKind.ARTICLE_REVISED])
    assert [(one.kind, one.article_id, one.feed_id, one.at) for one in found] == [
        (ChangeKind.ARTICLE_NEW, article_id, feed_id, NOW),
        (ChangeKind.ARTICLE_REVISED, article_id, feed_id, after(60)),
    ]
    assert [one.data for one in only] == [{"reason": "edit"}]


def test_nothing_appears_later_behind_a_cursor_that_was_given(postgresql_url: str) -> None:
    database = open_database(postgresql_url)
    with database.begin() as slow:
        changes.append(slow, [NewChange(ChangeKind.ARTICLE_NEW, article_id=1)], NOW)
        _append(database, 2)  # commits before the slow one
        with database.connect() as connection:
            assert changes.read(connection) == []
            assert changes.latest_cursor(connection) == changes.START
    with database.connect() as connection:
        assert sorted(one.article_id or 0 for one in changes.read(connection)) == [1, 2]
    database.close()


def test_a_reader_beside_four_writers_gets_each_event_once(database: Database) -> None:
    """Each writer's transactions hold several events, and every third one is rolled back."""
    writers, rounds, events = 4, 12, 3

    def write(writer: int) -> None:
        for number in range(rounds):
            first = (writer * rounds + number) * events
            kept = [
                NewChange(ChangeKind.ARTICLE_NEW, article_id=first + one) for one in range(events)
            ]
            with contextlib.suppress(ZeroDivisionError), database.begin() as connection:
                for one in kept:
                    changes.append(connection, [one], NOW)
                if number % 3 == 2:
                    raise ZeroDivisionError

    expected = {
        (number * events) + one
        for number in range(writers * rounds)
        if number % rounds % 3 != 2
        for one in range(events)
    }
    with ThreadPoolExecutor(writers) as pool:
        writing = [pool.submit(write, writer) for writer in range(writers)]
        found: list[changes.Change] = []
        until = time.monotonic() + 300.0
        while len(found) < len(expected) and time.monotonic() < until:
            with database.connect() as connection:
                found += changes.read(connection, found[-1].cursor if found else "0.0", limit=5)
        for one in writing:
            one.result()
    cursors = [changes.parse_cursor(one.cursor) for one in found]
    assert cursors == sorted(set(cursors))
    assert sorted(one.article_id or 0 for one in found) == sorted(expected)


def test_a_rolled_back_change_is_never_told(database: Database) -> None:
    def fail() -> None:
        with database.begin() as connection:
            changes.append(connection, [NewChange(ChangeKind.ARTICLE_NEW, article_id=1)], NOW)
            raise RuntimeError("rolled back")

    with pytest.raises(RuntimeError):
        fail()
    with database.connect() as connection:
        assert changes.read(connection) == []


@pytest.mark.parametrize("cursor", ["", "x", "1", "1.x", "-1.2", "1.2.3"])
def test_what_is_no_cursor_is_refused(database: Database, cursor: str) -> None:
    with database.connect() as connection, pytest.raises(UsageError, match="no cursor"):
        changes.read(connection, cursor)


def test_a_feed_that_fares_differently_or_moves_is_told(database: Database) -> None:
    (feed_id,) = subscribe(database, "https://a.org/rss")
    with database.begin() as connection:
        (due,) = claim(connection, feed_id)
        schedule = replace(due.schedule, state=FeedState.BLOCKED, state_evidence="403 twice")
        decision = ScheduleDecision(schedule, 0, moved_to="https://b.org/", move_evidence="301")
        record = polls.PollRecord(
            due=due, started_at=NOW, outcome=PollOutcome.BLOCKED, decision=decision
        )
        polls.record_poll(connection, record, NOW)
    with database.connect() as connection:
        found = changes.read(connection)
    assert [(one.kind, one.feed_id, one.data) for one in found] == [
        (
            ChangeKind.FEED_STATE,
            feed_id,
            {"from": "ok", "to": "blocked", "evidence": "403 twice"},
        ),
        (
            ChangeKind.FEED_MOVED,
            feed_id,
            {"from": "https://a.org/rss", "to": "https://b.org/", "reason": "301"},
        ),
    ]
