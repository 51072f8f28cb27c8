"""The walk through one tree: texts, addresses and inline markup as feedparser would have them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from typing import Any

from ingest.model import Text
from ingest.parse.draft import DraftEntry, DraftFeed, DraftLink, make_text
from ingest.parse.fast.known import CP1252, HANDLED, looks_like_html
from ingest.parse.fast.names import (
    ATTRIBUTES,
    XML_BASE,
    XML_LANG,
    Doubt,
    attributes_of,
    name_of,
)
from ingest.parse.resolve import absolute

_XHTML = "application/xhtml+xml"
_TYPES = {
    **dict.fromkeys(("text", "plain", "text/plain"), "text/plain"),
    **dict.fromkeys(("html", "text/html"), "text/html"),
    **dict.fromkeys(("xhtml", _XHTML), _XHTML),
}
_C1 = re.compile("[\x80-\x9f]")


def mended(text: str | None) -> str:
    """Do what feedparser's `pop` does: strip, undo double encoding, map C1 characters."""
    if not text:
        return ""
    text = text.strip()
    return text if text.isascii() else recoded(text, has_c1=True)


def recoded(text: str, *, has_c1: bool) -> str:
    """Undo double encoding and map C1 characters.

    `has_c1` is false where the whole document is known to hold no C1 character, not doubly encoded
    either: looking through every text for one takes longer than reading it.
    """
    try:  # noqa: SIM105 - `suppress` costs a microsecond
        text = text.encode("iso-8859-1").decode("utf-8")
    except UnicodeError:
        pass
    # No C1 character is printable.
    if not has_c1 or text.isprintable() or not _C1.search(text):
        return text
    return text.translate(CP1252)


class Walk:
    """Where we are, what is read so far, and the document's quirks."""

    __slots__ = (
        *("url", "version", "is_atom", "has_bases", "is_recoded", "has_c1", "source"),
        *("names", "entry_actions", "open_link", "feed", "entries"),
    )

    def __init__(
        self,
        url: str,
        version: str,
        source: bytes,
        *,
        has_bases: bool,
        is_recoded: bool,
        has_c1: bool,
    ) -> None:
        self.url = url
        self.version = version
        self.is_atom = version.startswith("atom")
        self.has_bases = has_bases
        self.is_recoded = is_recoded  # some text may have to be; most documents have none
        self.has_c1 = has_c1
        self.source = source  # the whole document, as UTF-8
        self.names: dict[str, str] = {}
        self.entry_actions: dict[str, Any] = {}
        self.open_link: DraftLink | None = None  # a link element that holds media
        self.feed = DraftFeed()
        self.entries: list[DraftEntry] = []

    def name(self, element: Any) -> str:
        """Return `name_of(element)`, remembered by tag."""
        tag = element.tag
        name = self.names.get(tag)
        if name is None:
            name = self.names[tag] = name_of(element)
        return name

    def base(self, element: Any) -> str:
        """Return the base in force at the element, as feedparser tracks it."""
        if not self.has_bases:
            return self.url
        parent = element.getparent()
        base = self.url if parent is None else self.base(parent)
        own = element.get(XML_BASE) or element.get("base")
        from feedparser.urls import make_safe_absolute_uri  # few documents have bases

        return make_safe_absolute_uri(base, own) or base if own else base

    def address(self, element: Any, address: str | None) -> str:
        """Return the address made absolute, or ""."""
        return absolute(self.base(element) if self.has_bases else self.url, address)

    def line(self, element: Any) -> str:
        """Return the text of an element that must hold nothing else."""
        if len(element):
            raise Doubt
        text: str | None = element.text
        if not text:
            return ""
        return self.recoded(text.strip())

    def recoded(self, text: str) -> str:
        """Return a text of this document as feedparser's `pop` would mend it."""
        if not self.is_recoded or text.isascii():
            return text
        return recoded(text, has_c1=self.has_c1)

    def text(self, element: Any, *, is_html: bool) -> Text | None:
        """Return a text construct; `is_html` is what it is unless it says otherwise."""
        if len(element) or element.items():
            return self.typed_text(element, is_html=is_html)
        return self.plain_text(element, is_html=is_html)

    def plain_text(self, element: Any, *, is_html: bool) -> Text | None:
        """Return the text construct of an element without children and attributes."""
        value: str | None = element.text
        if not value or not (value := value.strip()):
            return None
        if self.is_recoded and not (value := self.recoded(value)):
            return None
        if not is_html and not self.is_atom and ("</" in value or "&" in value):
            is_html = looks_like_html(value)
        return make_text(value, is_html)

    def typed_text(self, element: Any, *, is_html: bool) -> Text | None:
        """Return the text construct of an element that may say of which type it is."""
        value, is_html = self._typed(element, is_html=is_html)
        if not value:
            return None
        if not is_html and not self.is_atom and ("</" in value or "&" in value):
            is_html = looks_like_html(value)
        return make_text(value, is_html)

    def _typed(self, element: Any, *, is_html: bool) -> tuple[str, bool]:
        kind = "text/html" if is_html else "text/plain"
        attributes = attributes_of(element)
        said = attributes.get("type")
        if said is not None:
            kind = _TYPES.get(said, "")
            if not kind:
                raise Doubt
        if attributes.get("mode") == "base64":
            raise Doubt
        value = element.text
        if len(element) or kind == _XHTML:
            value, kind = _Inline(self, kind).read(element, is_atom10=self.version == "atom10")
        return self.recoded((value or "").strip()), kind != "text/plain"

    def must_be_idle(self, element: Any) -> None:
        """Raise `Doubt` if anything below the element would mean something to feedparser."""
        for below in element.iterdescendants():
            if self.name(below) in HANDLED:
                raise Doubt

    def must_hold_only(self, element: Any, names: frozenset[str]) -> None:
        """Raise `Doubt` if anything else below the element would mean something."""
        for below in element.iterdescendants():
            name = self.name(below)
            if name in HANDLED and name not in names:
                raise Doubt

    def say_language(self, draft: DraftEntry, element: Any) -> None:
        """The first language that an entry or one of its texts names is the entry's."""
        if draft.language is None:
            language = element.get(XML_LANG) or element.get("lang")
            if language:
                draft.language = language.replace("_", "-")

    def say_base(self, draft: DraftEntry, element: Any) -> None:
        """The last base that an entry or one of its texts names is the entry's."""
        base = self.base(element)
        if base and base != self.url:
            draft.base_url = base


