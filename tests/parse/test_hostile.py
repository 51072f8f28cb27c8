"""Documents made to hurt: bounded time, bounded results, no other error than ParseError."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.config import ParseSettings
from ingest.errors import ParseError
from ingest.model import FeedDocument
from ingest.parse import parse_feed

HEAD = '<?xml version="1.0"?><rss version="2.0"><channel><title>T</title>'
TAIL = "</channel></rss>"


def _parse(body: bytes | str, **limits: int) -> FeedDocument:
    if isinstance(body, str):
        body = body.encode()
    return parse_feed(
        body, url="https://feeds.example/f", content_type=None, settings=ParseSettings(**limits)
    )


@contextmanager
def _within(seconds: float) -> Iterator[None]:
    """CPU seconds, so that a busy machine fails nothing; generous by a factor of ten or so."""
    start = time.process_time()
    yield
    assert time.process_time() - start < seconds


@pytest.mark.parametrize("is_broken", [False, True])
def test_an_author_that_takes_quadratic_time_elsewhere(is_broken: bool) -> None:
    author = "a@" + "a." * 100_000
    tail = "" if is_broken else TAIL
    with _within(3):
        document = _parse(f"{HEAD}<item><author>{author}</author><guid>1</guid></item><item>{tail}")
    assert len(document.entries[0].authors[0]) <= 20_000


def test_a_five_megabyte_item_is_cut() -> None:
    text = "<p>word &amp; word</p>" * 250_000
    with _within(5):
        document = _parse(f"{HEAD}<item><description><![CDATA[{text}]]></description></item>{TAIL}")
    assert "entry_too_large" in document.faults
    (entry,) = document.entries
    assert entry.summary is not None
    assert len(entry.summary.value.encode()) <= 1_000_000


def test_a_hundred_thousand_items_are_capped_to_the_first() -> None:
    items = "".join(f"<item><guid>{n}</guid></item>" for n in range(100_000))
    with _within(3):
        document = _parse(HEAD + items + TAIL)
    assert "entries_capped" in document.faults
    assert [entry.guid for entry in document.entries] == [str(n) for n in range(2_000)]


def test_the_newest_are_kept_where_the_dates_say_they_come_last() -> None:
    items = "".join(
        f"<item><guid>{n}</guid><pubDate>Mon, 03 Jun 2024 10:{n:02}:00 GMT</pubDate></item>"
        for n in range(30)
    )
    document = _parse(HEAD + items + TAIL, max_entries=10)
    assert [entry.guid for entry in document.entries] == [str(n) for n in range(20, 30)]
    assert [entry.position for entry in document.entries] == list(range(10))


@pytest.mark.parametrize("is_broken", [False, True])
def test_elements_nested_a_hundred_thousand_deep_end_soon(is_broken: bool) -> None:
    deep = "<a>" * 100_000 + ("" if is_broken else "</a>" * 100_000)
    with _within(10), suppress(ParseError):
        _parse(f"{HEAD}<item>{deep}</item>{TAIL}")


def test_well_formed_elements_nested_too_deep_are_refused() -> None:
    with pytest.raises(ParseError, match="too deep"):
        _parse(f"{HEAD}<item>{'<a>' * 1_000}{'</a>' * 1_000}</item>{TAIL}")


def test_json_nested_too_deep_is_refused() -> None:
    with _within(2), pytest.raises(ParseError):
        _parse('{"items":' + "[" * 1_000_000 + "]" * 1_000_000 + "}")


@pytest.mark.parametrize(
    "piece",
    ["<![CDATA[", "<!--", "<?", "&", "<", "<item ", "&#x110000;", "]]>", '<a b="', "<!DOCTYPE ["],
)
def test_a_piece_repeated_thirty_thousand_times_ends_soon(piece: str) -> None:
    with _within(15), suppress(ParseError):
        _parse(HEAD + "<item><title>x</title><description>" + piece * 30_000)


def test_fifty_thousand_attributes_on_one_element_end_soon() -> None:
    flood = " ".join(f'a{n}="x"' for n in range(50_000))
    with _within(10):
        document = _parse(f"{HEAD}<item {flood}><guid>1</guid></item>{TAIL}")
    assert [entry.guid for entry in document.entries] == ["1"]


def test_a_declared_entity_adds_a_bounded_amount() -> None:
    entity = "<!DOCTYPE r [<!ENTITY e '" + "e" * 100 + "'>]>"
    with _within(3):
        document = _parse(
            entity + HEAD + "<item><title>" + "&e;" * 100_000 + "</title></item>" + TAIL
        )
    assert document.entries[0].title is not None
    assert len(document.entries[0].title.value) < 700_000


@given(st.binary(max_size=400))
@settings(max_examples=150, deadline=None)
def test_any_bytes_give_a_document_or_a_parse_error(body: bytes) -> None:
    try:
        document = _parse(body)
    except ParseError:
        return
    assert isinstance(document, FeedDocument)


PIECES = st.sampled_from(
    [
        *("<rss version='2.0'>", "<channel>", "<item>", "</item>", "<title>", "</title>", "<link>"),
        *(
            "</link>",
            "<link/>",
            "<feed xmlns='http://www.w3.org/2005/Atom'>",
            "<entry>",
            "</entry>",
        ),
        *("<content type='xhtml'>", "</content>", "<div>", "</div>", "<![CDATA[", "]]>", "<!--"),
        *(
            "-->",
            "&amp;",
            "&",
            "&#xD800;",
            "&#99999999;",
            "&nbsp;",
            "\x00",
            "\ufffe",
            "\ud7ff",
            "é",
        ),
        *(
            "<media:group>",
            "<media:content url='/a'/>",
            "<source>",
            "</source>",
            "<image>",
            "<url>",
        ),
        *(
            "<author>",
            "</author>",
            "<georss:point>x</georss:point>",
            "<category term='a'/>",
            "text",
        ),
        *("<guid isPermaLink='true'>", "</guid>", "http://x.example/", "<pubDate>", "<a b='", "'>"),
        *("</channel>", "</rss>", "</feed>", "<!DOCTYPE x [", "<!ENTITY a 'b'>", "]>", "<svg>"),
        *("<psc:chapters>", "<psc:chapter start='x'/>", "<width>x</width>", "<content:encoded>"),
        *("xml:base='::'", "<link href='http://[::1'/>", "<?xml version='1.0' encoding='utf-16'?>"),
    ]
)


@given(st.lists(PIECES, max_size=40))
@settings(max_examples=400, deadline=None)
def test_any_heap_of_feed_pieces_gives_a_document_or_a_parse_error(pieces: list[str]) -> None:
    try:
        document = _parse("<rss version='2.0'><channel><item>" + "".join(pieces))
    except ParseError:
        return
    for position, entry in enumerate(document.entries):
        assert entry.position == position
        json.dumps([entry.guid, entry.link], ensure_ascii=False).encode("utf-8")


@pytest.mark.corpora
@pytest.mark.parametrize("name", ["feedparser-suite", "real-feeds", "poll-series", "wire-series"])
def test_no_feed_of_the_corpora_raises_anything_else(name: str) -> None:
    from tests.parse.corpora import corpus

    entries = 0
    for path in corpus(name, every=10):
        with suppress(ParseError):
            entries += len(_parse(path.read_bytes()).entries)
    assert entries > 50
