"""What all handlers share: where we are in the document, and the drafts they fill."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from ingest.model import Text
from ingest.parse.draft import DraftEntry, DraftFeed, DraftLink, DraftMedia
from ingest.parse.resolve import absolute

MAX_DEPTH = 400  # elements within elements; inline XHTML rarely passes 30


class TooDeep(Exception):
    """Elements are nested deeper than any feed needs."""


Attributes = dict[str, str]


class Core:
    """State and helpers. feedparser's own names are declared, as it has no types."""

    is_balanced: bool  # every start tag has its end tag: strict XML
    inentry: int
    insource: int
    inimage: int
    intextinput: int
    inauthor: int
    incontributor: int
    inpublisher: int
    incontent: int
    svgOK: int  # noqa: N815 - feedparser's name
    depth: int
    title_depth: int
    guidislink: bool
    lang: str | None
    baseuri: str
    basestack: list[str]
    langstack: list[str | None]
    version: str
    feeddata: dict[str, Any]
    entries: list[dict[str, Any]]
    elementstack: list[list[Any]]
    contentparams: dict[str, Any]
    push: Any
    pop: Any
    push_content: Any
    map_content_type: Any
    handle_data: Any
    _cdf_common: Any
    _enforce_href: Any
    _get_attribute: Any
    _HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.feed_draft = DraftFeed()
        self.drafts: list[DraftEntry] = []
        self.open_entry = False  # the last item has not ended
        self._group: DraftMedia | None = None  # the open media:group
        self._item: DraftMedia | None = None  # the open media:content
        self._person: dict[str, str] = {}
        self._open_link: DraftLink | None = None  # the open link element, if it has an address
        self._link_rel: tuple[str, str | None] = ("alternate", None)
        self._popped = Text("")
        self._nesting = 0
        self._document_base = args[0] if args else ""
        self.resolve_relative_uris = False
        self.sanitize_html = False
        super().__init__(*args, **kwargs)

    @property
    def _entry(self) -> DraftEntry | None:
        return self.drafts[-1] if self.inentry and not self.insource and self.drafts else None

    @property
    def _is_head(self) -> bool:
        return not (self.inentry or self.insource or self.inimage or self.intextinput)

    def unknown_starttag(self, tag: str, attrs: Any) -> None:
        """Bound the depth; let an element whose handler fails be one that says nothing."""
        if self.is_balanced:
            if self._nesting > MAX_DEPTH:
                raise TooDeep
            self.depth = self._nesting
            self._nesting += 1
        with suppress(ValueError, LookupError, TypeError, OverflowError):
            super().unknown_starttag(tag, attrs)  # type: ignore[misc]

    def unknown_endtag(self, tag: str) -> None:
        """See `unknown_starttag`.

        Depth, base and language are put right afterwards: feedparser forgets to take back those of
        a <div> in a text that it takes for escaped HTML.
        """
        with suppress(ValueError, LookupError, TypeError, OverflowError):
            super().unknown_endtag(tag)  # type: ignore[misc]
        if self.is_balanced:
            self._nesting -= 1
            self.depth = self._nesting
            if len(self.basestack) > self._nesting:
                del self.basestack[self._nesting :], self.langstack[self._nesting :]
                if self._nesting:
                    self.baseuri, self.lang = self.basestack[-1], self.langstack[-1]

    def handle_charref(self, ref: str) -> None:
        """Survive references to what is no character (issue #599)."""
        try:
            super().handle_charref(ref)  # type: ignore[misc]
        except (ValueError, OverflowError, UnicodeEncodeError):
            self.handle_data("\ufffd")

    def pop_content(self, tag: str) -> str | None:
        """End a text construct and remember whether it was HTML."""
        value: str | None = self.pop(tag)
        kind = self.map_content_type(self.contentparams.get("type") or "text/html")
        self._popped = Text(value or "", kind in self._HTML_TYPES)
        self.incontent = max(0, self.incontent - 1)
        self.contentparams.clear()
        return value

    def _take(self) -> Text | None:
        """Return the text construct that has just ended, or None where it was empty."""
        return self._popped if self._popped.value else None

    def _absolute(self, address: str | None) -> str:
        return absolute(self.baseuri, address)

    def _say_language(self, attrs: Attributes) -> None:
        lang = attrs.get("xml:lang") or attrs.get("lang")
        entry = self._entry
        if lang and entry is not None and entry.language is None:
            entry.language = lang.replace("_", "-")

    def _say_base(self) -> None:
        entry = self._entry
        if entry is not None and self.baseuri and self.baseuri != self._document_base:
            entry.base_url = self.baseuri
