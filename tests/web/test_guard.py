"""Who may look, and the headers that hold a browser to it."""

from __future__ import annotations

import base64

import pytest
from httpx import Client

from ingest.config import WebSettings, load
from ingest.errors import ConfigError
from ingest.store.engine import Database
from tests.web.conftest import client_of

WITH_TOKEN = WebSettings(host="0.0.0.0", token="correct-horse")


def basic(password: str) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(f"me:{password}".encode()).decode()}


@pytest.mark.parametrize("path", ["/", "/feeds", "/stories.atom", "/metrics", "/healthz", "/nope"])
def test_every_answer_carries_a_strict_policy(client: Client, path: str) -> None:
    headers = client.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "style-src 'self'" in policy
    assert "script-src" not in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


def test_pages_need_nothing_their_policy_forbids(client: Client) -> None:
    for path in ("/", "/feeds", "/quality", "/publishers", "/search"):
        html = client.get(path).text
        assert "<style" not in html
        assert " style=" not in html
        assert "<script" not in html


def test_feed_html_has_a_policy_of_its_own_and_is_sandboxed_twice(client: Client) -> None:
    article = client.get("/search").text.partition('href="/articles/')[2].partition('"')[0]
    page = client.get(f"/articles/{article}").text
    assert 'sandbox="allow-popups"' in page
    policy = client.get(f"/articles/{article}/frame").headers["content-security-policy"]
    assert "sandbox allow-popups" in policy
    assert "allow-scripts" not in policy
    assert "allow-same-origin" not in policy
    assert "style-src 'sha256-" in policy
    assert "frame-ancestors 'self'" in policy


def test_without_a_token_only_names_of_this_machine_are_answered(newsroom: Database) -> None:
    client = client_of(newsroom)
    for host in ("127.0.0.1:8080", "localhost:8080", "[::1]:8080", "LOCALHOST"):
        assert client.get("/", headers={"host": host}).status_code == 200, host
    for host in ("evil.example", "evil.example:8080", "127.0.0.1.evil.example", ""):
        answer = client.get("/", headers={"host": host})
        assert answer.status_code == 421, host
        assert "stories" not in answer.text.lower()


def test_with_a_token_nothing_is_shown_without_it(newsroom: Database) -> None:
    client = client_of(newsroom, WITH_TOKEN)
    for path in ("/", "/metrics", "/stories.json", "/static/style.css", "/articles/1/frame"):
        answer = client.get(path)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Basic")
        assert "Meridian" not in answer.text


@pytest.mark.parametrize(
    "given",
    [
        {"authorization": "Bearer wrong"},
        {"authorization": "Bearer"},
        {"authorization": "Basic ???"},
        {"authorization": "Digest correct-horse"},
        {"authorization": "correct-horse"},
        basic("wrong"),
        basic(""),
    ],
)
def test_a_wrong_token_is_refused(newsroom: Database, given: dict[str, str]) -> None:
    assert client_of(newsroom, WITH_TOKEN).get("/", headers=given).status_code == 401


def test_the_token_opens_by_bearer_and_as_a_password(newsroom: Database) -> None:
    client = client_of(newsroom, WITH_TOKEN)
    elsewhere = {"host": "news.example"}
    for given in ({"authorization": "Bearer correct-horse"}, basic("correct-horse")):
        assert client.get("/", headers={**given, **elsewhere}).status_code == 200


def test_health_answers_strangers_without_reasons(newsroom: Database) -> None:
    client = client_of(newsroom, WITH_TOKEN)
    assert client.get("/healthz").json() == {"alive": True, "ready": True}
    trusted = client.get("/healthz", headers={"authorization": "Bearer correct-horse"})
    assert trusted.json()["reasons"] == []


def test_an_address_beyond_loopback_needs_a_token() -> None:
    environ = {"INGEST_WEB__ENABLED": "true", "INGEST_WEB__HOST": "0.0.0.0"}
    with pytest.raises(ConfigError, match=r"token.*loopback"):
        load(None, environ)
    assert load(None, {**environ, "INGEST_WEB__TOKEN": "secret"}).web.token == "secret"
