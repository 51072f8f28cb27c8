"""Subscription lists from anywhere, and back."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.cli import opml
from ingest.cli.opml import Outline, read_opml, write_opml
from ingest.config import FeedSettings
from ingest.errors import OpmlError

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


def document(body: str) -> bytes:
    return f'<?xml version="1.0"?><opml version="2.0"><body>{body}</body></opml>'.encode()


def urls(data: bytes) -> list[str]:
    return [feed.url for feed in read_opml(data, "a.opml").feeds]


def test_feeds_are_found_in_folders_at_any_depth() -> None:
    data = document(
        '<outline text="World"><outline text="Asia">'
        '<outline type="rss" text="One" xmlUrl="https://one.example/rss"/></outline></outline>'
        '<outline text="Two" xmlUrl="http://two.example/atom" language="fr"/>'
    )
    assert read_opml(data, "a.opml").feeds == (
        FeedSettings(url="https://one.example/rss", name="One"),
        FeedSettings(url="http://two.example/atom", name="Two", language="fr"),
    )


def test_attribute_names_are_read_in_any_case() -> None:
    assert urls(document('<OUTLINE XMLURL="https://a.example/"/>')) == ["https://a.example/"]


def test_a_feed_that_is_listed_twice_is_read_once() -> None:
    line = '<outline text="A" xmlUrl="https://a.example/"/>'
    assert urls(document(line + line)) == ["https://a.example/"]


def test_two_feeds_of_one_name_get_two_names() -> None:
    lines = [f'<outline text="Top Stories" xmlUrl="https://{c}.example/"/>' for c in "abc"]
    names = [feed.name for feed in read_opml(document("".join(lines)), "a.opml").feeds]
    assert names == ["top-stories", "top-stories-2", "top-stories-3"]


def test_an_address_that_cannot_be_polled_is_skipped_and_told() -> None:
    data = document(
        '<outline text="A" xmlUrl="https://a.example/"/><outline xmlUrl="feed:nothing"/>'
    )
    assert read_opml(data, "a.opml").skipped == ("feed:nothing",)


def test_bare_ampersands_and_html_entities_are_mended() -> None:
    data = document(
        '<outline text="Caf&eacute; &nosuch;" xmlUrl="https://a.example/?a=1&b=2&lt;"/>'
    )
    (feed,) = read_opml(data, "a.opml").feeds
    assert feed.url == "https://a.example/?a=1&b=2<"
    assert feed.name == "café-nosuch"


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "not OPML: no element found in line 1"),
        (b"not xml", "not OPML: syntax error in line 1"),
        (b"<opml><body>", "not OPML: no element found"),
        (b"<rss version='2.0'></rss>", "not OPML: it is a <rss> document"),
        (b"<!DOCTYPE html><html></html>", "not OPML: it is a <html> document"),
        (b"\x89PNG\r\n\x1a\n", "not OPML"),
        (document(""), "no feeds in it"),
        (document('<outline xmlUrl="ftp://a.example/"/>'), "no feed that can be polled"),
        (document("<outline>" * 200), "nested deeper than 100"),
        (b"<!DOCTYPE o [<!ENTITY a 'b'>]><opml/>", "declares entities of its own"),
        (
            b"<!DOCTYPE o [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><opml>&x;</opml>",
            "declares entities of its own",
        ),
    ],
)
def test_what_is_not_a_subscription_list_is_refused_in_one_line(data: bytes, says: str) -> None:
    with pytest.raises(OpmlError) as caught:
        read_opml(data, "a.opml")
    assert says in str(caught.value)
    assert str(caught.value).startswith("a.opml: ")
    assert "\n" not in str(caught.value)


def test_a_list_that_is_too_large_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opml, "MAX_BYTES", 100)
    with pytest.raises(OpmlError, match="larger than 100"):
        read_opml(b"<opml>" + b" " * 100, "a.opml")


def test_too_many_feeds_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opml, "MAX_FEEDS", 2)
    lines = "".join(f'<outline xmlUrl="https://a{n}.example/"/>' for n in range(3))
    with pytest.raises(OpmlError, match="more than 2 feeds"):
        read_opml(document(lines), "a.opml")


def test_mending_takes_time_in_proportion_to_the_file() -> None:
    data = document("<outline text='" + "&" * 500_000 + "'/>")
    before = time.process_time()
    with pytest.raises(OpmlError):
        read_opml(data, "a.opml")
    assert time.process_time() - before < 5


texts = st.text(max_size=30)
outlines = st.lists(
    st.builds(
        Outline,
        url=st.integers(0, 10**6).map(lambda n: f"https://a.example/{n}?a=1&b={n}"),
        name=st.from_regex(r"[a-zé][a-z0-9é.-]{0,20}[a-z]", fullmatch=True),
        title=st.none() | texts,
        site_url=st.none() | texts,
        publisher=st.none() | st.just("The \"A\" & <B> 'C'"),
        language=st.none() | st.sampled_from(["en-GB", "zh-Hans"]),
    ),
    min_size=1,
    unique_by=(lambda outline: outline.url, lambda outline: outline.name),
)


@given(outlines)
def test_what_is_written_is_read_back(given_outlines: list[Outline]) -> None:
    feeds = read_opml(write_opml(given_outlines, now=NOW).encode(), "a.opml").feeds
    assert feeds == tuple(
        FeedSettings(
            url=outline.url,
            name=outline.name,
            publisher=outline.publisher,
            language=outline.language,
        )
        for outline in given_outlines
    )


@given(st.binary(max_size=300))
def test_no_bytes_raise_anything_but_an_opml_error(data: bytes) -> None:
    for given_bytes in (data, b"<opml>" + data):
        try:
            read_opml(given_bytes, "a.opml")
        except OpmlError:
            continue
