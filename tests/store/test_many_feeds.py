"""Subscribing many feeds: the same as one by one, in a number of statements that does not grow."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection, event

from ingest.config import FeedSettings
from ingest.errors import UsageError
from ingest.store import feed_standing, feeds
from ingest.store.config_feeds import Origin, SyncReport, sync_config_feeds
from ingest.store.engine import Database
from ingest.store.many_feeds import add_all
from tests.store.build import NOW, after

DESK = Origin("desk", "/etc/ingest/config.toml")
FEW, MANY = 20, 200


def _settings(count: int) -> list[FeedSettings]:
    """Some with names, some with publishers, several of one site."""
    return [
        FeedSettings(
            url=f"https://www.paper{number % 7}.example/{number}/rss",
            name=f"feed {number}" if number % 3 else None,
            publisher="The Group" if number % 5 == 0 else None,
            headers={"X-Number": str(number)} if number % 4 == 0 else {},
        )
        for number in range(count)
    ]


@contextmanager
def _statements(database: Database) -> Iterator[list[str]]:
    found: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        found.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(database.engine, "before_cursor_execute", note)


def _sync(database: Database, wanted: list[FeedSettings], seconds: float = 0.0) -> SyncReport:
    with database.begin() as connection:
        return sync_config_feeds(connection, wanted, after(seconds), origin=DESK)


def test_many_at_once_are_what_they_are_one_by_one(database: Database) -> None:
    wanted = _settings(FEW)

    def described(connection: Connection) -> list[tuple[object, ...]]:
        return sorted(
            (one.name, one.url, one.publisher, one.site, one.source, one.settings.headers,
             one.schedule, one.added_at)
            for one in feeds.list_feeds(connection)
        )  # fmt: skip

    with database.begin() as connection:
        made = add_all(connection, wanted, now=NOW, source="opml")
        assert [one.name for one in made] == [feeds.get(connection, m.feed_id).name for m in made]
        at_once = described(connection)
        connection.rollback()
    with database.begin() as connection:
        for settings in wanted:
            feeds.add(connection, settings, now=NOW, source="opml")
        assert described(connection) == at_once


def test_the_number_of_statements_does_not_grow_with_the_feeds(database: Database) -> None:
    counts = []
    for number, count in enumerate((FEW, MANY)):
        wanted = [
            FeedSettings(url=f"https://s{one}.run{number}.example/rss") for one in range(count)
        ]
        with _statements(database) as statements, database.begin() as connection:
            add_all(connection, wanted, now=NOW, source="opml")
        counts.append(len(statements))
    assert max(counts) <= 15


def test_what_is_refused_one_by_one_is_refused_among_many(database: Database) -> None:
    known = FeedSettings(url="https://a.example/rss", name="a")
    new = FeedSettings(url="https://b.example/rss", name="b")
    with database.begin() as connection:
        feeds.add(connection, known, now=NOW)
    for refused, message in (
        (known, "subscribed already, as 'a'"),
        (new, "subscribed already, as 'b'"),
        (FeedSettings(url="https://c.example/rss", name="b"), "feed name 'b' is taken"),
    ):
        with pytest.raises(UsageError, match=message), database.begin() as connection:
            add_all(connection, [new, refused], now=NOW, source="opml")
    with database.connect() as connection:
        assert [one.name for one in feeds.list_feeds(connection)] == ["a"]


def test_a_removed_feed_comes_back_among_many(database: Database) -> None:
    old, new = _settings(2)
    with database.begin() as connection:
        feed_id = feeds.add(connection, old, now=NOW).feed_id
        feed_standing.remove(connection, feed_id, after(1))
    with database.begin() as connection:
        made = add_all(connection, [new, old], now=after(2), source="opml")
        assert [one.feed_id for one in made][1] == feed_id
        assert len(feeds.list_feeds(connection)) == 2


def test_a_config_that_says_the_same_reads_no_feed(database: Database) -> None:
    wanted = _settings(FEW)
    assert len(_sync(database, wanted).added) == FEW
    with _statements(database) as statements:
        assert _sync(database, wanted, 60) == SyncReport()
    assert len(statements) <= 6  # BEGIN among them, on SQLite
    assert not [one for one in statements if "FROM feed" in one]


@pytest.mark.parametrize("what", ["removed", "changed", "added", "an hour passed"])
def test_a_config_that_says_the_same_is_read_again_after_a_change(
    database: Database, what: str
) -> None:
    first, second = wanted = _settings(2)
    _sync(database, wanted)
    with database.begin() as connection:
        feed_id = feeds.find(connection, first.url).feed_id
        if what == "removed":
            feed_standing.remove(connection, feed_id, after(1))
        elif what == "changed":
            feeds.change(connection, feed_id, FeedSettings(url=first.url, language="de"), after(1))
        elif what == "added":
            feeds.add(connection, FeedSettings(url="https://x.example/rss"), now=after(1))
    with _statements(database) as statements:
        report = _sync(database, wanted, 3_700 if what.startswith("an hour") else 60)
    assert [one for one in statements if "FROM feed" in one]
    assert len(report.added) == (what == "removed")
    assert len(report.changed) == (what == "changed")
    with database.connect() as connection:
        assert feeds.get(connection, feed_id).settings == first
        assert feeds.find(connection, second.url).settings == second
