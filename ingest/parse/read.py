"""`parse_feed`: from bytes to a document, by the reader that fits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ingest.config import ParseSettings
from ingest.errors import ParseError
from ingest.model import FeedDocument
from ingest.model.collecting import collector_paused
from ingest.parse import fast
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
    with collector_paused():
        quick = fast.read_utf8(body, url=url, content_type=content_type, settings=settings)
        if quick is not None:
            return quick
        ready = prepared(body, content_type=content_type, settings=settings)
        for read in _readers_of(ready.kind):
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


def _readers_of(kind: Kind) -> Iterator[Callable[..., FeedDocument | None]]:
    """Who reads such a document, in their order; each is loaded when its turn comes.

    Most documents are read by the fast lane, and what feedparser imports costs a worker as much as
    reading twenty of them.
    """
    if kind is Kind.XML:
        yield fast.read
        from ingest.parse import by_feedparser

        yield by_feedparser.read
    elif kind is Kind.JSON:
        from ingest.parse import jsonfeed

        yield jsonfeed.read
    else:
        from ingest.parse import sitemap

        yield sitemap.read
