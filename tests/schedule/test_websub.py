"""The way of a subscription, with a hub on loopback and the real callback in between."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Row, select, update

from ingest.config import FetchSettings, Settings, WebSettings, WebSubSettings
from ingest.fetch.websub import new_secret
from ingest.schedule.websub import websub_chore
from ingest.store import feed_standing, feeds, websub
from ingest.store.engine import Database
from ingest.store.tables import feed, feed_schedule, websub_subscription
from ingest.web.health import Health
from ingest.web.metrics import Metrics
from ingest.web.server import serving
from ingest.web.websub import create_callback
from tests.schedule.daemons import QUICK, Bench, utc_now
from tests.schedule.hub import FakeHub
from tests.store.build import subscribe

TOPIC = "https://news.example/rss"
LEASE = 864_000


@dataclass
class Side:
    """Our side: the callback is served, the clock is turned by hand."""

    database: Database
    feed_id: int
    settings: Settings = field(default_factory=Settings)
    now: datetime = field(default_factory=utc_now)

    def do(self) -> str | None:
        """One round of the chore."""
        return websub_chore(self.database, lambda: self.now).run(self.settings, lambda: False)

    def pass_time(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    @property
    def row(self) -> Row[tuple[object, ...]] | None:
        with self.database.connect() as connection:
            return connection.execute(select(websub_subscription)).one_or_none()

    def put_off(self, **schedule: object) -> None:
        """The feed was polled a minute ago and is due in an hour."""
        values = {
            "last_poll_at": self.now - timedelta(minutes=1),
            "next_poll_at": self.now + timedelta(hours=1),
            **schedule,
        }
        with self.database.begin() as connection:
            connection.execute(update(feed_schedule).values(values))

    @property
    def next_poll_at(self) -> datetime | None:
        with self.database.connect() as connection:
            return feeds.get(connection, self.feed_id).schedule.next_poll_at


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    with FakeHub() as opened:
        yield opened


@pytest.fixture
def side(database: Database, hub: FakeHub) -> Iterator[Side]:
    (feed_id,) = subscribe(database, "https://news.example/feed")
    with database.begin() as connection:
        connection.execute(update(feed).values(hub_url=hub.url, self_url=TOPIC))
    own = Side(database, feed_id)
    fetch = FetchSettings(allow_networks=("127.0.0.0/8",), max_bytes=1_000)
    shape = Settings(fetch=fetch, websub=WebSubSettings(callback_url="http://x/websub"))
    app = create_callback(database, shape, clock=lambda: own.now)
    with serving(app, WebSettings(port=0)) as url:
        own.settings = replace(shape, websub=WebSubSettings(callback_url=f"{url}websub"))
        yield own


@pytest.fixture
def active(side: Side, hub: FakeHub) -> Side:
    """A subscription that the hub has verified."""
    assert side.do() == "1 asked, 0 not reached"
    assert hub.verify() == (200, "c/1&")
    return side


def test_a_feed_that_names_a_hub_is_subscribed_and_verified(side: Side, hub: FakeHub) -> None:
    assert side.do() == "1 asked, 0 not reached"
    (asked,) = hub.asked
    assert asked["hub.mode"] == "subscribe"
    assert asked["hub.topic"] == TOPIC
    assert asked["hub.lease_seconds"] == str(LEASE)
    assert "hub.secret" not in asked  # it is not sent over plain http
    assert side.row is not None
    assert side.row.state == "asked"
    assert hub.deliver() == 202  # but before the hub has verified nothing is believed
    assert side.row.pushed_at is None
    assert hub.verify("x") == (200, "x")
    assert (side.row.state, side.row.expires_at) == ("active", side.now + timedelta(seconds=LEASE))
    assert side.do() is None


def test_nothing_is_asked_without_a_callback(side: Side, hub: FakeHub) -> None:
    side.settings = replace(side.settings, websub=WebSubSettings())
    assert side.do() is None
    assert hub.asked == []
    assert side.row is None


def test_what_we_did_not_ask_for_is_not_confirmed(active: Side, hub: FakeHub) -> None:
    assert hub.verify(hub_topic="https://other.example/")[0] == 404
    assert hub.verify(hub_mode="unsubscribe")[0] == 404
    hub.asked[-1]["hub.callback"] = hub.callback[:-43] + "A" * 43
    assert hub.verify()[0] == 404
    assert hub.deliver() == 410


def test_a_push_makes_the_feed_due_at_once(active: Side, hub: FakeHub) -> None:
    active.put_off()
    assert hub.deliver() == 202
    assert active.next_poll_at == active.now
    assert active.row is not None
    assert active.row.pushed_at == active.now


def test_pushes_in_a_burst_are_one_poll(active: Side, hub: FakeHub) -> None:
    active.put_off(last_poll_at=active.now)
    assert hub.deliver() == 202
    assert active.next_poll_at == active.now + timedelta(seconds=websub.PUSH_GAP_SECONDS)


def test_a_push_wakes_no_feed_that_is_paused(active: Side, hub: FakeHub) -> None:
    active.put_off(next_poll_at=None)
    assert hub.deliver() == 202
    assert active.next_poll_at is None


def test_a_push_that_is_too_large_is_refused(active: Side, hub: FakeHub) -> None:
    active.put_off()
    assert hub.deliver(b"x" * 1_001) == 413
    assert active.next_poll_at == active.now + timedelta(hours=1)


def test_a_subscription_is_renewed_before_it_ends(active: Side, hub: FakeHub) -> None:
    active.pass_time(0.79 * LEASE)
    assert active.do() is None
    active.pass_time(0.02 * LEASE)
    assert active.do() == "1 asked, 0 not reached"
    first, second = hub.asked
    assert first == second
    assert active.row is not None
    assert active.row.state == "active"  # until the lease ends, whatever the hub does
    hub.verify()
    assert active.row.expires_at == active.now + timedelta(seconds=LEASE)


def test_a_lease_that_ended_is_no_promise(active: Side, hub: FakeHub) -> None:
    hub.deliver()
    ids = [active.feed_id]
    with active.database.connect() as connection:
        assert websub.last_pushes(connection, ids, active.now) == {active.feed_id: active.now}
        later = active.now + timedelta(seconds=LEASE)
        assert websub.last_pushes(connection, ids, later) == {}


def test_a_hub_cannot_choose_an_endless_or_a_breathless_lease(side: Side, hub: FakeHub) -> None:
    side.do()
    assert side.row is not None
    for lease, seconds in (("1", 300), ("99999999999", 30 * 86_400)):
        hub.verify(hub_lease_seconds=lease)
        assert side.row.expires_at == side.now + timedelta(seconds=seconds)


def test_a_feed_that_is_removed_is_unsubscribed(active: Side, hub: FakeHub) -> None:
    with active.database.begin() as connection:
        feed_standing.remove(connection, active.feed_id, active.now)
    assert active.do() == "1 asked, 0 not reached"
    assert hub.asked[-1]["hub.mode"] == "unsubscribe"
    assert hub.deliver() == 410
    assert hub.verify("bye") == (200, "bye")
    assert active.row is None
    assert active.do() is None


def test_a_hub_that_does_not_let_go_is_left_all_the_same(active: Side, hub: FakeHub) -> None:
    with active.database.begin() as connection:
        feed_standing.pause(connection, active.feed_id, active.now)
    for _ in range(websub.LEAVE_ATTEMPTS + 1):
        active.do()
        active.pass_time(86_400)
    assert active.row is None
    modes = [asked["hub.mode"] for asked in hub.asked]
    assert modes == ["subscribe"] + ["unsubscribe"] * websub.LEAVE_ATTEMPTS


def test_a_hub_that_is_away_is_asked_ever_more_rarely(side: Side, hub: FakeHub) -> None:
    hub.status = 503
    assert side.do() == "1 asked, 1 not reached"
    assert side.row is not None
    assert "503" in side.row.detail
    waits = []
    for _ in range(3):
        waits.append((side.row.next_at - side.now).total_seconds())
        side.pass_time(waits[-1])
        side.do()
    assert waits == [600.0, 1_200.0, 2_400.0]


def test_a_hub_that_denies_is_asked_again_in_a_day(side: Side, hub: FakeHub) -> None:
    side.do()
    assert hub.verify(hub_mode="denied", hub_reason="too many") == (200, "")
    assert side.row is not None
    assert (side.row.state, side.row.detail) == ("denied", "too many")
    assert side.do() is None
    side.pass_time(86_400)
    assert side.do() == "1 asked, 0 not reached"


def test_another_hub_means_another_subscription(active: Side, hub: FakeHub) -> None:
    with FakeHub() as other:
        with active.database.begin() as connection:
            connection.execute(update(feed).values(hub_url=other.url))
        active.do()
        assert other.verify()[0] == 200
        assert other.callback != hub.callback
    assert hub.deliver() == 410


async def test_with_a_hub_that_announces_polling_is_the_safety_net(database: Database) -> None:
    bench = Bench(
        database, replace(QUICK, websub=WebSubSettings(callback_url="https://us.example/websub"))
    )
    bench.subscribe("https://one.example/", "https://two.example/", "https://three.example/")
    now = utc_now()
    # One's hub has announced, two's will have while it is polled, three's never did.
    pushes = {1: now, 2: now + timedelta(hours=1), 3: None}
    with database.begin() as connection:
        for feed_id, pushed_at in pushes.items():
            connection.execute(
                websub_subscription.insert().values(
                    feed_id=feed_id,
                    hub_url="https://hub.example/",
                    topic_url=TOPIC,
                    token=new_secret(),
                    secret=new_secret(),
                    state="active",
                    attempts=0,
                    next_at=now + timedelta(days=1),
                    expires_at=now + timedelta(days=1),
                    pushed_at=pushed_at,
                )
            )
    await bench.run_until(lambda: len(bench.recorded) >= 3)
    by_feed = {one.due.feed_id: one for one in bench.recorded[:3]}
    told = {
        feed_id: any(term.name == "websub" for term in one.decision.terms)
        for feed_id, one in by_feed.items()
        if one.decision is not None
    }
    assert told == {1: True, 2: True, 3: False}
    two = by_feed[2].decision
    assert two is not None
    assert two.schedule.next_poll_at is not None
    assert two.schedule.next_poll_at <= utc_now() + timedelta(seconds=websub.PUSH_GAP_SECONDS)


@pytest.mark.parametrize(
    ("pushed_minutes_ago", "news_minutes_ago", "is_trusted"),
    [(None, None, False), (5, None, True), (5, 4, True), (500, 600, True), (500, 4, False)],
)
def test_a_hub_is_trusted_while_it_announces_what_polls_find(
    pushed_minutes_ago: int | None, news_minutes_ago: int | None, is_trusted: bool
) -> None:
    now = utc_now()

    def ago(minutes: int | None) -> datetime | None:
        return None if minutes is None else now - timedelta(minutes=minutes)

    assert websub.is_trusted(ago(pushed_minutes_ago), ago(news_minutes_ago)) is is_trusted


def test_how_subscriptions_fare_is_known(active: Side, hub: FakeHub) -> None:
    with active.database.connect() as connection:
        well = websub.standing(connection, active.now)
    assert (well.by_state, well.lapsed, well.pushed_at) == ({"active": 1}, (), None)
    with active.database.begin() as connection:
        websub.pushed(connection, active.feed_id, active.now)
    active.pass_time(LEASE + 1)
    with active.database.connect() as connection:
        found = websub.standing(connection, active.now)
    assert found.lapsed == (websub.LapsedHub(hub.url, 1, None),)
    assert found.pushed_at == active.now - timedelta(seconds=LEASE + 1)


def test_a_hub_that_never_verifies_is_told_apart_from_one_that_was_asked_just_now(
    side: Side, hub: FakeHub
) -> None:
    for asked in range(1, websub.LAPSED_ATTEMPTS + 1):
        assert side.do() == "1 asked, 0 not reached"
        with side.database.connect() as connection:
            lapsed = websub.standing(connection, side.now).lapsed
        assert [one.feeds for one in lapsed] == ([1] if asked == websub.LAPSED_ATTEMPTS else [])
        side.pass_time(websub.MAX_RETRY_SECONDS)


def test_the_metrics_say_how_subscriptions_fare(active: Side) -> None:
    metrics = Metrics(active.database, Health(), clock=lambda: active.now)
    with active.database.begin() as connection:
        websub.pushed(connection, active.feed_id, active.now - timedelta(seconds=90))
    text = metrics.render().decode()
    assert 'ingest_websub_feeds{state="active"} 1.0' in text
    assert 'ingest_websub_feeds{state="denied"} 0.0' in text
    assert "ingest_websub_lapsed 0.0" in text
    assert "ingest_websub_silence_seconds 90.0" in text
