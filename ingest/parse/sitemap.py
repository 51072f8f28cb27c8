"""News sitemaps: https://developers.google.com/search/docs/crawling-indexing/sitemaps/news-sitemap.

Entries without a text: the page has it. A sitemap without `news:` fields is a list of addresses,
which is no feed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lxml import etree

from ingest.config import ParseSettings
from ingest.errors import ParseError
from ingest.model import FeedDocument, Text
from ingest.parse.clean import Prolog, repaired
from ingest.parse.draft import DraftEntry, DraftFeed, DraftLink, DraftMedia
from ingest.parse.finish import finished
from ingest.parse.resolve import absolute


def read(
    prolog: Prolog, *, url: str, encoding: str, faults: tuple[str, ...], settings: ParseSettings
) -> FeedDocument:
    """Read a news sitemap. Raises `ParseError` where it is broken or without news."""
    root = _tree(prolog.rest, recover=False)
    if root is None:
        mended = repaired(prolog.rest, prolog.entities)
        root = _tree(mended.text, recover=True)
        faults += (*mended.faults, "not_well_formed")
    if root is None:
        raise ParseError("a sitemap too broken to be read")
    entries: list[DraftEntry] = []
    languages: set[str] = set()
    for element in root:
        if _name(element) == "url":
            entry = _entry(element, url)
            if entry is not None:
                entries.append(entry)
                languages.add(entry.language or "")
    if not entries:
        raise ParseError("a sitemap without news, not a feed")
    feed = DraftFeed(
        title=entries[0].source_title, language=languages.pop() if len(languages) == 1 else None
    )
    return finished(
        feed,
        entries,
        format="news_sitemap",
        lane="sitemap",
        encoding=encoding,
        faults=faults,
        settings=settings,
        size=len(prolog.rest),
    )


def _tree(text: str, *, recover: bool) -> Any:
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        recover=recover,
    )
    try:
        return etree.fromstring(text.encode("utf-8", "replace"), parser)
    except (etree.XMLSyntaxError, ValueError):
        return None


def _name(element: Any) -> str:
    tag = element.tag
    return tag.rpartition("}")[2].lower() if isinstance(tag, str) else ""


def _fields(element: Any) -> Iterator[tuple[str, str]]:
    for child in element:
        yield _name(child), (child.text or "").strip()


def _entry(element: Any, url: str) -> DraftEntry | None:
    draft = DraftEntry()
    has_news = False
    for child in element:
        name, text = _name(child), (child.text or "").strip()
        if name == "loc":
            address = absolute(url, text)
            if address:
                draft.links.append(DraftLink(address))
                draft.guid = address
        elif name == "lastmod":
            draft.updated = text or None
        elif name == "news":
            has_news = True
            _read_news(child, draft)
        elif name == "image":
            _read_image(child, draft, url)
    return draft if has_news and draft.links else None


def _read_news(element: Any, draft: DraftEntry) -> None:
    for child in element:
        name, text = _name(child), (child.text or "").strip()
        if name == "publication":
            for part, value in _fields(child):
                if part == "name":
                    draft.source_title = value or None
                elif part == "language":
                    draft.language = value or None
        elif name == "title" and text:
            draft.title = Text(text)
        elif name == "publication_date":
            draft.published = text or None
        elif name in ("keywords", "genres", "stock_tickers"):
            draft.categories += [part.strip() for part in text.split(",") if part.strip()]


def _read_image(element: Any, draft: DraftEntry, url: str) -> None:
    media = DraftMedia(role="image", medium="image")
    for name, text in _fields(element):
        if name == "loc":
            media.url = absolute(url, text) or None
        elif name == "title":
            media.title = text or None
        elif name == "caption":
            media.caption = text or None
    draft.media.append(media)
