"""The callback beside the pages: open to hubs, closed to forgers, and nothing else."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime

import pytest
from httpx import Client
from sqlalchemy import update

from ingest.config import FetchSettings, Settings, WebSubSettings
from ingest.store import websub
from ingest.store.engine import Database
from ingest.store.tables import feed
from ingest.store.websub import Subscription
from ingest.web.app import create_app
from ingest.web.health import Health
from ingest.web.websub import with_callback
from tests.schedule.daemons import utc_now
from tests.store.build import subscribe
from tests.web.visitor import visitor

NOW = utc_now()
BODY = b"<rss>news</rss>"
PUBLIC = Settings(
    fetch=FetchSettings(max_bytes=100),
    websub=WebSubSettings(callback_url="https://us.example/in/websub/"),
)


def client_of(database: Database, settings: Settings) -> Client:
    def clock() -> datetime:
        return NOW

    pages = create_app(database, settings, clock=clock, health=Health())
    app = with_callback(pages, database, settings, clock=clock)
    return visitor(app, "https://us.example")


@pytest.fixture
def client(database: Database) -> Client:
    """We, as the world sees us."""
    return client_of(database, PUBLIC)


@pytest.fixture
def subscribed(database: Database) -> Subscription:
    """A feed whose hub, asked over https, has verified."""
    (feed_id,) = subscribe(database, "https://news.example/feed")
    with database.begin() as connection:
        connection.execute(update(feed).values(hub_url="https://hub.example/"))
        assert websub.line_up(connection, NOW) == 1
        (one,) = websub.claim(connection, NOW, 10)
        websub.verified(connection, feed_id, lease_seconds=1_000, now=NOW)
    return one


def is_pushed(database: Database, one: Subscription) -> bool:
    with database.connect() as connection:
        found = websub.by_token(connection, one.token)
    assert found is not None
    return found.pushed_at is not None


@pytest.mark.parametrize("method", ["sha1", "sha256", "sha512"])
def test_what_is_signed_with_the_secret_is_believed(
    client: Client, database: Database, subscribed: Subscription, method: str
) -> None:
    signature = hmac.new(subscribed.secret.encode(), BODY, getattr(hashlib, method)).hexdigest()
    headers = {"x-hub-signature": f"{method}={signature}"}
    answer = client.post(f"/in/websub/{subscribed.token}", content=BODY, headers=headers)
    assert answer.status_code == 202
    assert is_pushed(database, subscribed)


@pytest.mark.parametrize(
    "signature", [None, "", "sha256=", "sha256=" + "0" * 64, "md5=0", "none", "sha256=\xff"]
)
def test_what_is_not_signed_is_ignored_without_a_word(
    client: Client, database: Database, subscribed: Subscription, signature: str | None
) -> None:
    headers = {} if signature is None else {b"x-hub-signature": signature.encode("latin-1")}
    answer = client.post(f"/in/websub/{subscribed.token}", content=BODY, headers=headers)
    assert (answer.status_code, answer.text) == (202, "")
    assert not is_pushed(database, subscribed)


def test_a_body_without_a_length_is_bounded_too(
    client: Client, database: Database, subscribed: Subscription
) -> None:
    pieces = (b"x" * 60 for _ in range(10))
    answer = client.post(f"/in/websub/{subscribed.token}", content=pieces)
    assert answer.status_code == 413
    assert not is_pushed(database, subscribed)


def test_only_the_callback_is_open(client: Client, subscribed: Subscription) -> None:
    path = f"/in/websub/{subscribed.token}"
    assert client.get(path).status_code == 404  # nothing was asked with a challenge
    assert client.put(path).status_code == 405
    assert client.post(f"/in/websub/{'A' * 43}", content=BODY).status_code == 410
    for other in ("/", "/feeds", "/in/websub/", f"/{subscribed.token}", f"{path}/x", "/metrics"):
        assert client.get(other).status_code == 421, other  # the guard of the pages


def test_a_challenge_is_no_page(client: Client, subscribed: Subscription) -> None:
    query = {
        "hub.mode": "subscribe",
        "hub.topic": subscribed.topic_url,
        "hub.challenge": "<script>alert(1)</script>",
    }
    answer = client.get(f"/in/websub/{subscribed.token}", params=query)
    assert answer.status_code == 200
    assert answer.text == query["hub.challenge"]
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_without_a_callback_url_there_is_none(database: Database, subscribed: Subscription) -> None:
    answer = client_of(database, Settings()).post(f"/in/websub/{subscribed.token}", content=BODY)
    assert answer.status_code == 421
    assert not is_pushed(database, subscribed)


def test_the_secret_is_in_no_message(subscribed: Subscription) -> None:
    assert subscribed.secret not in repr(subscribed)
