from __future__ import annotations

import hashlib
import hmac
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.errors import UsageError
from ingest.fetch.websub import (
    Denied,
    Verified,
    hub_request,
    links_in,
    new_secret,
    signature_is_valid,
    verify_intent,
)

TOPIC = "https://example.org/feed"
HUB = "https://hub.example/"


def test_hubs_and_topic_are_read_from_the_link_header() -> None:
    header = (
        '<https://hub.example/>; rel="hub", </feed>; rel=self, <x>; title="a, b"; rel="next hub"'
    )
    links = links_in(header, "https://example.org/old")
    assert links.hub_urls == ("https://hub.example/", "https://example.org/x")
    assert links.topic_url == "https://example.org/feed"
    assert links_in(None, TOPIC).hub_urls == ()


def test_a_subscription_says_what_section_5_1_asks_for() -> None:
    request = hub_request(
        HUB,
        mode="subscribe",
        topic_url=TOPIC,
        callback_url="https://us.example/cb/1",
        lease_seconds=864000,
        secret="s3cret",
    )
    assert parse_qs(request.body.decode()) == {
        "hub.mode": ["subscribe"],
        "hub.topic": [TOPIC],
        "hub.callback": ["https://us.example/cb/1"],
        "hub.lease_seconds": ["864000"],
        "hub.secret": ["s3cret"],
    }
    assert "s3cret" not in repr(request)


def test_a_secret_never_goes_in_the_clear_and_is_never_too_long() -> None:
    plain = hub_request(
        "http://hub.example/", mode="subscribe", topic_url=TOPIC, callback_url="x", secret="s3cret"
    )
    assert b"s3cret" not in plain.body
    with pytest.raises(UsageError):
        hub_request(HUB, mode="subscribe", topic_url=TOPIC, callback_url="x", secret="s" * 200)
    assert len(new_secret()) == 64
    assert new_secret() != new_secret()


def test_only_what_we_asked_for_is_confirmed() -> None:
    query = {
        "hub.mode": "subscribe",
        "hub.topic": TOPIC,
        "hub.challenge": "abc",
        "hub.lease_seconds": "3600",
    }
    assert verify_intent(query, mode="subscribe", topic_url=TOPIC) == Verified("abc", 3600)
    assert verify_intent(query, mode="unsubscribe", topic_url=TOPIC) is None
    assert verify_intent(query, mode="subscribe", topic_url=TOPIC + "x") is None
    assert verify_intent(query | {"hub.challenge": ""}, mode="subscribe", topic_url=TOPIC) is None
    odd = query | {"hub.lease_seconds": "soon"}
    assert verify_intent(odd, mode="subscribe", topic_url=TOPIC) == Verified("abc", None)


def test_a_denial_tells_why_in_one_line() -> None:
    query = {"hub.mode": "denied", "hub.topic": TOPIC, "hub.reason": "over\nquota"}
    assert verify_intent(query, mode="subscribe", topic_url=TOPIC) == Denied("over quota")


@pytest.mark.parametrize("method", ["sha1", "sha256", "sha384", "sha512"])
def test_a_signature_holds_for_the_body_and_the_secret_it_was_made_with(method: str) -> None:
    signature = hmac.new(b"s3cret", b"<rss/>", getattr(hashlib, method)).hexdigest()
    header = f"{method}={signature}"
    assert signature_is_valid(header, b"<rss/>", "s3cret")
    assert signature_is_valid(header.upper(), b"<rss/>", "s3cret")
    assert not signature_is_valid(header, b"<rss />", "s3cret")
    assert not signature_is_valid(header, b"<rss/>", "other")


@pytest.mark.parametrize("header", [None, "", "sha1", "sha1=", "md5=00", "=", "sha256=é"])
def test_a_delivery_without_a_good_signature_is_not_believed(header: str | None) -> None:
    assert not signature_is_valid(header, b"<rss/>", "s3cret")


@given(st.text())
def test_no_link_header_makes_it_raise(header: str) -> None:
    links_in(header, TOPIC)
