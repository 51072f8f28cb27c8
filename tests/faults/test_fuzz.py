"""Damaged feeds through all the pure stages: ParseError or valid articles, and nothing else."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ingest.errors import ParseError
from ingest.harvest import harvest
from ingest.jobs import HarvestJob
from ingest.model import Article, EntryOutcome, Harvest
from tests.fault_catalogue import DOCUMENTS
from tests.faultserver import HEALTHY
from tests.parse.corpora import corpus

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
JOB = HarvestJob(url="https://feeds.example/f", now=NOW, publisher="Example")
ATOM = """<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="de" xml:base="https://a.example/b/">
<title type="html">Das &amp;amp; Dies</title><link href="./"/><id>urn:x</id>
<updated>2026-03-01T10:00:00+01:00</updated>
<entry><id>urn:1</id><title>Die Schleusen wurden geöffnet</title><link href="1?utm_source=x"/>
<published>2026-03-01T09:00:00Z</published><author><name>Änne Ö. und Bo</name></author>
<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>Am Morgen &#8212; früh.</p>
<figure><img src="a.jpg" alt="x"/><figcaption>Foto: dpa</figcaption></figure></div></content>
</entry>
</feed>""".encode()
RSS = b"""<rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/"
 xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel><title>T</title><link>https://t.example/</link><ttl>60</ttl>
<item><guid isPermaLink="false">9</guid><link>https://t.example/9</link><title>One &amp; two</title>
<pubDate>Sun, 01 Mar 2026 08:00:00 EST</pubDate><dc:creator>By Ann Lee, Reuters</dc:creator>
<content:encoded><![CDATA[<p>KYIV, Oct 25 (Reuters) - The <b>mill</b> burnt.</p>
<p>Read more: x</p>]]>
</content:encoded><media:content url="https://t.example/i.jpg" width="9">
<media:credit>AP</media:credit></media:content><category>News</category></item></channel></rss>"""
JSON = json.dumps(
    {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "J",
        "items": [{"id": 1, "url": "https://j.example/1", "content_html": "<p>Hello \u2028 you"}],
    }
).encode()
SEEDS = (HEALTHY, ATOM, RSS, JSON)
SPLINTERS = (
    b"\x00",
    b"\xff\xfe",
    b"\xed\xa0\x80",  # a surrogate
    b"\xef\xbf\xbf",
    "\u202e".encode(),
    b"&#xD800;",
    b"&#0;",
    b"&#1114112;",
    b"&undefined;",
    b"]]>",
    b"<![CDATA[",
    b"<!--",
    b"<item>",
    b"</item>",
    b"9999-12-31T23:59:60+99:99",
    b"Mon, 00 Foo 0000 25:61:61 ZZZ",
    b"http://[::1",
    b"//",
    b"javascript:x",
    b"<p><b>",
    b"<svg/onload=x>",
    b'{"version":',
    b"xml:base='::'",
    "\ud7ff\u0301".encode() * 50,
    b"1e999",
    b"-1",
)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A good feed, cut, spliced and sprinkled with what breaks readers."""
    body = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(body)))
        end = min(len(body), start + draw(st.sampled_from((0, 0, 1, 8, 60))))
        piece = draw(
            st.one_of(
                st.sampled_from(SPLINTERS),
                st.binary(max_size=6),
                st.text(max_size=6).map(lambda text: text.encode("utf-8", "surrogatepass")),
            )
        )
        body = body[:start] + piece + body[end:]
    return body


def assert_valid(harvested: Harvest) -> None:
    """Every entry has one outcome, and every article holds what a database can store."""
    keys = [(entry.entry_key, entry.entry_hash) for entry in harvested.entries]
    assert all(-(2**63) <= number < 2**63 for pair in keys for number in pair)
    for entry in harvested.entries:
        if entry.article is None:
            assert entry.outcome in (EntryOutcome.INVALID, EntryOutcome.FILTERED)
            assert entry.reason
        else:
            assert_storable(entry.article)
            assert entry.fingerprint is not None


def assert_storable(article: Article) -> None:
    assert article.headline.strip()
    for text in (article.headline, article.url, article.summary, article.body_text, article.byline):
        if text is not None:
            text.encode("utf-8")  # no lone surrogates
            assert "\x00" not in text
    assert "<script" not in (article.body_html or "").lower()
    for at in (article.published_at, article.modified_at):
        if at is not None:
            assert at.utcoffset() == timedelta(0)
            assert at <= NOW + timedelta(days=2)


def _check(body: bytes) -> int:
    try:
        harvested = harvest(body, JOB)
    except ParseError:
        return 0
    assert_valid(harvested)
    return len(harvested.entries)


@given(damaged())
@example(HEALTHY)
@example(ATOM)
@example(RSS)
@example(JSON)
@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_damaged_feed_gives_valid_articles_or_a_parse_error(body: bytes) -> None:
    _check(body)


@pytest.mark.slow
@given(damaged())
@settings(max_examples=20_000, deadline=None, suppress_health_check=list(HealthCheck))
def test_twenty_thousand_damaged_feeds(body: bytes) -> None:
    _check(body)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_feed_cut_anywhere_gives_valid_articles_or_a_parse_error(seed: bytes) -> None:
    for end in range(0, len(seed), 23):
        _check(seed[:end])


@pytest.mark.parametrize("name", sorted(DOCUMENTS.keys() - {"many-items", "huge-item"}))
def test_a_hostile_document_gives_valid_articles_or_a_parse_error(name: str) -> None:
    _check(DOCUMENTS[name]())


@pytest.mark.slow
@pytest.mark.corpora
@pytest.mark.parametrize("name", ["feedparser-suite", "real-feeds"])
def test_damaged_feeds_of_the_corpora(name: str) -> None:
    entries = 0
    for number, path in enumerate(corpus(name, every=5)):
        body = path.read_bytes()[:60_000]
        entries += _check(body)
        splinter = SPLINTERS[number % len(SPLINTERS)]
        at = number * 7_919 % max(1, len(body))
        _check(body[:at] + splinter + body[at + number % 40 :])
    assert entries > 50
