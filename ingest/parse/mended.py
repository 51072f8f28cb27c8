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

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from feedparser.api import LooseFeedParser, StrictFeedParser

from ingest.model import Text
from ingest.parse.draft import DraftEntry, DraftFeed, DraftLink, DraftMedia

MAX_DEPTH = 400  # elements within elements; inline XHTML rarely passes 30


class TooDeep(Exception):
    """Elements are nested deeper than any feed needs."""


Attributes = dict[str, str]

if TYPE_CHECKING:
    _Base = Any
else:
    _Base = object


class _Drafting(_Base):
    """Handlers for both of feedparser's parsers. Names are dictated by feedparser."""

    _HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.feed_draft = DraftFeed()
        self.drafts: list[DraftEntry] = []
        self.open_entry = False  # the last item has not ended
        self._media: list[DraftMedia] = []
        self._person: dict[str, str] = {}
        self._link_rel: tuple[str, str | None] = ("alternate", None)
        self._popped = Text("")
        self._document_base = args[0] if args else ""
        self.resolve_relative_uris = False
        self.sanitize_html = False
        super().__init__(*args, **kwargs)

    # where we are

    @property
    def _entry(self) -> DraftEntry | None:
        return self.drafts[-1] if self.inentry and not self.insource and self.drafts else None

    @property
    def _is_head(self) -> bool:
        return not (self.inentry or self.insource or self.inimage or self.intextinput)

    def unknown_starttag(self, tag: str, attrs: Any) -> None:
        if self.depth > MAX_DEPTH:
            raise TooDeep
        super().unknown_starttag(tag, attrs)

    def handle_charref(self, ref: str) -> None:
        try:
            super().handle_charref(ref)
        except (ValueError, OverflowError, UnicodeEncodeError):  # issue #599
            self.handle_data("\ufffd")

    def pop_content(self, tag: str) -> str | None:
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
        address = "".join((address or "").split("\n")).strip()
        return str(self.resolve_uri(address)) if address else ""

    def _say_language(self, attrs: Attributes) -> None:
        lang = attrs.get("xml:lang") or attrs.get("lang")
        entry = self._entry
        if lang and entry is not None and entry.language is None:
            entry.language = lang.replace("_", "-")

    def _say_base(self) -> None:
        entry = self._entry
        if entry is not None and self.baseuri and self.baseuri != self._document_base:
            entry.base_url = self.baseuri

    # entries

    def _start_item(self, attrs: Attributes) -> None:
        self.insource = 0
        self.inauthor = 0
        self._media.clear()
        if self.drafts:
            # the entries feedparser has gathered are not used
            self.entries[-1].clear()
        draft = DraftEntry()
        self.drafts.append(draft)
        self.open_entry = True
        super()._start_item({})
        draft.about = self._get_attribute(attrs, "rdf:about")
        self._say_language(attrs)
        self._say_base()
        self._cdf_common(attrs)

    _start_entry = _start_item

    def _end_item(self) -> None:
        super()._end_item()
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
        if entry is not None and value:
            entry.guid = entry.guid or value

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
            self._add_link(
                DraftLink(href, rel, kind, title=attrs.get("title"), length=attrs.get("length"))
            )

    def _end_link(self) -> None:
        if not self.elementstack or self.elementstack[-1][0] != "x_link":
            return
        href = self._absolute(self.pop("x_link"))
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

    def _start_comments(self, attrs: Attributes) -> None:
        self.push("x_comments", 1)

    def _end_comments(self) -> None:
        value = self._absolute(self.pop("x_comments"))
        if value and self._entry is not None:
            self._entry.comments = value

    def _start_feedburner_origlink(self, attrs: Attributes) -> None:
        self.push("x_origlink", 1)

    def _end_feedburner_origlink(self) -> None:
        value = self._absolute(self.pop("x_origlink"))
        if value and self._entry is not None:
            self._entry.original_link = value

    # titles and texts

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
        if self._entry is not None:
            self._entry.itunes_summary = self._entry.itunes_summary or self._take()

    def _start_itunes_subtitle(self, attrs: Attributes) -> None:
        self.push_content("x_summary", attrs, "text/plain", 1)

    def _end_itunes_subtitle(self) -> None:
        self.pop_content("x_summary")
        if self._entry is not None:
            self._entry.itunes_subtitle = self._entry.itunes_subtitle or self._take()

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

    # people

    def _start_author(self, attrs: Attributes) -> None:
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

    def _start_managingeditor(self, attrs: Attributes) -> None:
        self.push("x_editor", 1)

    def _end_managingeditor(self) -> None:
        self.pop("x_editor")

    def _start_contributor(self, attrs: Attributes) -> None:
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

    def _start_name(self, attrs: Attributes) -> None:
        self.push("x_name", 1)

    _start_itunes_name = _start_name

    def _end_name(self) -> None:
        value = self.pop("x_name")
        if value and self.inauthor and not self.incontributor:
            self._person.setdefault("name", value)

    _end_itunes_name = _end_name

    def _start_email(self, attrs: Attributes) -> None:
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
            self._entry.published = self._entry.published or value
        elif self._is_head:
            self.feed_draft.published = self.feed_draft.published or value

    _end_issued = _end_pubdate = _end_dcterms_issued = _end_published

    def _end_updated(self) -> None:
        value = self.pop("updated")
        if not value:
            return
        if self._entry is not None:
            self._entry.updated = self._entry.updated or value
        elif self._is_head:
            self.feed_draft.updated = self.feed_draft.updated or value

    _end_modified = _end_lastbuilddate = _end_dcterms_modified = _end_updated

    def _start_dc_date(self, attrs: Attributes) -> None:
        self.push("x_date", 1)

    _start_date = _start_dc_date

    def _end_dc_date(self) -> None:
        value = self.pop("x_date")
        if not value:
            return
        if self._entry is not None:
            self._entry.dc_date = self._entry.dc_date or value
        elif self._is_head:
            self.feed_draft.updated = self.feed_draft.updated or value

    _end_date = _end_dc_date

    def _end_created(self) -> None:
        value = self.pop("created")
        if value and self._entry is not None:
            self._entry.created = self._entry.created or value

    _end_dcterms_created = _end_created

    def _end_expirationdate(self) -> None:
        self.pop("expired")

    def _start_dcterms_valid(self, attrs: Attributes) -> None:
        self.push("validity", 1)

    def _end_dcterms_valid(self) -> None:
        self.pop("validity")

    # categories

    def _add_tag(self, term: str | None, scheme: str | None, label: str | None) -> None:
        entry = self._entry
        name = " ".join((label or term or "").split())
        if name and entry is not None:
            entry.categories.append(name)

    def _end_category(self) -> None:
        value = self.pop("category")
        if value:
            self._add_tag(value, None, None)

    _end_keywords = _end_dc_subject = _end_media_category = _end_itunes_category = _end_category

    def _start_itunes_keywords(self, attrs: Attributes) -> None:
        self.push("itunes_keywords", 1)

    def _end_itunes_keywords(self) -> None:
        for term in (self.pop("itunes_keywords") or "").split(","):
            self._add_tag(term, None, None)

    def _start_media_keywords(self, attrs: Attributes) -> None:
        self.push("media_keywords", 1)

    def _end_media_keywords(self) -> None:
        for term in (self.pop("media_keywords") or "").split(","):
            self._add_tag(term, None, None)

    # pictures, sound and film

    def _about(self) -> DraftMedia | None:
        """Return what a media:title here speaks of: the item, its group, or the whole entry."""
        if self._media:
            return self._media[-1]
        return self._entry.about_media if self._entry is not None else None

    def _start_media_group(self, attrs: Attributes) -> None:
        self._media = [DraftMedia(parent=self._entry.about_media if self._entry else None)]

    def _end_media_group(self) -> None:
        self._media.clear()

    def _start_media_content(self, attrs: Attributes) -> None:
        entry = self._entry
        if entry is None:
            return
        group = self._media[0] if self._media and not self._media[0].url else None
        item = DraftMedia(
            url=self._absolute(attrs.get("url")) or None,
            type=attrs.get("type"),
            medium=attrs.get("medium"),
            width=attrs.get("width"),
            height=attrs.get("height"),
            length=attrs.get("filesize"),
            duration=attrs.get("duration"),
            parent=group or entry.about_media,
        )
        entry.media.append(item)
        self._media = [group, item] if group else [item]

    def _end_media_content(self) -> None:
        if self._media:
            self._media.pop()

    def _start_media_thumbnail(self, attrs: Attributes) -> None:
        self.push("x_thumbnail", 1)
        self._add_picture(attrs, "thumbnail")

    def _end_media_thumbnail(self) -> None:
        url = self._absolute(self.pop("x_thumbnail"))
        if url:
            self._add_picture({"url": url}, "thumbnail")

    def _start_media_player(self, attrs: Attributes) -> None:
        self.push("x_player", 0)
        self._add_picture(attrs, "player")

    def _end_media_player(self) -> None:
        self.pop("x_player")

    def _add_picture(self, attrs: Attributes, role: str) -> None:
        url = self._absolute(attrs.get("url") or attrs.get("href"))
        entry = self._entry
        if url and entry is not None:
            parent = self._media[-1] if self._media else entry.about_media
            entry.media.append(
                DraftMedia(
                    url=url,
                    role=role,
                    width=attrs.get("width"),
                    height=attrs.get("height"),
                    parent=parent,
                )
            )

    def _start_media_title(self, attrs: Attributes) -> None:
        self.push_content("x_media_title", attrs, "text/plain", 1)

    def _end_media_title(self) -> None:
        value = self.pop_content("x_media_title")
        about = self._about()
        if value and about is not None:
            about.title = about.title or value

    def _start_media_description(self, attrs: Attributes) -> None:
        self.push_content("x_media_caption", attrs, "text/plain", 1)

    def _end_media_description(self) -> None:
        value = self.pop_content("x_media_caption")
        about = self._about()
        if value and about is not None:
            about.caption = about.caption or value

    def _start_media_credit(self, attrs: Attributes) -> None:
        self.push("x_credit", 1)

    def _end_media_credit(self) -> None:
        value = self.pop("x_credit")
        about = self._about()
        if value and about is not None:
            about.credits.append(value)

    def _start_image(self, attrs: Attributes) -> None:
        # RSS <image> of the channel; some feeds put one into every item, with or without <url>
        self.inimage = 1
        self.title_depth = -1
        self.push("x_image", 1)
        if self._entry is not None:
            self._add_picture(attrs, "image")
        elif self._get_attribute(attrs, "rdf:resource") and not self.feed_draft.image_url:
            self.feed_draft.image_url = self._absolute(self._get_attribute(attrs, "rdf:resource"))

    def _end_image(self) -> None:
        value = self.pop("x_image")
        self.inimage = 0
        if value and value.startswith(("http://", "https://")) and self._entry is not None:
            self._add_picture({"url": value}, "image")

    def _start_url(self, attrs: Attributes) -> None:
        self.push("x_url", 1)

    _start_homepage = _start_uri = _start_url

    def _end_url(self) -> None:
        value = self._absolute(self.pop("x_url"))
        if not value or self.inauthor or not self.inimage:
            return
        if self._entry is not None:
            self._add_picture({"url": value}, "image")
        elif not self.feed_draft.image_url:
            self.feed_draft.image_url = value

    _end_homepage = _end_uri = _end_url

    def _start_logo(self, attrs: Attributes) -> None:
        self.push("x_logo", 1)

    def _end_logo(self) -> None:
        value = self._absolute(self.pop("x_logo"))
        if value and self._is_head and not self.feed_draft.image_url:
            self.feed_draft.image_url = value

    def _start_itunes_image(self, attrs: Attributes) -> None:
        self.push("x_itunes_image", 0)
        url = self._absolute(attrs.get("href") or attrs.get("url"))
        if not url:
            return
        if self._entry is not None:
            self._add_picture({"url": url}, "image")
        elif self._is_head and not self.feed_draft.image_url:
            self.feed_draft.image_url = url

    _start_itunes_link = _start_itunes_image

    def _end_itunes_image(self) -> None:
        self.pop("x_itunes_image")

    _end_itunes_link = _end_itunes_image

    def _start_itunes_duration(self, attrs: Attributes) -> None:
        self.push("x_duration", 1)

    def _end_itunes_duration(self) -> None:
        value = self.pop("x_duration")
        if value and self._entry is not None:
            self._entry.duration = value

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

    # the head

    def _end_language(self) -> None:
        value = self.pop("language")
        if not value:
            return
        self.lang = value
        if self._entry is not None:
            self._entry.language = value.replace("_", "-")
        elif self._is_head:
            self.feed_draft.language = value.replace("_", "-")

    _end_dc_language = _end_language

    def _end_generator(self) -> None:
        value = self.pop("generator")
        if value and self._is_head:
            self.feed_draft.generator = self.feed_draft.generator or value

    def _start_ttl(self, attrs: Attributes) -> None:
        self.push("x_ttl", 1)

    def _end_ttl(self) -> None:
        value = self.pop("x_ttl")
        if self._is_head and value:
            self.feed_draft.ttl = value

    def _start_sy_updateperiod(self, attrs: Attributes) -> None:
        self.push("x_period", 1)

    def _end_sy_updateperiod(self) -> None:
        value = self.pop("x_period")
        if self._is_head and value:
            self.feed_draft.update_period = value

    def _start_sy_updatefrequency(self, attrs: Attributes) -> None:
        self.push("x_frequency", 1)

    def _end_sy_updatefrequency(self) -> None:
        value = self.pop("x_frequency")
        if self._is_head and value:
            self.feed_draft.update_frequency = value

    def _start_hour(self, attrs: Attributes) -> None:
        self.push("x_hour", 1)

    def _end_hour(self) -> None:
        value = self.pop("x_hour")
        if self._is_head and value:
            self.feed_draft.skip_hours.append(value)

    def _start_day(self, attrs: Attributes) -> None:
        self.push("x_day", 1)

    def _end_day(self) -> None:
        value = self.pop("x_day")
        if self._is_head and value:
            self.feed_draft.skip_days.append(value)


class MendedStrict(_Drafting, StrictFeedParser):  # type: ignore[misc]
    """For well-formed XML, driven by expat."""


class MendedLoose(_Drafting, LooseFeedParser):  # type: ignore[misc]
    """For everything else, driven by feedparser's SGML reader."""
