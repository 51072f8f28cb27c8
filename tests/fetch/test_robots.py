from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.config import FetchSettings
from ingest.fetch import Client
from ingest.fetch.robots import ALLOW_ALL, ALLOW_NOTHING, fetch_robots, parse_robots
from tests.faultserver import FaultServer, answers

US = "ingest/1.0 (+https://example.org)"


def allowed(robots: str, path: str) -> bool:
    return parse_robots(robots.encode(), US).allows("https://example.org" + path)


@pytest.mark.parametrize(
    ("robots", "path", "answer"),
    [
        ("", "/a", True),
        ("User-agent: *\nDisallow: /", "/a", False),
        ("User-agent: *\nDisallow:", "/a", True),
        ("User-agent: other\nDisallow: /", "/a", True),
        ("user-agent: INGEST\ndisallow: /a\n\nUser-agent: *\nDisallow: /", "/b", True),
        ("user-agent: INGEST\ndisallow: /a\n\nUser-agent: *\nDisallow: /", "/a/c", False),
        ("User-agent: x\nUser-agent: ingest/2\nDisallow: /a", "/a", False),
        ("User-agent: ingest\nDisallow: /a\nUser-agent: y\nDisallow: /b", "/b", True),
        # RFC 9309, section 2.2.2 and 5.2: the longest match, and allow on a tie
        (
            "User-agent: *\nAllow: /example/page/\nDisallow: /example/page/x.gif",
            "/example/page/x.gif",
            False,
        ),
        ("User-agent: *\nDisallow: /a\nAllow: /a", "/a", True),
        ("User-agent: *\nDisallow: /*.gif$", "/x/y.gif", False),
        ("User-agent: *\nDisallow: /*.gif$", "/x/y.gif?z", True),
        ("User-agent: *\nDisallow: /a*b*c", "/a1b2c3", False),
        ("User-agent: *\nDisallow: /a*b*c", "/a1c2b3", True),
        ("User-agent: *\nDisallow: /a*a$", "/a", True),
        # section 2.2.2: escapes are compared decoded where that changes nothing
        ("User-agent: *\nDisallow: /foo/%62ar", "/foo/bar", False),
        ("User-agent: *\nDisallow: /é", "/%C3%A9t%C3%A9", False),
        ("User-agent: *\nDisallow: /", "/robots.txt", True),
        ("\ufeffUser-agent: * # all\nDisallow: /p # private", "/p", False),
        ("Sitemap: x\nUser-agent: *\nSitemap: y\nDisallow: /p", "/p", False),
        ("<html>not a robots file</html>", "/a", True),
    ],
)
def test_who_may_read_what(robots: str, path: str, answer: bool) -> None:
    assert allowed(robots, path) is answer


def test_lines_that_the_rfc_does_not_define_part_no_groups() -> None:
    body = b"User-agent: ingest\nCrawl-delay: 7\nUser-agent: other\nDisallow: /x\n"
    assert not parse_robots(body, US).allows("https://a.example/x")
    assert not parse_robots(body, "other/2").allows("https://a.example/x")


def test_no_pattern_is_slow() -> None:
    robots = parse_robots(b"User-agent: *\nDisallow: /" + b"*a" * 2000 + b"$", US)
    started_at = time.process_time()
    robots.allows("https://example.org/" + "a" * 1999 + "b")
    assert time.process_time() - started_at < 5


@given(st.binary(max_size=400))
def test_no_file_makes_it_raise(body: bytes) -> None:
    parse_robots(b"user-agent: *\ndisallow: " + body, US).allows("https://example.org/a%zz?é")


@pytest.mark.parametrize(
    ("status", "is_open"),
    [(404, True), (403, True), (410, True), (500, False), (503, False), (429, False)],
)
async def test_no_file_allows_everything_and_no_answer_nothing(
    settings: FetchSettings, server: FaultServer, status: int, is_open: bool
) -> None:
    server.on("/robots.txt", answers(status))
    async with Client(settings) as client:
        got = await fetch_robots(client, server.url("/a/b?c"), US)
    assert got == (ALLOW_ALL if is_open else ALLOW_NOTHING)


async def test_the_file_is_fetched_from_the_root(client: Client, server: FaultServer) -> None:
    server.on("/robots.txt", answers(200, b"User-agent: *\nDisallow: /private\n"))
    got = await fetch_robots(client, server.url("/a/b?c"), US)
    assert got.allows(server.url("/a"))
    assert not got.allows(server.url("/private/a"))
    assert server.requests[0].headers["user-agent"] == US
