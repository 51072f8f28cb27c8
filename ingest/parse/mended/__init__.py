"""feedparser's two parsers with their known faults mended.

feedparser reads tags, namespaces, xml:base, inline XHTML and every format's odd spellings; that is
kept. What it does with the values is replaced where it loses or mixes them up: every handler here
puts what it reads into a draft, and says why it does not do what feedparser does.

* media:description and media:title belong to a picture, not to the entry (issue #53);
* an atom:link with rel=related is not the entry's link, nor does it replace RSS <link>;
* an author is kept as written: splitting it with a regular expression takes quadratic time (#562);
* dates stay strings: feedparser's readings of CEST, epochs and year 9999 are never used;
* an id is opaque (RFC 4287, section 4.2.6.1): it is not resolved against a base.
"""

from typing import Any
from xml.sax import SAXException
from xml.sax.saxutils import unescape
from xml.sax.xmlreader import AttributesNSImpl

from feedparser.api import LooseFeedParser, StrictFeedParser

from ingest.parse.mended.core import TooDeep
from ingest.parse.mended.entries import EntryHandlers
from ingest.parse.mended.facts import FactHandlers
from ingest.parse.mended.head import HeadHandlers
from ingest.parse.mended.media import MediaHandlers
from ingest.parse.mended.texts import TextHandlers

__all__ = ["MendedLoose", "MendedStrict", "TooDeep"]


MAX_ATTRIBUTES = 255  # of one element
_QUOTES = {"&quot;": '"', "&apos;": "'"}


class _Handlers(EntryHandlers, TextHandlers, FactHandlers, MediaHandlers, HeadHandlers):
    """All of them."""


class MendedStrict(_Handlers, StrictFeedParser):  # type: ignore[misc]
    """For well-formed XML, driven by expat."""

    is_balanced = True

    def startElementNS(self, name: Any, qname: Any, attrs: Any) -> None:  # noqa: N802
        """Let a flood of attributes be none: looking each up by name takes quadratic time.

        Raises SAXException for white space in a namespace's name: expat's wrapper splits there
        (at U+00A0, say), and hands on what is no pair.
        """
        if len(name) != 2 or any(len(one) != 2 for one in attrs.getNames()):
            raise SAXException("white space in the name of a namespace")
        if len(attrs) > MAX_ATTRIBUTES:
            attrs = AttributesNSImpl({}, {})
        super().startElementNS(name, qname, attrs)


class MendedLoose(_Handlers, LooseFeedParser):  # type: ignore[misc]
    """For everything else, driven by feedparser's SGML reader."""

    is_balanced = False

    def decode_entities(self, element: str, data: str) -> str:
        """Decode lines of text too: feedparser does it for text constructs only."""
        data = super().decode_entities(element, data)
        return data if self.contentparams else unescape(data, _QUOTES)
