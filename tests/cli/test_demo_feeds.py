"""The sample feeds and the server that serves them."""

from __future__ import annotations

import http.client
import json
import re
from datetime import UTC, datetime
from importlib.resources import files
from urllib.parse import urlsplit

import pytest

from ingest.cli.demo.outlets import OUTLETS, Outlet, document, with_times
from ingest.cli.demo.server import DemoServer
from ingest.config import ParseSettings
from ingest.errors import ParseError
from ingest.parse import parse_feed

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
SERVED = [outlet for outlet in OUTLETS if outlet.file]


def get(url: str, etag: str | None = None) -> tuple[int, str | None, bytes]:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=5)
    try:
        connection.request("GET", parts.path, headers={"If-None-Match": etag} if etag else {})
        answer = connection.getresponse()
        return answer.status, answer.headers.get("ETag"), answer.read()
    finally:
        connection.close()


def named(name: str) -> Outlet:
    return next(outlet for outlet in OUTLETS if outlet.name == name)


def test_times_are_counted_from_the_start() -> None:
    text = with_times("@@rfc822 -90@@|@@iso -1@@|@@dateline -800@@", NOON)
    assert text == "Wed, 04 Mar 2026 10:30:00 GMT|2026-03-04T11:59:00+00:00|Mar 3"


@pytest.mark.parametrize("outlet", SERVED, ids=lambda outlet: outlet.name)
def test_no_mark_is_left_in_a_document(outlet: Outlet) -> None:
    assert outlet.file is not None
    for edition in (1, 2):
        assert b"@@" not in document(outlet.file, edition, NOON)


@pytest.mark.parametrize("outlet", SERVED, ids=lambda outlet: outlet.name)
def test_every_sample_feed_but_the_web_page_has_entries(outlet: Outlet) -> None:
    assert outlet.file is not None
    body = document(outlet.file, 1, NOON)
    if outlet.name == "evening-signal":
        with pytest.raises(ParseError):
            parse_feed(body, url="https://a.example/", content_type=None, settings=ParseSettings())
        return
    feed = parse_feed(body, url="https://a.example/", content_type=None, settings=ParseSettings())
    assert feed.entries
    assert all(entry.title and entry.link for entry in feed.entries)


def test_the_demo_shows_four_formats_and_a_broken_one() -> None:
    formats = set()
    for outlet in SERVED:
        assert outlet.file is not None
        body = document(outlet.file, 1, NOON)
        if outlet.name != "evening-signal":
            feed = parse_feed(
                body, url="https://a.example/", content_type=None, settings=ParseSettings()
            )
            formats.add(feed.format)
    assert {"rss20", "rss10", "atom10"} <= formats
    assert any(name.startswith("json") for name in formats)


def test_every_address_in_the_sample_feeds_is_reserved_for_examples() -> None:
    namespaces = {"purl.org", "search.yahoo.com", "www.w3.org", "jsonfeed.org"}
    for source in (files("ingest.cli.demo") / "feeds").iterdir():
        hosts = re.findall(r"https?://([^/\"'<>\s]+)", source.read_text(encoding="utf-8"))
        outside = [host for host in hosts if host not in namespaces]
        assert all(host.endswith(".example") for host in outside), source.name


def test_the_server_answers_a_conditional_request_with_not_modified() -> None:
    with DemoServer() as server:
        url = server.url(named("harbour-ledger"))
        status, etag, body = get(url)
        assert (status, bool(etag), bool(body)) == (200, True, True)
        assert get(url, etag) == (304, etag, b"")
        assert server.served() == 2


def test_a_second_edition_appears_at_the_second_request() -> None:
    with DemoServer() as server:
        url = server.url(named("city-beacon"))
        _, etag, first = get(url)
        status, _, second = get(url, etag)
        assert status == 200
        assert b"under control" in first
        assert b"electrical fault" in second
        late = server.url(named("coastline-today"))
        before = {item["id"] for item in json.loads(get(late)[2])["items"]}
        after = {item["id"] for item in json.loads(get(late)[2])["items"]}
        assert len(after - before) == 1


def test_an_unknown_path_is_not_found() -> None:
    with DemoServer() as server:
        other = server.url(named("harbour-ledger")).rpartition("/")[0] + "/../outlets.py"
        assert get(other)[0] == 404


def test_the_dead_feed_refuses_connections() -> None:
    with DemoServer() as server, pytest.raises(ConnectionRefusedError):
        get(server.url(named("static-tribune")))
