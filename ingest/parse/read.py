"""`parse_feed`: from bytes to a document, by the reader that fits."""

from __future__ import annotations

from dataclasses import dataclass

from ingest.config import ParseSettings
from ingest.errors import ParseError
from ingest.model import FeedDocument
from ingest.model.collecting import collector_paused
from ingest.parse import by_feedparser, fast, jsonfeed, sitemap
from ingest.parse.clean import Prolog, trimmed, unmangled, without_prolog
from ingest.parse.decode import decode
from ingest.parse.sniff import Kind, kind_of


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document ready for a reader."""

    prolog: Prolog
    kind: Kind
    encoding: str
    faults: tuple[str, ...]


def parse_feed(
    body: bytes, *, url: str, content_type: str | None, settings: ParseSettings
) -> FeedDocument:
    """Read a feed of any format.

    `url` is where the body came from, after redirects: relative links are resolved against it
    where the document names no base. `content_type` is the header as received. Raises
    `ParseError` (NOT_A_FEED, or BLOCKED for a challenge page) where there is no feed in the bytes,
    and nothing else.
    """
    ready = prepared(body, content_type=content_type, settings=settings)
    with collector_paused():
        for read in _READERS[ready.kind]:
            document = read(
                ready.prolog,
                url=url,
                encoding=ready.encoding,
                faults=ready.faults,
                settings=settings,
            )
            if document is not None:
                return document
    raise ParseError("no feed was found")


def prepared(body: bytes, *, content_type: str | None, settings: ParseSettings) -> Prepared:
    """Do what comes before every reader: decode, look, cut off the prolog and too many items.

    Faults: those of `decode`, `text_before_start`, `html_mangled`, `entries_capped`.
    """
    if not body:
        raise ParseError("empty: no bytes")
    decoded = decode(body, content_type)
    faults = decoded.faults
    prolog = without_prolog(decoded.text)
    kind = kind_of(prolog.rest)
    if kind is not Kind.JSON:
        if prolog.has_junk:
            faults += ("text_before_start",)
        rest = unmangled(prolog.rest)
        if rest != prolog.rest:
            faults += ("html_mangled",)
        rest, is_trimmed = trimmed(rest, settings.max_entries)
        if is_trimmed:
            faults += ("entries_capped",)
        prolog = prolog.with_rest(rest)
    return Prepared(prolog, kind, decoded.encoding, faults)


_READERS = {
    Kind.XML: (fast.read, by_feedparser.read),
    Kind.JSON: (jsonfeed.read,),
    Kind.SITEMAP: (sitemap.read,),
}
