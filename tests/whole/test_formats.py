"""Every format that feeds come in, from bytes to articles."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from ingest.harvest import harvest
from ingest.jobs import HarvestJob

FEEDS = Path(__file__).parent.parent / "parse" / "feeds"
NOW = datetime(2026, 3, 3, tzinfo=UTC)
FORMATS = {
    "rss090.xml": "rss090",
    "rss091_netscape.xml": "rss091n",
    "rss091u.xml": "rss091u",
    "rss092.xml": "rss092",
    "rss093.xml": "rss093",
    "rss094.xml": "rss094",
    "rdf.xml": "rss10",
    "cdf.xml": "cdf",
    "atom10.xml": "atom10",
    "jsonfeed10.json": "json10",
    "jsonfeed11.json": "json11",
    "news_sitemap.xml": "news_sitemap",
}


@pytest.mark.parametrize(("name", "format"), FORMATS.items())
def test_a_feed_of_every_format_becomes_articles(name: str, format: str) -> None:
    job = HarvestJob(url="https://feeds.example/news/feed", now=NOW)
    read = harvest((FEEDS / name).read_bytes(), job)
    assert read.document.format == format
    made = read.entries[0].article
    assert made is not None
    assert made.headline
    assert made.url is not None
    assert made.url.startswith("https://")
    assert made.keys
