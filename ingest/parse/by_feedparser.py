"""The parser of record: feedparser's readers, mended, over text that has been made safe for them.

Three attempts: as strict XML; as strict XML after small repairs; with feedparser's tolerant reader.
"""

from __future__ import annotations

import io
import xml.sax
import xml.sax.handler
import xml.sax.xmlreader

from ingest.config import ParseSettings
from ingest.errors import ParseError
from ingest.model import FeedDocument
from ingest.parse.clean import Prolog, repaired
from ingest.parse.finish import finished
from ingest.parse.mended import MendedLoose, MendedStrict, TooDeep

_MAX_LOOSE = 3_000_000  # characters read tolerantly, which is slow; the rest is left out


def read(
    prolog: Prolog, *, url: str, encoding: str, faults: tuple[str, ...], settings: ParseSettings
) -> FeedDocument:
    """Read an XML feed of any format, however broken.

    Raises `ParseError` where the elements are nested too deep or no feed is found. Faults beside
    those of `repaired`: `not_well_formed` (read tolerantly), `truncated` (the end is missing; an
    entry that was cut off is left out).
    """
    parser: MendedStrict | MendedLoose | None = None
    text = prolog.rest
    try:
        if not prolog.entities:
            parser = _strictly(text, url)
        if parser is None:
            mended = repaired(text, prolog.entities)
            faults += mended.faults
            text = mended.text
            parser = _strictly(text, url)
        if parser is None:
            faults += ("not_well_formed",)
            parser = _loosely(text, url)
    except TooDeep:
        raise ParseError("elements are nested too deep for a feed") from None
    if "not_well_formed" in faults and parser.open_entry and _is_cut_off(text):
        faults += ("truncated",)
        parser.drafts.pop()
    version = "rss091n" if "netscape" in prolog.doctype.lower() else parser.version
    if not parser.feed_draft.language:
        parser.feed_draft.language = parser.feeddata.get("language")
    return finished(
        parser.feed_draft,
        parser.drafts,
        format=version or _named_by_root(text),
        lane="feedparser",
        encoding=encoding,
        faults=faults,
        settings=settings,
        size=len(text),
    )


def _strictly(text: str, url: str) -> MendedStrict | None:
    handler = MendedStrict(url, None, "utf-8")
    reader = xml.sax.make_parser(["xml.sax.expatreader"])
    reader.setFeature(xml.sax.handler.feature_namespaces, True)
    reader.setFeature(xml.sax.handler.feature_external_ges, False)
    reader.setContentHandler(handler)
    reader.setErrorHandler(handler)
    source = xml.sax.xmlreader.InputSource()
    source.setByteStream(io.BytesIO(text.encode("utf-8", "replace")))
    source.setEncoding("utf-8")
    try:
        reader.parse(source)
    except xml.sax.SAXException:
        return None
    return handler


def _loosely(text: str, url: str) -> MendedLoose:
    handler = MendedLoose(url, None, "utf-8", {})
    handler.feed(text[:_MAX_LOOSE])
    return handler


def _is_cut_off(text: str) -> bool:
    tail = text[-2_000:].lower()
    return not any(
        end in tail for end in ("</rss", "</feed", "</rdf:rdf", "</channel", "</rdf", "</atom:feed")
    )


def _named_by_root(text: str) -> str:
    head = text[:8].lower()
    return "cdf" if head == "<channel" else "rdf" if head == "<rdf:rdf" else ""
