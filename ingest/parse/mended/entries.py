"""Where an entry begins and ends, who it is, where it points and where it comes from."""

from __future__ import annotations

from feedparser.util import FeedParserDict

from ingest.parse.draft import DraftEntry, DraftLink
from ingest.parse.mended.core import Attributes, Core
from ingest.parse.resolve import unescaped


class EntryHandlers(Core):
    """Handlers for items, ids, links and sources."""

    # entries

    def _start_item(self, attrs: Attributes) -> None:
        self.insource = 0
        self.inauthor = 0
        self._group = self._item = self._open_link = None
        if self.drafts:
            # the entries feedparser has gathered are not used
            self.entries[-1].clear()
        draft = DraftEntry()
        self.drafts.append(draft)
        self.open_entry = True
        self.entries.append(FeedParserDict())
        self.push("item", 0)
        self.inentry = 1
        self.guidislink = False
        self.title_depth = -1
        draft.about = self._get_attribute(attrs, "rdf:about")
        self._say_language(attrs)
        self._say_base()
        self._cdf_common(attrs)

    _start_entry = _start_item

    def _end_item(self) -> None:
        self.pop("item")
        self.inentry = 0
        self.open_entry = False

    _end_entry = _end_item

    def _start_guid(self, attrs: Attributes) -> None:
        said = attrs.get("ispermalink")
        self.guidislink = said == "true" or said is None
        entry = self._entry
        if entry is not None and said is not None:
            entry.guid_is_link = said.strip().lower() == "true"
        self.push("x_guid", 1)

    _start_id = _start_guid

    def _end_guid(self) -> None:
        value = self.pop("x_guid")
        entry = self._entry
        if entry is not None and value and self.depth < entry.guid_depth:
            entry.guid, entry.guid_depth = value, self.depth

    _end_id = _end_guid

    # links

    def _start_link(self, attrs: Attributes) -> None:
        attrs = self._enforce_href(dict(attrs))
        rel = (attrs.get("rel") or "alternate").strip().lower()
        rel = rel.removeprefix("http://www.iana.org/assignments/relation/")
        kind = attrs.get("type")
        if "href" not in attrs:
            self._link_rel = (rel, kind)
            self.push("x_link", 1)
            return
        href = self._absolute(attrs["href"])
        if href:
            title, length = attrs.get("title"), attrs.get("length")
            self._open_link = DraftLink(href, rel, kind, title=title, length=length)
            self._add_link(self._open_link)

    def _end_link(self) -> None:
        self._open_link = None
        if not self.elementstack or self.elementstack[-1][0] != "x_link":
            return
        href = self._absolute(unescaped(self.pop("x_link") or ""))
        rel, kind = self._link_rel
        if href:
            self._add_link(DraftLink(href, rel, kind, is_text=rel == "alternate"))

    def _add_link(self, link: DraftLink) -> None:
        entry = self._entry
        if self.inimage or self.intextinput or self.inauthor:
            return
        if entry is not None:
            entry.links.append(link)
        elif self.insource and self.drafts:
            if link.rel == "alternate":
                self.drafts[-1].source_url = self.drafts[-1].source_url or link.href
        elif not self.inentry:
            self.feed_draft.links.append(link)

    def _start_enclosure(self, attrs: Attributes) -> None:
        attrs = self._enforce_href(dict(attrs))
        href = self._absolute(attrs.get("href"))
        if href:
            kind, length = attrs.get("type"), attrs.get("length")
            self._add_link(DraftLink(href, "enclosure", kind, length=length))

    def _start_comments(self, _attrs: Attributes) -> None:
        self.push("x_comments", 1)

    def _end_comments(self) -> None:
        value = self._absolute(self.pop("x_comments"))
        if value and self._entry is not None:
            self._entry.comments = value

    def _start_feedburner_origlink(self, _attrs: Attributes) -> None:
        self.push("x_origlink", 1)

    def _end_feedburner_origlink(self) -> None:
        value = self._absolute(self.pop("x_origlink"))
        if value and self._entry is not None:
            self._entry.original_link = value

    # where an entry comes from

    def _start_source(self, attrs: Attributes) -> None:
        entry = self._entry
        if entry is not None and attrs.get("url"):
            entry.source_url = self._absolute(attrs["url"])
        self.push("source", 1)
        self.insource = 1
        self.title_depth = -1

    def _end_source(self) -> None:
        value = self.pop("source")
        self.insource = 0
        if value and self._entry is not None:
            self._entry.source_title = self._entry.source_title or value