class _Inline:
    """Markup within a text, written out as feedparser writes it.

    `kind` is what the text said it is. Escaped HTML that turns out to hold elements becomes XHTML
    at the first of them that is not a <div>.
    """

    def __init__(self, reader: Walk, kind: str) -> None:
        if b"1999/xlink" in reader.source:
            raise Doubt  # feedparser writes its declaration into the markup
        self.reader = reader
        self.kind = kind
        self.pieces: list[str] = []

    def read(self, element: Any, *, is_atom10: bool) -> tuple[str, str]:
        self.data(element.text)
        for child in element:
            self.element(child)
        pieces = self.pieces
        if is_atom10 and self.kind == _XHTML:
            pieces = _without_wrapper(pieces)
        return "".join(pieces), self.kind

    def data(self, text: str | None) -> None:
        if text:
            self.pieces.append(escape(text, quote=False) if self.kind == _XHTML else text)

    def element(self, element: Any) -> None:
        name = self.reader.name(element)
        local = element.tag.rpartition("}")[2].lower()
        if name in HANDLED or local in ("svg", "math"):
            raise Doubt
        is_div = name in ("div", "xhtml_div")
        if not is_div:
            self.kind = _XHTML
        if self.kind == _XHTML:
            attributes = "".join(
                f' {key}="{_quoted(value)}"' for key, value in _inline_attributes(element)
            )
            self.pieces.append(f"<{local}{attributes}>")
        self.data(element.text)
        for child in element:
            self.element(child)
        if self.kind == _XHTML:
            self.pieces.append(f"</{local}>")
        self.data(element.tail)


def _quoted(value: str) -> str:
    return escape(value, quote=False).replace('"', "&quot;")


def _inline_attributes(element: Any) -> Iterator[tuple[str, str]]:
    for key, value in element.attrib.items():
        name = ATTRIBUTES.get(key, key).lower()
        if name[0] == "{":
            raise Doubt
        yield name, value.lower() if name in ("rel", "type") else value


def _without_wrapper(pieces: list[str]) -> list[str]:
    """Take off the <div> that RFC 4287, section 3.1.1.3 asks for, if it encloses everything."""
    start, end = 0, len(pieces)
    while end - start > 1 and not pieces[end - 1].strip():
        end -= 1
    while end - start > 1 and not pieces[start].strip():
        start += 1
    pieces = pieces[start:end]
    if len(pieces) < 2 or pieces[-1] != "</div>":
        return pieces
    if pieces[0] != "<div>" and not pieces[0].startswith("<div "):
        return pieces
    depth = 0
    for piece in pieces[:-1]:
        if piece.startswith("</"):
            depth -= 1
            if depth == 0:
                return pieces
        elif piece.startswith("<") and not piece.endswith("/>"):
            depth += 1
    return pieces[1:-1]
