"""What all fuzzing shares: seeds, what breaks readers, and what must hold of what comes out.

Bytes go through all the pure stages. `found/` holds the cases that once broke something: each is a
test of its own, and a seed.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ingest.errors import ParseError
from ingest.harvest import harvest
from ingest.jobs import HarvestJob
from ingest.model import Article, EntryOutcome, Harvest
from tests.faultserver import HEALTHY

FOUND = Path(__file__).with_name("found")
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


def check(body: bytes) -> int:
    """Read `body`; how many entries came out. Fails where anything but ParseError is raised."""
    try:
        harvested = harvest(body, JOB)
    except ParseError:
        return 0
    assert_valid(harvested)
    return len(harvested.entries)
