from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.fetch.discover import FoundBy, discover, well_known

HOME = "https://www.example.org/news/today"


def urls(page: bytes, at: str = HOME) -> list[str]:
    return [candidate.url for candidate in discover(page, at)]


def test_what_the_page_calls_alternate_is_found_with_title_and_type() -> None:
    page = b"""<!doctype html><html><head>
    <LINK REL="Alternate stylesheet" TYPE="application/rss+xml; charset=utf-8"
          TITLE="All &amp; more" HREF="../rss?x=1&amp;y=2"></head></html>"""
    (found,) = discover(page, HOME)
    assert found.url == "https://www.example.org/rss?x=1&y=2"
    assert (found.title, found.type) == ("All & more", "application/rss+xml")
    assert found.found_by is FoundBy.LINK


def test_feeds_of_comments_come_last_and_repeats_once() -> None:
    page = b"""
    <link rel=alternate type=application/rss+xml title="Site &raquo; Comments Feed" href=/c/feed/>
    <link rel=alternate type=application/feed+json href=/feed.json>
    <link rel=alternate type=application/atom+xml href=/atom.xml>
    <link rel=alternate type=application/rss+xml href=/atom.xml>
    <link rel=alternate type=application/rss+xml href=/main.xml>"""
    assert urls(page) == [
        "https://www.example.org/atom.xml",
        "https://www.example.org/main.xml",
        "https://www.example.org/feed.json",
        "https://www.example.org/c/feed/",
    ]


def test_the_base_of_the_page_is_respected() -> None:
    page = b'<base href="//cdn.example.org/x/"><link rel=feed href=f.xml>'
    assert urls(page) == ["https://cdn.example.org/x/f.xml"]


@pytest.mark.parametrize(
    "link",
    [
        '<link rel="stylesheet" type="text/css" href="/a.css">',
        '<link rel="alternate" hreflang="de" href="/de/">',
        '<link rel="alternate" type="application/json" href="/wp-json/wp/v2/posts/1">',
        '<link rel="alternate" type="application/json+oembed" href="/oembed?x">',
        '<link rel="alternate" type="application/rss+xml" href="javascript:alert(1)">',
        '<link rel="alternate" type="application/rss+xml" href="file:///etc/passwd">',
        '<link rel="alternate" type="application/rss+xml" href="http://[half">',
        '<link rel="alternate" type="application/rss+xml" href="">',
        '<a href="https://elsewhere.com/rss">theirs</a>',
        '<a href="/rssfeeds-explained">how to</a>',
    ],
)
def test_what_is_no_feed_of_this_site_is_not_offered(link: str) -> None:
    assert urls(link.encode()) == []


@pytest.mark.parametrize(
    "href",
    ["/rss", "/feed/", "/a/rss.xml", "/?feed=rss2", "/x.atom", "feed://feeds.example.org/rss"],
)
def test_ordinary_links_to_feed_like_addresses_are_offered(href: str) -> None:
    (found,) = discover(f'<a href="{href}">Subscribe</a>'.encode(), HOME)
    assert found.found_by is FoundBy.ANCHOR
    assert found.title == "Subscribe"


def test_well_known_places_are_tried_beside_the_page_and_at_the_root() -> None:
    guesses = [candidate.url for candidate in well_known("https://example.org/blog/?page=2")]
    assert guesses[0] == "https://example.org/blog/feed"
    assert "https://example.org/rss.xml" in guesses
    assert len(guesses) == len(set(guesses))
    assert well_known("nonsense") == ()


@pytest.mark.parametrize(
    "page",
    [
        b"<div>" * 300_000 + b'<a href="/rss">' * 30_000,
        b'<a href="' * 200_000,
        b"<a " * 600_000,
        b"<!--" * 400_000,
        b"<link " + b" " * 1_900_000,
        b"<a x" + b" " * 4_000 + b"<a x" * 100_000,
        b"<a href='/rss'>" + b"<" * 1_900_000,
    ],
)
def test_a_hostile_page_is_read_in_bounded_time(page: bytes) -> None:
    started_at = time.process_time()
    discover(page, HOME)
    assert time.process_time() - started_at < 30


def test_comments_and_scripts_name_no_feeds() -> None:
    page = b"""<!-- <link rel=feed href=/a> --><SCRIPT>'<link rel=feed href=/b>'</SCRIPT>
    <link rel=feed href=/c><!-- <link rel=feed href=/d>"""
    assert urls(page) == ["https://www.example.org/c"]


@given(st.binary(max_size=500))
def test_no_page_makes_it_raise(page: bytes) -> None:
    discover(b"<link rel=alternate type=application/rss+xml href='" + page, HOME)
