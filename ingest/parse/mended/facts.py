"""People, dates and categories."""

from __future__ import annotations

from ingest.parse.mended.core import Attributes, Core


class FactHandlers(Core):
    """Handlers for what is said about an entry in a line."""

    # people

    def _start_author(self, _attrs: Attributes) -> None:
        self.inauthor = 1
        self._person = {}
        self.push("x_author", 1)

    _start_dc_creator = _start_dc_author = _start_itunes_author = _start_author

    def _end_author(self) -> None:
        value = self.pop("x_author")
        self.inauthor = 0
        name = self._person.get("name") or value or self._person.get("email")
        self._person = {}
        if name and self._entry is not None:
            self._entry.authors.append(name)

    _end_dc_creator = _end_dc_author = _end_itunes_author = _end_author

    def _start_managingeditor(self, _attrs: Attributes) -> None:
        self.push("x_editor", 1)

    def _end_managingeditor(self) -> None:
        self.pop("x_editor")

    def _start_contributor(self, _attrs: Attributes) -> None:
        self.incontributor = 1
        self.push("x_contributor", 0)

    _start_dc_contributor = _start_contributor

    def _end_contributor(self) -> None:
        self.pop("x_contributor")
        self.incontributor = 0

    _end_dc_contributor = _end_contributor

    def _end_itunes_owner(self) -> None:
        self.pop("publisher")
        self.inpublisher = 0

    def _end_webmaster(self) -> None:
        self.pop("publisher")

    _end_dc_publisher = _end_webmaster

    def _start_name(self, _attrs: Attributes) -> None:
        self.push("x_name", 1)

    _start_itunes_name = _start_name

    def _end_name(self) -> None:
        value = self.pop("x_name")
        if value and self.inauthor and not self.incontributor:
            self._person.setdefault("name", value)

    _end_itunes_name = _end_name

    def _start_email(self, _attrs: Attributes) -> None:
        self.push("x_email", 1)

    _start_itunes_email = _start_email

    def _end_email(self) -> None:
        value = self.pop("x_email")
        if value and self.inauthor and not self.incontributor:
            self._person.setdefault("email", value)

    _end_itunes_email = _end_email

    # dates

    def _end_published(self) -> None:
        value = self.pop("published")
        if not value:
            return
        if self._entry is not None:
            self._entry.published = value
        elif self._is_head:
            self.feed_draft.published = self.feed_draft.published or value

    _end_issued = _end_pubdate = _end_dcterms_issued = _end_published

    def _end_updated(self) -> None:
        value = self.pop("updated")
        if not value:
            return
        if self._entry is not None:
            self._entry.updated = value
        elif self._is_head:
            self.feed_draft.updated = self.feed_draft.updated or value

    _end_modified = _end_lastbuilddate = _end_dcterms_modified = _end_updated

    def _start_dc_date(self, _attrs: Attributes) -> None:
        self.push("x_date", 1)

    _start_date = _start_dc_date

    def _end_dc_date(self) -> None:
        value = self.pop("x_date")
        if not value:
            return
        if self._entry is not None:
            self._entry.dc_date = value
        elif self._is_head:
            self.feed_draft.updated = self.feed_draft.updated or value

    _end_date = _end_dc_date

    def _end_created(self) -> None:
        value = self.pop("created")
        if value and self._entry is not None:
            self._entry.created = value

    _end_dcterms_created = _end_created

    def _end_expirationdate(self) -> None:
        self.pop("expired")

    def _start_dcterms_valid(self, _attrs: Attributes) -> None:
        self.push("validity", 1)

    def _end_dcterms_valid(self) -> None:
        self.pop("validity")

    # categories

    def _add_tag(self, term: str | None, _scheme: str | None, label: str | None) -> None:
        entry = self._entry
        name = " ".join((label or term or "").split())
        if name and entry is not None:
            entry.categories.append(name)

    def _end_category(self) -> None:
        value = self.pop("category")
        if value:
            self._add_tag(value, None, None)

    _end_keywords = _end_dc_subject = _end_media_category = _end_itunes_category = _end_category

    def _start_itunes_keywords(self, _attrs: Attributes) -> None:
        self.push("itunes_keywords", 1)

    def _end_itunes_keywords(self) -> None:
        for term in (self.pop("itunes_keywords") or "").split(","):
            self._add_tag(term, None, None)

    def _start_media_keywords(self, _attrs: Attributes) -> None:
        self.push("media_keywords", 1)

    def _end_media_keywords(self) -> None:
        for term in (self.pop("media_keywords") or "").split(","):
            self._add_tag(term, None, None)
