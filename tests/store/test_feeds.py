"""Subscribing, finding, changing and removing feeds."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import func, select

from ingest.config import FeedSettings
from ingest.errors import UnknownFeed, UsageError
from ingest.model import CadenceHints, FeedState, MoveSighting, ScheduleDecision
from ingest.store import feeds, moving, polls
from ingest.store.engine import Database
from ingest.store.feeds import SyncReport
from ingest.store.tables import article, publisher
from tests.store.build import (
    DOCUMENT,
    NOW,
    a_record,
    after,
    an_article,
    claim,
    entry,
    store,
    subscribe,
)

BBC = FeedSettings(url="https://feeds.bbci.co.uk/news/rss.xml", name="bbc")
TAZ = FeedSettings(url="https://taz.de/!p4608;rss/", language="de", headers={"X-A": "1"})


def test_what_was_configured_comes_back_whole(database: Database) -> None:
    with database.begin() as connection:
        added = feeds.add(connection, TAZ, now=NOW)
        assert added.settings == TAZ
        assert added.schedule.next_poll_at == NOW
        assert feeds.get(connection, added.feed_id) == added
        (due,) = claim(connection, added.feed_id)
    assert due.settings == TAZ
    assert due.schedule == added.schedule


def test_names_are_made_from_the_address_and_never_shared(database: Database) -> None:
    with database.begin() as connection:
        names = [
            feeds.add(connection, FeedSettings(url=url), now=NOW).name
            for url in ("https://www.a.org/", "https://a.org/x/rss", "https://a.org/x/rss?2")
        ]
    assert names == ["a.org", "a.org/x/rss", "a.org/x/rss-2"]


def test_one_publisher_a_domain_unless_named(database: Database) -> None:
    subscribe(database, "https://news.example.co.uk/a", "https://sport.example.co.uk/b")
    subscribe(database, "https://elsewhere.org/c", publisher="The Example")
    subscribe(database, "https://elsewhere.org/d", publisher="The Example")
    with database.connect() as connection:
        names = connection.scalars(select(publisher.c.name).order_by(publisher.c.id)).all()
    assert names == ["example.co.uk", "The Example"]


@pytest.mark.parametrize(
    "wanted", ["bbc", "1", "#1", BBC.url, "bb", "feeds.bbci.co.uk/news", "BBC"]
)
def test_a_feed_is_found_by_id_name_url_or_the_beginning_of_one(
    database: Database, wanted: str
) -> None:
    with database.begin() as connection:
        feeds.sync_config_feeds(connection, [BBC, TAZ], NOW)
        assert feeds.find(connection, wanted).name == "bbc"


def test_a_name_that_is_nearly_right_is_answered_with_suggestions(database: Database) -> None:
    with database.begin() as connection:
        feeds.sync_config_feeds(connection, [BBC, TAZ], NOW)
        with pytest.raises(UnknownFeed, match="did you mean bbc"):
            feeds.find(connection, "bcb")
        with pytest.raises(UnknownFeed, match="ingest feeds list"):
            feeds.find(connection, "zzzzzz")


def test_a_beginning_that_two_feeds_share_names_both(database: Database) -> None:
    subscribe(database, "https://a.org/", "https://a.org/x")
    with database.begin() as connection, pytest.raises(UnknownFeed, match=r"2 feeds: a.org, a.org"):
        feeds.find(connection, "a.o")


def test_a_url_cannot_be_subscribed_twice_but_a_removed_one_comes_back(
    database: Database,
) -> None:
    with database.begin() as connection:
        first = feeds.add(connection, BBC, now=NOW)
        with pytest.raises(UsageError, match="already"):
            feeds.add(connection, BBC, now=NOW)
        feeds.remove(connection, first.feed_id, NOW)
        assert feeds.list_feeds(connection) == []
        assert len(feeds.list_feeds(connection, with_removed=True)) == 1
        again = feeds.add(connection, BBC, now=after(60))
    assert (again.feed_id, again.removed_at) == (first.feed_id, None)
    assert again.schedule.next_poll_at == after(60)


def test_a_removed_feeds_articles_stay(database: Database) -> None:
    (feed_id,) = subscribe(database, "https://a.org/")
    store(database, {feed_id: [entry(an_article("x"))]})
    with database.begin() as connection:
        feeds.remove(connection, feed_id, NOW)
        assert connection.scalar(select(func.count()).select_from(article)) == 1


def test_the_database_follows_the_config_file(database: Database) -> None:
    with database.begin() as connection:
        report = feeds.sync_config_feeds(connection, [BBC, TAZ], NOW)
        assert report == SyncReport(added=("bbc", "taz.de"))
        assert feeds.sync_config_feeds(connection, [BBC, TAZ], NOW) == SyncReport()
        by_hand = feeds.add(connection, FeedSettings(url="https://own.org/"), now=NOW)
        report = feeds.sync_config_feeds(connection, [replace(BBC, exclude="sport")], NOW)
        assert report == SyncReport(changed=("bbc",), removed=("taz.de",))
        assert [one.name for one in feeds.list_feeds(connection)] == ["bbc", by_hand.name]


def test_a_changed_filter_has_the_document_read_again(database: Database) -> None:
    with database.begin() as connection:
        feeds.sync_config_feeds(connection, [BBC], NOW)
    store(database, {1: [entry(an_article("x"))]})
    with database.begin() as connection:
        assert polls.known_entries(connection, 1)
        feeds.sync_config_feeds(connection, [replace(BBC, exclude="sport")], after(60))
        (due,) = claim(connection, 1, now=after(61))
        assert polls.known_entries(connection, 1) == {}
    assert (due.validators.etag, due.body_hash) == (None, None)


def test_a_url_edited_under_its_name_keeps_the_feed_and_its_history(database: Database) -> None:
    moved = replace(BBC, url="https://feeds.bbci.co.uk/news/world/rss.xml")
    with database.begin() as connection:
        feeds.sync_config_feeds(connection, [BBC], NOW)
        report = feeds.sync_config_feeds(connection, [moved], after(60))
        assert report == SyncReport(changed=("bbc",))
        assert [one.url for one in moving.former_urls(connection, 1)] == [BBC.url]
        assert feeds.get(connection, 1).url == moved.url


def test_a_move_is_adopted_with_history_and_can_be_reverted(database: Database) -> None:
    (feed_id, other) = subscribe(database, "https://a.org/rss", "https://b.org/rss")
    with database.begin() as connection:
        (due,) = claim(connection, feed_id)
        record = a_record(due, None, NOW)
        decision = ScheduleDecision(
            record.decision.schedule, 0, moved_to="https://c.org/new", move_evidence="301 3 times"
        )
        polls.record_poll(
            connection,
            polls.PollRecord(due=due, started_at=NOW, outcome=record.outcome, decision=decision),
            NOW,
        )
        assert feeds.get(connection, feed_id).url == "https://c.org/new"
        assert feeds.get(connection, feed_id).site == "c.org"
        (former,) = moving.former_urls(connection, feed_id)
        assert (former.url, former.reason) == ("https://a.org/rss", "301 3 times")
        assert not moving.move(connection, feed_id, "https://b.org/rss", NOW, "taken")
        assert moving.revert(connection, feed_id, after(1)) == "https://a.org/rss"
        with pytest.raises(UsageError):
            moving.revert(connection, other, after(2))


def test_pausing_and_resuming_say_so(database: Database) -> None:
    (feed_id,) = subscribe(database, "https://a.org/rss")
    with database.begin() as connection:
        feeds.pause(connection, feed_id, after(1), "holiday")
        paused = feeds.get(connection, feed_id).schedule
        assert (paused.state, paused.state_since) == (FeedState.PAUSED, after(1))
        assert (paused.state_evidence, paused.next_poll_at) == ("holiday", None)
        feeds.resume(connection, feed_id, after(2))
        resumed = feeds.get(connection, feed_id).schedule
    assert (resumed.state, resumed.next_poll_at) == (FeedState.OK, after(2))


def test_the_whole_schedule_is_remembered(database: Database) -> None:
    (feed_id,) = subscribe(database, "https://a.org/rss")
    with database.begin() as connection:
        (due,) = claim(connection, feed_id)
        schedule = replace(
            a_record(due, None, NOW).decision.schedule,
            failure_weight=1.5,
            recent_news=0.25,
            recent_hours=3.5,
            usual_news=2.0,
            usual_hours=100.0,
            entries=40,
            gap_factor=0.5,
            possible_gap_at=NOW,
            hints=CadenceHints(ttl_minutes=15, skip_hours=(1, 2), skip_days=("Sunday",)),
            cache_seconds=60.0,
            retry_after_seconds=5.0,
            move=MoveSighting("https://b.org/", 301, NOW, after(5), 2, 1),
        )
        record = polls.PollRecord(
            due=due,
            started_at=NOW,
            outcome=a_record(due, None, NOW).outcome,
            decision=ScheduleDecision(schedule, 0),
            status=200,
            was_full=True,
            document=replace(DOCUMENT, hub_urls=("https://hub.org/",), generator="g"),
            guids_are_trusted=False,
            clock_skew_seconds=90,
            validators_lie=True,
        )
        polls.record_poll(connection, record, NOW)
        (again,) = claim(connection, feed_id, now=after(1))
        stored = feeds.get(connection, feed_id)
    assert again.schedule == schedule
    assert (again.clock_skew_seconds, again.guids_are_trusted) == (90, False)
    assert (again.validators_lie, again.last_full_at) == (True, NOW)
    assert (stored.title, stored.format, stored.language) == ("A feed", "rss20", "en")
