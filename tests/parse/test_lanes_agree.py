"""The fast lane gives exactly what the mended feedparser gives, or nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from ingest.config import ParseSettings
from ingest.errors import ParseError
from ingest.model import FeedDocument
from ingest.parse import by_feedparser, fast
from ingest.parse.read import prepared

FIXTURES = Path(__file__).parent / "feeds"
URL = "https://feeds.example/news/feed"


def _both(body: bytes) -> tuple[FeedDocument, FeedDocument] | None:
    settings = ParseSettings()
    direct = fast.read_utf8(body, url=URL, content_type=None, settings=settings)
    try:
        ready = prepared(body, content_type=None, settings=settings)
    except ParseError:
        assert direct is None
        return None
    arguments = {"url": URL, "encoding": ready.encoding, "faults": ready.faults}
    quick = fast.read(ready.prolog, settings=settings, **arguments)  # type: ignore[arg-type]
    assert direct is None or direct == quick
    if quick is None:
        return None
    slow = by_feedparser.read(ready.prolog, settings=settings, **arguments)  # type: ignore[arg-type]
    return quick, replace(slow, lane="fast")


def _check(paths: Iterable[Path], least: int) -> None:
    compared = 0
    for path in paths:
        pair = _both(path.read_bytes())
        if pair is not None:
            assert pair[0] == pair[1], path.name
            compared += 1
    assert compared >= least


def test_lanes_agree_on_our_own_feeds() -> None:
    _check(sorted(FIXTURES.glob("*.xml")), least=20)


def test_a_common_feed_is_read_without_being_decoded() -> None:
    body = (FIXTURES / "rss094.xml").read_bytes()
    settings = ParseSettings()
    for given, is_read in (
        (body, True),
        (b"\xef\xbb\xbf" + body, True),
        (b'<?xml version="1.0" encoding="UTF-8"?>\n' + body, True),
        (b'<?xml version="1.0" encoding="iso-8859-1"?>' + body, False),
        (body.replace(b"One", b"\xff"), False),
        (body.replace(b"One", "Één".encode()), True),
        (b"Warning: x in y\n" + body, False),
        (body + b"junk", False),
        (body.replace(b"<link>", b"<link/>", 1), False),
    ):
        read = fast.read_utf8(given, url=URL, content_type=None, settings=settings)
        assert (read is not None) == is_read, given[:60]
    assert fast.read_utf8(body, url=URL, content_type="a/b; charset=gbk", settings=settings) is None


@pytest.mark.corpora
def test_lanes_agree_on_the_feedparser_suite() -> None:
    from tests.parse.corpora import corpus

    _check(corpus("feedparser-suite"), least=1_800)


@pytest.mark.corpora
@pytest.mark.parametrize("name", ["real-feeds", "poll-series", "wire-series"])
def test_lanes_agree_on_a_part_of_the_real_feeds(name: str) -> None:
    from tests.parse.corpora import corpus

    _check(corpus(name, every=25), least=20)


@pytest.mark.corpora
@pytest.mark.slow
@pytest.mark.parametrize("name", ["real-feeds", "poll-series", "wire-series"])
def test_lanes_agree_on_all_real_feeds(name: str) -> None:
    from tests.parse.corpora import corpus

    _check(corpus(name), least=600)


ORDINARY = (
    "<rss version='2.0' xmlns:media='http://search.yahoo.com/mrss/'"
    " xmlns:dc='http://purl.org/dc/elements/1.1/'><channel><title>T</title>{}</channel></rss>"
)
ODDITIES = {
    "a title within an unknown element": "<item><x><title>in</title></x><title>out</title></item>",
    "an image within an item": "<item><image><url>/i.png</url></image><title>t</title></item>",
    "a source with children": "<item><source url='/s'><title>S</title></source></item>",
    "markup in a description": "<item><description>a <b>b</b> <div>c</div></description></item>",
    "a foreign href": "<item xmlns:x='urn:x'><link x:href='/x'/></item>",
    "an unclosed image": "<image/><url>/i</url><title>U</title><item><title>t</title></item>",
    "content within content": (
        "<item><media:content url='/a'><media:content url='/b'/></media:content></item>"
    ),
    "two bases": "<item xml:base='/a/'><link xml:base='b/'>c</link><title>d</title></item>",
    "a double-encoded text": "<item><title>caf\u00c3\u00a9 \u0092s</title></item>",
    "an author with markup": "<item><author><name>N</name><b>x</b></author></item>",
    "two titles": "<item><dc:title>d</dc:title><title></title><title>b</title></item>",
}


@pytest.mark.parametrize("oddity", ODDITIES)
def test_lanes_agree_on_oddities_or_the_fast_lane_declines(oddity: str) -> None:
    pair = _both(ORDINARY.format(ODDITIES[oddity]).encode())
    assert pair is None or pair[0] == pair[1]
