"""Titles, summaries and contents."""

from __future__ import annotations

from ingest.parse.mended.core import Attributes, Core


class TextHandlers(Core):
    """Handlers for what is read by people."""

    def _end_title(self) -> None:
        if self.svgOK:
            return
        value = self.pop_content("title")
        text = self._take()
        if not value or text is None:
            return
        entry = self._entry
        if entry is not None and not self.inimage:
            if self.depth < entry.title_depth:
                entry.title, entry.title_depth = text, self.depth
        elif self.insource and self.drafts:
            self.drafts[-1].source_title = value
        elif self._is_head and self.depth < self.feed_draft.title_depth:
            self.feed_draft.title, self.feed_draft.title_depth = value, self.depth

    def _start_dc_title(self, attrs: Attributes) -> None:
        self.push_content("x_title", attrs, "text/plain", 1)

    _start_itunes_title = _start_dc_title

    def _end_dc_title(self) -> None:
        value = self.pop_content("x_title")
        entry = self._entry
        if entry is not None:
            entry.other_title = entry.other_title or self._take()
        elif self._is_head and not self.feed_draft.title:
            self.feed_draft.title = value

    _end_itunes_title = _end_dc_title

    def _start_description(self, attrs: Attributes) -> None:
        self._say_language(attrs)
        self._say_base()
        self.push_content("description", attrs, "text/html", 1)

    def _start_abstract(self, attrs: Attributes) -> None:
        self.push_content("description", attrs, "text/plain", 1)

    def _end_description(self) -> None:
        self.pop_content("description")
        self._add_description()

    _end_abstract = _end_description

    def _start_summary(self, attrs: Attributes) -> None:
        self._say_language(attrs)
        self._say_base()
        self.push_content("summary", attrs, "text/plain", 1)

    def _end_summary(self) -> None:
        self.pop_content("summary")
        self._add_description()

    def _add_description(self) -> None:
        text, entry = self._take(), self._entry
        if text is None:
            return
        if entry is not None and not self.inimage:
            if self.depth < entry.description_depth:
                entry.description, entry.description_depth = text, self.depth
        elif self._is_head:
            self.feed_draft.description = self.feed_draft.description or text.value

    def _start_dc_description(self, attrs: Attributes) -> None:
        self.push_content("x_summary", attrs, "text/html", 1)

    def _end_dc_description(self) -> None:
        self.pop_content("x_summary")
        text, entry = self._take(), self._entry
        if entry is not None:
            entry.other_summary = entry.other_summary or text
        elif self._is_head and text is not None:
            self.feed_draft.description = self.feed_draft.description or text.value

    def _start_itunes_summary(self, attrs: Attributes) -> None:
        self.push_content("x_summary", attrs, "text/plain", 1)

    def _end_itunes_summary(self) -> None:
        self.pop_content("x_summary")
        text = self._take()
        if self._entry is not None:
            self._entry.itunes_summary = self._entry.itunes_summary or text
        elif self._is_head and text is not None:
            self.feed_draft.itunes_description = self.feed_draft.itunes_description or text.value

    def _start_itunes_subtitle(self, attrs: Attributes) -> None:
        self.push_content("x_summary", attrs, "text/plain", 1)

    def _end_itunes_subtitle(self) -> None:
        self.pop_content("x_summary")
        text = self._take()
        if self._entry is not None:
            self._entry.itunes_subtitle = self._entry.itunes_subtitle or text
        elif self._is_head and text is not None:
            self.feed_draft.itunes_description = self.feed_draft.itunes_description or text.value

    def _end_subtitle(self) -> None:
        value = self.pop_content("subtitle")
        if self._is_head and value:
            self.feed_draft.description = value

    _end_tagline = _end_subtitle

    def _start_content(self, attrs: Attributes) -> None:
        self._say_language(attrs)
        self._say_base()
        self.push_content("content", attrs, "text/plain", 1)

    def _start_content_encoded(self, attrs: Attributes) -> None:
        self._say_language(attrs)
        self._say_base()
        self.push_content("content", attrs, "text/html", 1)

    _start_fullitem = _start_content_encoded

    def _end_content(self) -> None:
        kind = self.map_content_type(self.contentparams.get("type") or "text/html")
        self.pop_content("content")
        text, entry = self._take(), self._entry
        is_text = kind.startswith("text/") or kind.endswith(("+xml", "/xml"))
        if entry is not None and text is not None and is_text:
            entry.contents.append(text)

    _end_body = _end_xhtml_body = _end_content_encoded = _end_fullitem = _end_content

    def _end_rights(self) -> None:
        value = self.pop_content("rights")
        if not value:
            return
        if self._entry is not None:
            self._entry.rights = self._entry.rights or value
        elif self._is_head:
            self.feed_draft.rights = self.feed_draft.rights or value

    _end_copyright = _end_dc_rights = _end_rights
