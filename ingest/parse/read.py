"""`parse_feed`: from bytes to a document, by the reader that fits."""

from __future__ import annotations

from ingest.config import ParseSettings
from ingest.errors import ParseError
from ingest.model import FeedDocument
from ingest.parse import by_feedparser, fast, jsonfeed, sitemap
from ingest.parse.clean import trimmed, without_prolog
from ingest.parse.decode import decode
from ingest.parse.sniff import Kind, kind_of


def parse_feed(
    body: bytes, *, url: str, content_type: str | None, settings: ParseSettings
) -> FeedDocument:
    """Read a feed of any format.

    `url` is where the body came from, after redirects: relative links are resolved against it
    where the document names no base. Raises `ParseError` (NOT_A_FEED, or BLOCKED for a challenge
    page) where there is no feed in the bytes, and nothing else.
    """
    if not body:
        raise ParseError("empty: no bytes")
    decoded = decode(body, content_type)
    faults = decoded.faults
    prolog = without_prolog(decoded.text)
    kind = kind_of(prolog.rest)
    if kind is Kind.JSON:
        return jsonfeed.read(
            prolog.rest, url=url, encoding=decoded.encoding, faults=faults, settings=settings
        )
    if prolog.has_junk:
        faults += ("text_before_start",)
    rest, is_trimmed = trimmed(prolog.rest, settings.max_entries)
    if is_trimmed:
        faults += ("entries_capped",)
    prolog = prolog.with_rest(rest)
    for reader in (sitemap.read,) if kind is Kind.SITEMAP else (fast.read, by_feedparser.read):
        document = reader(
            prolog, url=url, encoding=decoded.encoding, faults=faults, settings=settings
        )
        if document is not None:
            return document
    raise ParseError("no feed was found")
