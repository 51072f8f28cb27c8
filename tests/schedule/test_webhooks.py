"""The change stream at a webhook: every event, in order, under one id at each attempt."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete

from ingest.config import FetchSettings, Settings, WebhookSettings
from ingest.errors import ConfigError, UsageError
from ingest.fetch.webhook import secret_of, signature
from ingest.model import ChangeKind
from ingest.schedule import webhooks as chore
from ingest.schedule.webhooks import webhook_chore
from ingest.store import changes, webhooks
from ingest.store.changes import NewChange
from ingest.store.engine import Database
from ingest.store.tables import change
from ingest.store.webhooks import Receiver
from tests.schedule.daemons import utc_now
from tests.schedule.receiver import FakeReceiver
from tests.store.build import an_article, entry, store, subscribe

SECRET = "a secret of more than 16 bytes"
LOOPBACK = FetchSettings(allow_networks=("127.0.0.0/8",))


@dataclass
class Side:
    """Our side: the clock is turned by hand, and no wait is shortened by chance."""

    database: Database
    settings: Settings
    environ: dict[str, str] = field(default_factory=lambda: {"DESK_SECRET": SECRET})
    now: datetime = field(default_factory=utc_now)

    def do(self, settings: Settings | None = None) -> str | None:
        """One round of the chore."""
        made = webhook_chore(
            self.database, lambda: self.now, environ=self.environ, spread=lambda: 1.0
        )
        return made.run(settings or self.settings, lambda: False)

    def pass_time(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def happens(self, *kinds: ChangeKind) -> None:
        """Each in a transaction of its own."""
        for kind in kinds:
            with self.database.begin() as connection:
                changes.append(connection, [NewChange(kind, story_id=1)], self.now)

    def receiver(self, name: str = "desk") -> Receiver:
        with self.database.connect() as connection:
            found = webhooks.find(connection, name, ())
        assert found is not None
        return found

    @property
    def stream(self) -> list[str]:
        with self.database.connect() as connection:
            return [one.cursor for one in changes.read(connection)]


@pytest.fixture
def desk() -> Iterator[FakeReceiver]:
    with FakeReceiver() as opened:
        yield opened


def hook(url: str, **more: object) -> WebhookSettings:
    shape = WebhookSettings(name="desk", url=url, secret_env="DESK_SECRET")
    return replace(shape, **more)  # type: ignore[arg-type]


@pytest.fixture
def side(database: Database, desk: FakeReceiver) -> Side:
    """The webhook is known already: what happens from now on goes there."""
    own = Side(database, Settings(fetch=LOOPBACK, webhooks=(hook(desk.url),)))
    own.happens(ChangeKind.STORY_CREATED)
    assert own.do() is None
    assert desk.got == []  # what was before is not told
    return own


def test_what_happens_is_sent_signed_and_once(side: Side, desk: FakeReceiver) -> None:
    side.happens(ChangeKind.STORY_CREATED, ChangeKind.STORY_JOINED)
    assert side.do() == "2 events to desk"
    assert side.do() is None
    (got,) = desk.got
    assert got.cursors == side.stream[1:]
    assert [event["kind"] for event in got.events] == ["story.created", "story.joined"]
    message = json.loads(got.body)
    assert (message["type"], message["webhook"]) == ("ingest.changes", "desk")
    assert got.headers["content-type"] == "application/json"
    assert got.headers["idempotency-key"] == f'"{got.message_id}"'
    stamp = got.headers["webhook-timestamp"]
    assert int(stamp) == int(side.now.timestamp())
    signed = f"{got.message_id}.{stamp}.".encode() + got.body
    expected = base64.b64encode(hmac.digest(SECRET.encode(), signed, hashlib.sha256)).decode()
    assert got.headers["webhook-signature"] == f"v1,{expected}"
    assert side.receiver().events == 2
    assert side.receiver().cursor == side.stream[-1]


def test_the_signature_is_that_of_the_standards_own_example() -> None:
    """From the test suite of the reference libraries (standard-webhooks, 2023)."""
    secret = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    body = b'{"test": 2432232314}'
    made = signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_an_event_tells_of_its_article(side: Side, desk: FakeReceiver) -> None:
    (feed_id,) = subscribe(side.database, "https://a.org/rss")
    store(side.database, {feed_id: [entry(an_article("one"))]})
    side.do()
    told = next(event for event in desk.events if event["kind"] == "article.new")
    assert told["article"]["headline"] == an_article("one").headline
    assert told["article"]["url"] == an_article("one").url
    assert told["article"]["publisher"]


def test_a_message_that_fails_comes_again_under_its_id_and_before_later_ones(
    side: Side, desk: FakeReceiver
) -> None:
    desk.statuses = [500, 0, 404]
    side.happens(ChangeKind.STORY_CREATED)
    waits = []
    for _ in range(3):
        assert side.do() is None
        waits.append((side.receiver().next_at - side.now).total_seconds())
        assert side.do() is None  # too early
        side.happens(ChangeKind.STORY_JOINED)
        side.pass_time(waits[-1])
    assert waits == [5.0, 10.0, 20.0]
    assert side.receiver().attempts == 3
    assert side.receiver().failing_since is not None
    assert side.do() == "4 events to desk"
    assert len({one.message_id for one in desk.got[:4]}) == 1
    assert len({one.body for one in desk.got[:4]}) == 1
    assert desk.got[4].message_id != desk.got[0].message_id
    assert [*desk.got[3].cursors, *desk.got[4].cursors] == side.stream[1:]
    after = side.receiver()
    assert (after.attempts, after.failing_since, after.detail) == (0, None, None)


def test_the_distance_grows_to_an_hour_and_is_spread() -> None:
    assert chore.wait_seconds(1, None, 0.0) == 2.5
    assert chore.wait_seconds(2, None, 1.0) == 10.0
    assert chore.wait_seconds(99, None, 1.0) == 3_600.0
    assert chore.wait_seconds(99, None, 0.0) == 1_800.0
    assert chore.wait_seconds(1, 120.0, 0.0) == 120.0
    assert chore.wait_seconds(1, 1e9, 0.0) == 86_400.0


def test_a_receiver_that_asks_for_time_is_given_it(side: Side, desk: FakeReceiver) -> None:
    desk.statuses, desk.answer_headers = [429], {"retry-after": "600"}
    side.happens(ChangeKind.STORY_CREATED)
    side.do()
    assert side.receiver().next_at == side.now + timedelta(seconds=600)


def test_a_process_that_died_after_sending_sends_the_same_message_again(
    side: Side, desk: FakeReceiver
) -> None:
    side.happens(ChangeKind.STORY_CREATED)
    with side.database.begin() as connection:  # as far as the daemon came that died
        lost = webhooks.claim(
            connection, "desk", (), now=side.now, lease_seconds=chore.LEASE_SECONDS, limit=100
        )
    assert lost is not None
    side.happens(ChangeKind.STORY_JOINED)
    assert side.do() is None  # its time is not over
    side.pass_time(chore.LEASE_SECONDS)
    assert side.do() == "2 events to desk"
    assert desk.got[0].message_id == lost.message_id
    assert desk.got[0].cursors == [one.cursor for one in lost.events]


def test_of_two_daemons_one_delivers(side: Side, desk: FakeReceiver) -> None:
    side.happens(*[ChangeKind.STORY_CREATED] * 5)
    rounds = [threading.Thread(target=side.do) for _ in range(4)]
    for one in rounds:
        one.start()
    for one in rounds:
        one.join()
    assert [event["cursor"] for event in desk.events] == side.stream[1:]
    assert side.receiver().events == 5


def test_a_backlog_goes_out_in_messages_of_bounded_size(
    side: Side, desk: FakeReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chore, "EVENTS", 3)
    side.happens(*[ChangeKind.STORY_CREATED] * 8)
    assert side.do() == "8 events to desk"
    assert [len(one.events) for one in desk.got] == [3, 3, 2]
    assert [event["cursor"] for event in desk.events] == side.stream[1:]


def test_only_the_kinds_that_are_asked_for_are_sent(side: Side, desk: FakeReceiver) -> None:
    wants = replace(side.settings, webhooks=(hook(desk.url, kinds=("story.merged",)),))
    side.happens(ChangeKind.STORY_CREATED, ChangeKind.STORY_MERGED, ChangeKind.STORY_JOINED)
    assert side.do(wants) == "1 events to desk"
    assert [event["kind"] for event in desk.events] == ["story.merged"]
    assert side.do(wants) is None


def test_what_it_does_not_want_is_not_looked_through_again_and_again(
    side: Side, desk: FakeReceiver
) -> None:
    wants = replace(side.settings, webhooks=(hook(desk.url, kinds=("story.merged",)),))
    flood = [NewChange(ChangeKind.STORY_JOINED, story_id=1)] * 1_100
    with side.database.begin() as connection:
        changes.append(connection, flood, side.now)
    assert side.do(wants) is None
    with side.database.connect() as connection:
        assert side.receiver().cursor == changes.latest_cursor(connection)
    side.happens(ChangeKind.STORY_MERGED)
    assert side.do(wants) == "1 events to desk"


def test_a_receiver_that_fails_holds_up_no_other(side: Side, desk: FakeReceiver) -> None:
    with FakeReceiver() as broken:
        broken.statuses = [500] * 10
        both = (hook(broken.url, name="archive"), hook(desk.url))
        settings = replace(side.settings, webhooks=both)
        side.do(settings)
        side.happens(ChangeKind.STORY_CREATED)
        assert side.do(settings) == "1 events to desk"
        assert side.receiver("archive").attempts == 1


def test_an_address_inside_is_refused_unless_its_network_is_allowed(
    side: Side, desk: FakeReceiver
) -> None:
    side.settings = replace(side.settings, fetch=FetchSettings())
    side.happens(ChangeKind.STORY_CREATED)
    assert side.do() is None
    assert desk.got == []
    assert "loopback" in (side.receiver().detail or "")


def test_neither_secret_nor_address_is_logged_or_stored(
    side: Side, desk: FakeReceiver, caplog: pytest.LogCaptureFixture
) -> None:
    desk.statuses = [500, 0]
    side.happens(ChangeKind.STORY_CREATED)
    with caplog.at_level(logging.DEBUG):
        for _ in range(2):
            side.do()
            assert side.receiver().detail
            written = f"{side.receiver()}{caplog.text}{[one.__dict__ for one in caplog.records]}"
            assert SECRET not in written
            assert "path-secret" not in written
            side.pass_time(60)
        side.settings = replace(
            side.settings, webhooks=(hook(desk.url.replace("http:", "https:")),)
        )
        side.do()
        assert "path-secret" not in f"{side.receiver()}{[o.__dict__ for o in caplog.records]}"
    assert "webhook_failed" in caplog.text


def test_without_its_secret_nothing_is_sent_and_the_variable_is_named(
    side: Side, desk: FakeReceiver
) -> None:
    side.environ.clear()
    side.happens(ChangeKind.STORY_CREATED)
    assert side.do() is None
    assert desk.got == []
    assert "the variable DESK_SECRET is not set" in (side.receiver().detail or "")


def test_a_daemon_that_ends_gives_the_message_back(side: Side, desk: FakeReceiver) -> None:
    side.happens(ChangeKind.STORY_CREATED)
    looks = iter([False, False])  # then it is to stop
    made = webhook_chore(side.database, lambda: side.now, environ=side.environ)
    with socket.create_server(("127.0.0.1", 0)) as mute:  # takes what it is sent, answers nobody
        url = f"http://127.0.0.1:{mute.getsockname()[1]}/"
        settings = replace(side.settings, webhooks=(hook(url),))
        assert made.run(settings, lambda: next(looks, True)) is None
    assert side.receiver().next_at == side.now
    assert side.receiver().attempts == 1
    assert side.do() == "1 events to desk"


def test_what_waits_can_be_left_out(side: Side, desk: FakeReceiver) -> None:
    desk.statuses = [400]
    side.happens(ChangeKind.STORY_CREATED)
    side.do()
    with side.database.begin() as connection:
        left = webhooks.skip(connection, "desk", side.now)
    assert (left.attempts, left.waiting_since) == (0, None)
    side.happens(ChangeKind.STORY_JOINED)
    assert side.do() == "1 events to desk"
    assert desk.got[-1].cursors == side.stream[-1:]
    with side.database.begin() as connection, pytest.raises(UsageError, match="'nobody'"):
        webhooks.skip(connection, "nobody", side.now)


def test_events_that_were_pruned_meanwhile_end_their_message(
    side: Side, desk: FakeReceiver
) -> None:
    desk.statuses = [500]
    side.happens(ChangeKind.STORY_CREATED)
    side.do()
    with side.database.begin() as connection:
        connection.execute(delete(change))
    side.pass_time(60)
    assert side.do() is None
    side.happens(ChangeKind.STORY_JOINED)
    assert side.do() == "1 events to desk"


def test_the_secret_may_be_a_file_and_has_a_least_length(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    named = WebhookSettings(name="desk", url="https://a.org/", secret_file=str(path))
    with pytest.raises(ConfigError, match="No such file"):
        secret_of(named, {})
    path.write_text(f"{SECRET}\n")
    assert secret_of(named, {}) == SECRET.encode()
    path.write_text("whsec_" + base64.b64encode(SECRET.encode()).decode())
    assert secret_of(named, {}) == SECRET.encode()
    path.write_text("short-secret")
    with pytest.raises(ConfigError, match="shorter than 16 bytes") as caught:
        secret_of(named, {})
    assert "short-secret" not in str(caught.value)
    path.write_text("whsec_?")
    with pytest.raises(ConfigError, match="no base64"):
        secret_of(named, {})
