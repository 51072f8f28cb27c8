"""Entries and contexts for the tests: everything has a default but what the test is about."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ingest.model import Article, Entry, FeedDocument, Text
from ingest.normalise import Context, identify, normalise

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


def document(*entries: Entry, site_url: str | None = "https://news.example/") -> FeedDocument:
    return FeedDocument("rss20", "fast", site_url=site_url, entries=entries)


def entry(
    content: str | None = None,
    *,
    title: str | None = "The minister resigns after a long night",
    summary: str | None = None,
    is_html: bool = True,
    guid: str | None = "1",
    link: str | None = "https://news.example/2026/03/10/minister",
    authors: tuple[str, ...] = (),
    published_raw: str | None = None,
    updated_raw: str | None = None,
    source_title: str | None = None,
    position: int = 0,
) -> Entry:
    return Entry(
        position,
        guid,
        link,
        Text(title) if title is not None else None,
        Text(summary, is_html) if summary is not None else None,
        Text(content, is_html) if content is not None else None,
        authors,
        published_raw,
        updated_raw,
        source_title=source_title,
    )


def article(one: Entry, context: Context | None = None) -> Article:
    return normalise(identify(document(one))[0], context or Context(now=NOW))


def touchstone() -> str:
    """The real article, which is another publisher's and so not in this repository."""
    folder = os.environ.get("INGEST_CORPORA")
    if not folder:
        pytest.skip("INGEST_CORPORA is not set: touchstone")
    for path in (
        Path(folder) / "touchstone" / "article.txt",
        Path(folder).parent / "touchstone" / "article.txt",
    ):
        if path.is_file():
            return path.read_text("utf-8")
    pytest.skip("the touchstone is not beside INGEST_CORPORA")
