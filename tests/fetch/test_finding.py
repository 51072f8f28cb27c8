from __future__ import annotations

import pytest

from ingest.errors import FetchError
from ingest.fetch import Client, FetchRequest
from ingest.fetch.discover import FoundBy
from ingest.fetch.finding import MAX_TRIES, Finding, find_feeds
from ingest.model import Fetched
from tests.faultserver import HEALTHY, FaultServer, answers, redirects, serves


def starts_like_a_feed(got: Fetched) -> bool:
    return (got.body or b"").startswith(b"<?xml")


async def find(client: Client, url: str, pauses: list[float] | None = None) -> Finding:
    async def sleep(seconds: float) -> None:
        if pauses is not None:
            pauses.append(seconds)

    return await find_feeds(client, FetchRequest(url=url), starts_like_a_feed, sleep=sleep)


async def test_a_feed_is_its_own_finding(client: Client, server: FaultServer) -> None:
    found = await find(client, server.url("/healthy"))
    assert [feed.found_by for feed in found.feeds] == [FoundBy.ITSELF]
    assert len(server.requests) == 1


async def test_every_feed_the_page_links_to_is_tried_and_only_feeds_stay(
    client: Client, server: FaultServer
) -> None:
    links = b"".join(
        b"<link rel=feed href=/%s>" % name for name in (b"f1", b"page", b"gone", b"f2")
    )
    server.on("/page", answers(200, b"<html>" + links))
    server.on("/f1", serves())
    server.on("/f2", redirects(301, "/f3"))
    server.on("/f3", serves(HEALTHY + b" "))
    pauses: list[float] = []
    found = await find(client, server.url("/page"), pauses)
    assert [feed.url for feed in found.feeds] == [server.url("/f1"), server.url("/f3")]
    assert pauses == [1.0] * found.tried


async def test_guesses_end_with_the_first_that_is_right(
    client: Client, server: FaultServer
) -> None:
    server.on("/blog/", answers(200, b"<html>nothing here"))
    server.on("/blog/rss.xml", serves())
    found = await find(client, server.url("/blog/"))
    assert [(feed.url, feed.found_by) for feed in found.feeds] == [
        (server.url("/blog/rss.xml"), FoundBy.GUESS)
    ]
    assert len(server.requests) == 1 + found.tried == 4


async def test_a_site_without_feeds_is_not_asked_for_ever(
    client: Client, server: FaultServer
) -> None:
    server.on("/none/", answers(200, b"<html>nothing here"))
    found = await find(client, server.url("/none/"))
    assert (found.feeds, found.tried) == ((), MAX_TRIES)


async def test_an_address_that_cannot_be_fetched_says_why(
    client: Client, server: FaultServer
) -> None:
    with pytest.raises(FetchError, match="Cloudflare"):
        await find(client, server.url("/challenge"))
