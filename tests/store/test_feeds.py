"""Subscribing, finding, changing and removing feeds."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, func, select

from ingest.config import FeedSettings
from ingest.errors import UnknownFeed, UsageError
from ingest.model import CadenceHints, FeedState, MoveSighting, ScheduleDecision
from ingest.store import changes, feed_standing, feeds, fleet, moving, polls
from ingest.store.config_feeds import Origin, SyncReport, sync_config_feeds
from ingest.store.engine import Database
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

DESK = Origin("desk", "/etc/ingest/config.toml")


def sync(
    connection: Connection,
    wanted: list[FeedSettings],
    now: datetime,
    origin: Origin = DESK,
    *,
    missing: tuple[str, ...] = (),
) -> SyncReport:
    """Read a config file; those that are `missing` have been moved or deleted."""
    return sync_config_feeds(
        connection, wanted, now, origin=origin, is_there=lambda path: path not in missing
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
        sync(connection, [BBC, TAZ], NOW)
        assert feeds.find(connection, wanted).name == "bbc"


def test_a_name_that_is_nearly_right_is_answered_with_suggestions(database: Database) -> None:
    with database.begin() as connection:
        sync(connection, [BBC, TAZ], NOW)
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
        feed_standing.remove(connection, first.feed_id, NOW)
        assert feeds.list_feeds(connection) == []
        assert len(feeds.list_feeds(connection, with_removed=True)) == 1
        again = feeds.add(connection, BBC, now=after(60))
    assert (again.feed_id, again.removed_at) == (first.feed_id, None)
    assert again.schedule.next_poll_at == after(60)


def test_a_removed_feeds_articles_stay(database: Database) -> None:
    (feed_id,) = subscribe(database, "https://a.org/")
    store(database, {feed_id: [entry(an_article("x"))]})
    with database.begin() as connection:
        feed_standing.remove(connection, feed_id, NOW)
        assert connection.scalar(select(func.count()).select_from(article)) == 1


def test_the_database_follows_the_config_file(database: Database) -> None:
    with database.begin() as connection:
        report = sync(connection, [BBC, TAZ], NOW)
        assert report == SyncReport(added=("bbc", "taz.de"))
        assert sync(connection, [BBC, TAZ], NOW) == SyncReport()
        by_hand = feeds.add(connection, FeedSettings(url="https://own.org/"), now=NOW)
        report = sync(connection, [replace(BBC, exclude="sport")], NOW)
        assert report == SyncReport(changed=("bbc",), removed=("taz.de",))
        assert [one.name for one in feeds.list_feeds(connection)] == ["bbc", by_hand.name]


def test_a_changed_filter_has_the_document_read_again(database: Database) -> None:
    with database.begin() as connection:
        sync(connection, [BBC], NOW)
    store(database, {1: [entry(an_article("x"))]})
    with database.begin() as connection:
        assert polls.known_entries(connection, 1)
        sync(connection, [replace(BBC, exclude="sport")], after(60))
        (due,) = claim(connection, 1, now=after(61))
        assert polls.known_entries(connection, 1) == {}
    assert (due.validators.etag, due.body_hash) == (None, None)


def test_a_url_edited_under_its_name_keeps_the_feed_and_its_history(database: Database) -> None:
    moved = replace(BBC, url="https://feeds.bbci.co.uk/news/world/rss.xml")
    with database.begin() as connection:
        sync(connection, [BBC], NOW)
        report = sync(connection, [moved], after(60))
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
        feed_standing.pause(connection, feed_id, after(1), "holiday")
        paused = feeds.get(connection, feed_id).schedule
        assert (paused.state, paused.state_since) == (FeedState.PAUSED, after(1))
        assert (paused.state_evidence, paused.next_poll_at) == ("holiday", None)
        feed_standing.resume(connection, feed_id, after(2))
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


def test_pause_resume_remove_and_an_edited_url_are_told_once(database: Database) -> None:
    with database.begin() as connection:
        sync(connection, [BBC], NOW)
        feed_id = feeds.find(connection, "bbc").feed_id
        feed_standing.pause(connection, feed_id, NOW, "holiday")
        feed_standing.pause(connection, feed_id, NOW, "still away")
        feed_standing.resume(connection, feed_id, NOW)
        feed_standing.resume(connection, feed_id, NOW)
        sync(connection, [replace(BBC, url="https://b.example/")], after(1))
        sync(connection, [], after(2))
        sync(connection, [], after(3))
        sync(connection, [replace(BBC, url="https://b.example/")], after(4))
    with database.connect() as connection:
        told = changes.read(connection)
    assert [(one.kind.value, one.data) for one in told if one.feed_id == feed_id] == [
        ("feed.state", {"from": "ok", "to": "paused", "evidence": "holiday"}),
        ("feed.state", {"from": "paused", "to": "ok", "evidence": "resumed by hand"}),
        ("feed.moved", {"from": BBC.url, "to": "https://b.example/", "reason": "edited"}),
        ("feed.state", {"from": "ok", "to": "removed", "evidence": "no longer in the config"}),
        ("feed.state", {"from": "removed", "to": "ok", "evidence": "named by the config again"}),
    ]


OTHER_FILE = Origin("desk", "/home/me/other.toml")
OTHER_HOST = Origin("attic", DESK.path)


@pytest.mark.parametrize("other", [OTHER_FILE, OTHER_HOST])
def test_a_config_file_takes_away_only_what_it_put_there(database: Database, other: Origin) -> None:
    with database.begin() as connection:
        sync(connection, [BBC], NOW)
        assert sync(connection, [TAZ], NOW, other) == SyncReport(added=("taz.de",))
        assert sync(connection, [], after(1), other).removed == ("taz.de",)
        assert sync(connection, [], after(2), other) == SyncReport()
        assert sync(connection, [BBC], after(3)) == SyncReport()
        assert sync(connection, [], after(4)).removed == ("bbc",)


def test_a_feed_that_two_files_name_goes_with_the_last_of_them(database: Database) -> None:
    with database.begin() as connection:
        sync(connection, [BBC, TAZ], NOW)
        assert sync(connection, [BBC], NOW, OTHER_FILE) == SyncReport()
        assert sync(connection, [TAZ], after(1)).removed == ()
        assert sync(connection, [], after(2), OTHER_FILE).removed == ("bbc",)


def test_a_name_that_another_file_has_given_is_refused_and_not_taken_over(
    database: Database,
) -> None:
    with database.begin() as connection:
        sync(connection, [BBC], NOW)
        with pytest.raises(UsageError, match="'bbc' is taken"):
            sync(connection, [replace(BBC, url="https://b.example/")], NOW, OTHER_FILE)


def test_a_config_file_that_was_moved_keeps_its_feeds_and_may_drop_them(database: Database) -> None:
    with database.begin() as connection:
        sync(connection, [BBC, TAZ], NOW)
        moved = sync(connection, [BBC], after(1), OTHER_FILE, missing=(DESK.path,))
        assert moved.removed == ("taz.de",)
        assert sync(connection, [], after(2), OTHER_FILE).removed == ("bbc",)


def test_a_container_with_another_name_goes_on_where_the_last_one_ended(database: Database) -> None:
    later = NOW + timedelta(minutes=5)
    with database.begin() as connection:
        _beat(connection, DESK.host, NOW)
        sync(connection, [BBC, TAZ], NOW)
        assert sync(connection, [BBC], later, OTHER_HOST).removed == ()  # both are up
        fleet.stopped(connection, f"{DESK.host}:1", later)
        assert sync(connection, [BBC], later, OTHER_HOST).removed == ("taz.de",)


def test_a_machine_that_is_down_for_an_hour_keeps_its_feeds(database: Database) -> None:
    with database.begin() as connection:
        _beat(connection, DESK.host, NOW)  # and then it was killed
        sync(connection, [BBC, TAZ], NOW)
        assert sync(connection, [BBC], after(3_600), OTHER_HOST).removed == ()
        later = NOW + timedelta(days=2)
        assert sync(connection, [BBC], later, OTHER_HOST).removed == ("taz.de",)


def _beat(connection: Connection, host: str, now: datetime) -> None:
    fleet.beat(
        connection, name=f"{host}:1", host=host, pid=1, version="1", started_at=now, now=now,
        status={},
    )  # fmt: skip
