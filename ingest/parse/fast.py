"""The fast lane: well-formed XML feeds of the common shapes, read from an lxml tree.

It gives what the mended feedparser gives, or nothing: whatever is out of the ordinary (an element
where it does not belong, markup inside a text, an attribute of a foreign namespace) raises `Doubt`
and the document goes to feedparser. `tests/parse/test_lanes_agree.py` holds it to that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from xml.sax.saxutils import escape

from feedparser.html import _cp1252
from feedparser.mixin import _FeedParserMixin
from feedparser.urls import make_safe_absolute_uri
from lxml import etree

from ingest.config import ParseSettings
from ingest.model import FeedDocument, Text
from ingest.parse.clean import Prolog, repaired
from ingest.parse.draft import DraftEntry, DraftFeed, DraftLink, DraftMedia
from ingest.parse.finish import finished
from ingest.parse.mended import MendedStrict
from ingest.parse.resolve import absolute


class Doubt(Exception):
    """Feedparser shall read this document."""


_NAMESPACES: dict[str, str] = {
    uri.lower(): prefix for uri, prefix in _FeedParserMixin.namespaces.items()
}
_HANDLED = frozenset(
    name.removeprefix("_start_").removeprefix("_end_")
    for name in dir(MendedStrict)
    if name.startswith(("_start_", "_end_"))
)
_XML = "{http://www.w3.org/XML/1998/namespace}"
_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_ATTRIBUTES = {
    f"{_XML}lang": "xml:lang",
    f"{_XML}base": "xml:base",
    f"{_XML}space": "xml:space",
    f"{_RDF}about": "rdf:about",
    f"{_RDF}resource": "rdf:resource",
    f"{_RDF}parseType": "rdf:parsetype",
}
_MEANINGFUL = frozenset(
    {"href", "url", "uri", "rel", "type", "length", "title", "term", "label", "text", "mode"}
    | {"ispermalink", "medium", "width", "height", "filesize", "duration", "lang", "base"}
)
_C1 = re.compile("[\x80-\x9f]")
_RSS_VERSIONS = {"0.91": "rss091u", "0.92": "rss092", "0.93": "rss093", "0.94": "rss094"}
_ATOM_VERSIONS = {"0.1": "atom01", "0.2": "atom02", "0.3": "atom03"}
_XHTML = "application/xhtml+xml"
_TYPES = {
    **dict.fromkeys(("text", "plain", "text/plain"), "text/plain"),
    **dict.fromkeys(("html", "text/html"), "text/html"),
    **dict.fromkeys(("xhtml", _XHTML), _XHTML),
}


def read(
    prolog: Prolog, *, url: str, encoding: str, faults: tuple[str, ...], settings: ParseSettings
) -> FeedDocument | None:
    """Read the document, or return None where there is any doubt."""
    text = prolog.rest
    root = None if prolog.entities else _tree(text)
    if root is None:
        mended = repaired(text, prolog.entities)
        if mended.text == text:
            return None
        text = mended.text
        faults += mended.faults
        root = _tree(text)
        if root is None:
            return None
    reader = _Reader(
        url, has_bases="base=" in text or "base =" in text, has_xlink="1999/xlink" in text
    )
    try:
        version = reader.read_root(root)
    except Doubt:
        return None
    return finished(
        reader.feed,
        reader.entries,
        format="rss091n" if "netscape" in prolog.doctype.lower() else version,
        lane="fast",
        encoding=encoding,
        faults=faults,
        settings=settings,
    )


def _tree(text: str) -> Any:
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        return etree.fromstring(text.encode("utf-8"), parser)
    except (etree.XMLSyntaxError, ValueError):
        return None


def _mended(text: str | None) -> str:
    """What feedparser's `pop` does to a text: strip, undo double encoding, map C1 characters."""
    if not text:
        return ""
    text = text.strip()
    if text.isascii():
        return text
    with suppress(UnicodeError):
        text = text.encode("iso-8859-1").decode("utf-8")
    return text.translate(_cp1252) if _C1.search(text) else text


def _attributes(element: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in element.attrib.items():
        name = _ATTRIBUTES.get(key)
        if name is None:
            if key[0] == "{":
                uri, _, local = key[1:].rpartition("}")
                if local.lower() in _MEANINGFUL and not _NAMESPACES.get(uri.lower()):
                    raise Doubt  # feedparser ignores the namespace
                continue
            name = key.lower()
            if name == "rel" or name == "type":
                value = value.lower()
        found[name] = value
    return found


def _href(attributes: dict[str, str]) -> str | None:
    for name in ("url", "uri", "href"):
        if name in attributes:
            return attributes[name] or None
    return None


def _declared_version(namespaces: dict[str | None, str]) -> str:
    """Return what feedparser takes the first telling namespace declaration for."""
    for prefix, uri in namespaces.items():
        known = uri.lower()
        if prefix is None and known == "http://my.netscape.com/rdf/simple/0.9/":
            return "rss090"
        if known == "http://purl.org/rss/1.0/":
            return "rss10"
        if known == "http://www.w3.org/2005/atom":
            return "atom10"
    return ""


class _Reader:
    """One walk through one tree."""

    def __init__(self, url: str, *, has_bases: bool, has_xlink: bool) -> None:
        self.url = url
        self.has_xlink = has_xlink
        self.has_bases = has_bases
        self.is_atom = False
        self.version = ""
        self.feed = DraftFeed()
        self.entries: list[DraftEntry] = []
        self.names: dict[str, str] = {}
        self.open_link: DraftLink | None = None  # a link element that holds media

    # names, bases, texts

    def name(self, element: Any) -> str:
        """Return feedparser's name of the element: its prefix for the namespace, and "_"."""
        tag = element.tag
        name = self.names.get(tag)
        if name is None:
            if not isinstance(tag, str):
                raise Doubt
            uri, _, local = tag.rpartition("}")
            uri = uri[1:].lower()
            if "backend.userland.com/rss" in uri:
                uri = ""
            prefix = _NAMESPACES.get(uri, element.prefix or "") if uri else ""
            name = f"{prefix}_{local}".lower() if prefix else local.lower()
            self.names[tag] = name
        return name

    def base(self, element: Any) -> str:
        """Return the base in force at the element, as feedparser tracks it."""
        if not self.has_bases:
            return self.url
        parent = element.getparent()
        base = self.url if parent is None else self.base(parent)
        attributes = element.attrib
        if attributes:
            own = attributes.get(f"{_XML}base") or attributes.get("base")
            if own:
                return make_safe_absolute_uri(base, own) or base
        return base

    def address(self, element: Any, address: str | None) -> str:
        return absolute(self.base(element) if self.has_bases else self.url, address)

    def line(self, element: Any) -> str:
        """Return the text of an element that must hold nothing else."""
        if len(element):
            raise Doubt
        return _mended(element.text)

    def text(self, element: Any, *, is_html: bool) -> Text | None:
        """Return a text construct; `is_html` is what it is unless it says otherwise."""
        kind = "text/html" if is_html else "text/plain"
        if element.attrib:
            attributes = _attributes(element)
            said = attributes.get("type")
            if said is not None:
                kind = _TYPES.get(said, "")
                if not kind:
                    raise Doubt
            if attributes.get("mode") == "base64":
                raise Doubt
        if len(element) or kind == _XHTML:
            inline = _Inline(self, kind)
            value, kind = inline.read(element, is_atom10=self.version == "atom10")
        else:
            value = element.text or ""
        value = _mended(value)
        is_html = kind != "text/plain"
        if not value:
            return None
        if not is_html and not self.is_atom and ("</" in value or "&" in value):
            is_html = bool(_FeedParserMixin.looks_like_html(value))
        return Text(value, is_html)

    def must_be_idle(self, element: Any) -> None:
        """Raise `Doubt` if anything below the element would mean something to feedparser."""
        for below in element.iterdescendants():
            if self.name(below) in _HANDLED:
                raise Doubt

    def must_hold_only(self, element: Any, names: frozenset[str]) -> None:
        for below in element.iterdescendants():
            name = self.name(below)
            if name in _HANDLED and name not in names:
                raise Doubt

    # the tree

    def read_root(self, root: Any) -> str:
        """Read everything; return the format's name."""
        name = self.name(root)
        version = _declared_version(root.nsmap)
        if name == "rss":
            said = root.get("version") or ""
            if not version.startswith("rss"):
                version = _RSS_VERSIONS.get(said) or ("rss20" if said.startswith("2.") else "rss")
        elif name == "feed":
            version = version or _ATOM_VERSIONS.get(root.get("version") or "", "atom")
            self.is_atom = version.startswith("atom")
        elif name == "rdf_rdf":
            if not version:
                raise Doubt
        else:
            raise Doubt
        self.version = version
        language = root.get(f"{_XML}lang") or root.get("lang")
        if name != "rdf_rdf" and language:
            self.feed.language = language.replace("_", "-")
        if name == "feed":
            self.read_head(root)
        else:
            for element in root:
                if self.name(element) == "channel":
                    if element.get("href") or element.get("lastmod"):
                        raise Doubt
                    self.read_head(element)
                else:
                    self.read_head_element(element)
        return version

    def read_head(self, parent: Any) -> None:
        for element in parent:
            self.read_head_element(element)

    def read_head_element(self, element: Any) -> None:
        name = self.name(element)
        if name == "item" or name == "entry":
            self.read_entry(element)
            return
        reader = _HEAD.get(name)
        if reader is not None:
            reader(self, element)
        elif name in _IDLE_IN_HEAD:
            if len(element) and name != "info":  # inline markup, which is not read
                is_input = name == "textinput"
                self.must_hold_only(element, _IN_TEXT_INPUT if is_input else _IDLE_BELOW)
        elif name in _HANDLED:
            raise Doubt
        elif len(element):
            self.must_be_idle(element)

    def read_entry(self, element: Any) -> None:
        draft = DraftEntry()
        self.entries.append(draft)
        if element.attrib:
            attributes = _attributes(element)
            if "href" in attributes or "lastmod" in attributes:
                raise Doubt
            draft.about = attributes.get("rdf:about") or None
            self.say_language(draft, element)
        self.say_base(draft, element)
        for child in element:
            name = self.name(child)
            reader = _ENTRY.get(name)
            if reader is not None:
                reader(self, draft, child)
            elif name in _IDLE:
                if len(child):
                    self.must_hold_only(child, _IDLE_BELOW)
            elif name in _HANDLED:
                raise Doubt
            elif len(child):
                self.must_be_idle(child)

    def say_language(self, draft: DraftEntry, element: Any) -> None:
        if draft.language is None and element.attrib:
            language = element.get(f"{_XML}lang") or element.get("lang")
            if language:
                draft.language = language.replace("_", "-")

    def say_base(self, draft: DraftEntry, element: Any) -> None:
        if self.has_bases:
            base = self.base(element)
            if base and base != self.url:
                draft.base_url = base

    # the head's elements

    def head_title(self, element: Any) -> None:
        text = self.text(element, is_html=False)
        if text and self.feed.title_depth:
            self.feed.title, self.feed.title_depth = text.value, 0

    def head_other_title(self, element: Any) -> None:
        text = self.text(element, is_html=False)
        if text and not self.feed.title:
            self.feed.title = text.value

    def head_link(self, element: Any) -> None:
        link = self.link(element)
        if len(element):
            raise Doubt
        if link is not None:
            self.feed.links.append(link)

    def head_description(self, element: Any) -> None:
        text = self.text(element, is_html=True)
        if text and not self.feed.description:
            self.feed.description = text.value

    def head_subtitle(self, element: Any) -> None:
        text = self.text(element, is_html=False)
        if text:
            self.feed.description = text.value

    def head_language(self, element: Any) -> None:
        value = self.line(element)
        if value:
            self.feed.language = value.replace("_", "-")

    def head_generator(self, element: Any) -> None:
        self.feed.generator = self.feed.generator or self.line(element) or None

    def head_rights(self, element: Any) -> None:
        text = self.text(element, is_html=False)
        if text:
            self.feed.rights = self.feed.rights or text.value

    def head_published(self, element: Any) -> None:
        self.feed.published = self.feed.published or self.line(element) or None

    def head_updated(self, element: Any) -> None:
        self.feed.updated = self.feed.updated or self.line(element) or None

    def head_image(self, element: Any) -> None:
        attributes = _attributes(element)
        resource = attributes.get("rdf:resource")
        if resource and not self.feed.image_url:
            self.feed.image_url = self.address(element, resource)
        for child in element:
            name = self.name(child)
            if name == "url":
                value = self.address(child, self.line(child))
                if value and not self.feed.image_url:
                    self.feed.image_url = value
            elif name not in _IN_IMAGE or len(child):
                raise Doubt

    def head_itunes_image(self, element: Any) -> None:
        if len(element):
            raise Doubt
        url = self.address(element, element.get("href") or element.get("url"))
        if url and not self.feed.image_url:
            self.feed.image_url = url

    def head_logo(self, element: Any) -> None:
        url = self.address(element, self.line(element))
        if url and not self.feed.image_url:
            self.feed.image_url = url

    def head_ttl(self, element: Any) -> None:
        self.feed.ttl = self.line(element) or self.feed.ttl

    def head_period(self, element: Any) -> None:
        self.feed.update_period = self.line(element) or self.feed.update_period

    def head_frequency(self, element: Any) -> None:
        self.feed.update_frequency = self.line(element) or self.feed.update_frequency

    def head_skips(self, element: Any) -> None:
        for child in element:
            name, value = self.name(child), self.line(child)
            if name == "hour":
                if value:
                    self.feed.skip_hours.append(value)
            elif name == "day":
                if value:
                    self.feed.skip_days.append(value)
            else:
                raise Doubt

    # an entry's elements

    def link(self, element: Any) -> DraftLink | None:
        attributes = _attributes(element) if element.attrib else {}
        rel = (attributes.get("rel") or "alternate").strip().lower()
        rel = rel.removeprefix("http://www.iana.org/assignments/relation/")
        kind = attributes.get("type")
        given = _href(attributes)
        if given is None and not {"url", "uri", "href"}.isdisjoint(attributes):
            raise Doubt
        if given is not None:
            href = self.address(element, given)
            title, length = attributes.get("title"), attributes.get("length")
            return DraftLink(href, rel, kind, title=title, length=length) if href else None
        href = self.address(element, self.line(element))
        return DraftLink(href, rel, kind, is_text=rel == "alternate") if href else None

    def entry_link(self, draft: DraftEntry, element: Any) -> None:
        link = self.link(element)
        if link is not None:
            draft.links.append(link)
        if len(element):
            self.open_link = link
            self.media_children(draft, element, draft.about_media)
            self.open_link = None

    def entry_enclosure(self, draft: DraftEntry, element: Any) -> None:
        if len(element):
            raise Doubt
        attributes = _attributes(element)
        href = self.address(element, _href(attributes))
        if href:
            kind, length = attributes.get("type"), attributes.get("length")
            draft.links.append(DraftLink(href, "enclosure", kind, length=length))

    def entry_guid(self, draft: DraftEntry, element: Any) -> None:
        if element.attrib:
            said = _attributes(element).get("ispermalink")
            if said is not None:
                draft.guid_is_link = said.strip().lower() == "true"
        draft.guid = draft.guid or self.line(element) or None

    def entry_comments(self, draft: DraftEntry, element: Any) -> None:
        draft.comments = self.address(element, self.line(element)) or draft.comments

    def entry_original_link(self, draft: DraftEntry, element: Any) -> None:
        draft.original_link = self.address(element, self.line(element)) or draft.original_link

    def entry_title(self, draft: DraftEntry, element: Any) -> None:
        draft.title = draft.title or self.text(element, is_html=False)

    def entry_other_title(self, draft: DraftEntry, element: Any) -> None:
        draft.other_title = draft.other_title or self.text(element, is_html=False)

    def entry_description(self, draft: DraftEntry, element: Any) -> None:
        self.say_language(draft, element)
        self.say_base(draft, element)
        draft.description = draft.description or self.text(element, is_html=True)

    def entry_summary(self, draft: DraftEntry, element: Any) -> None:
        self.say_language(draft, element)
        self.say_base(draft, element)
        draft.description = draft.description or self.text(element, is_html=False)

    def entry_other_summary(self, draft: DraftEntry, element: Any) -> None:
        draft.other_summary = draft.other_summary or self.text(element, is_html=True)

    def entry_itunes_summary(self, draft: DraftEntry, element: Any) -> None:
        draft.itunes_summary = draft.itunes_summary or self.text(element, is_html=False)

    def entry_itunes_subtitle(self, draft: DraftEntry, element: Any) -> None:
        draft.itunes_subtitle = draft.itunes_subtitle or self.text(element, is_html=False)

    def entry_content(self, draft: DraftEntry, element: Any) -> None:
        self.add_content(draft, element, is_html=False)

    def entry_encoded(self, draft: DraftEntry, element: Any) -> None:
        self.add_content(draft, element, is_html=True)

    def add_content(self, draft: DraftEntry, element: Any, *, is_html: bool) -> None:
        self.say_language(draft, element)
        self.say_base(draft, element)
        text = self.text(element, is_html=is_html)
        if text is not None:
            draft.contents.append(text)

    def entry_author(self, draft: DraftEntry, element: Any) -> None:
        value = element.text or ""
        person: dict[str, str] = {}
        for child in element:
            name, text = self.name(child), self.line(child)
            if name in ("name", "email"):
                if text:
                    person.setdefault(name, text)
            elif name not in _IN_PERSON and name in _HANDLED:
                raise Doubt
            value += child.tail or ""
        who = person.get("name") or _mended(value) or person.get("email")
        if who:
            draft.authors.append(who)

    def entry_published(self, draft: DraftEntry, element: Any) -> None:
        draft.published = draft.published or self.line(element) or None

    def entry_updated(self, draft: DraftEntry, element: Any) -> None:
        draft.updated = draft.updated or self.line(element) or None

    def entry_dc_date(self, draft: DraftEntry, element: Any) -> None:
        draft.dc_date = draft.dc_date or self.line(element) or None

    def entry_created(self, draft: DraftEntry, element: Any) -> None:
        draft.created = draft.created or self.line(element) or None

    def entry_category(self, draft: DraftEntry, element: Any) -> None:
        if element.attrib:
            attributes = _attributes(element)
            self.add_category(draft, attributes.get("label") or attributes.get("term"))
        self.add_category(draft, self.line(element))

    def entry_itunes_category(self, draft: DraftEntry, element: Any) -> None:
        self.add_category(draft, element.get("text"))
        self.add_category(draft, self.line(element))

    def entry_keywords(self, draft: DraftEntry, element: Any) -> None:
        for term in self.line(element).split(","):
            self.add_category(draft, term)

    def add_category(self, draft: DraftEntry, name: str | None) -> None:
        name = " ".join((name or "").split())
        if name:
            draft.categories.append(name)

    def entry_language(self, draft: DraftEntry, element: Any) -> None:
        value = self.line(element)
        if value:
            draft.language = value.replace("_", "-")

    def entry_rights(self, draft: DraftEntry, element: Any) -> None:
        text = self.text(element, is_html=False)
        if text:
            draft.rights = draft.rights or text.value

    def entry_duration(self, draft: DraftEntry, element: Any) -> None:
        draft.duration = self.line(element) or draft.duration

    def entry_source(self, draft: DraftEntry, element: Any) -> None:
        url = _attributes(element).get("url") if element.attrib else None
        if url:
            draft.source_url = self.address(element, url)
        value = element.text or ""
        for child in element:
            name = self.name(child)
            if name == "title":
                text = self.text(child, is_html=False)
                if text:
                    draft.source_title = text.value
            elif name == "link":
                link = None if len(child) else self.link(child)
                if link is not None and link.rel == "alternate":
                    draft.source_url = draft.source_url or link.href
            elif name not in _IN_SOURCE:
                raise Doubt
            elif len(child):
                self.must_hold_only(child, _IN_PERSON)
            value += child.tail or ""
        draft.source_title = draft.source_title or _mended(value) or None

    # pictures

    def entry_image(self, draft: DraftEntry, element: Any) -> None:
        self.add_picture(draft, element, _attributes(element), "image", draft.about_media)
        value = element.text or ""
        for child in element:
            name = self.name(child)
            if name == "url":
                attributes = {"url": self.line(child)}
                self.add_picture(draft, child, attributes, "image", draft.about_media)
            elif name not in _IN_IMAGE or len(child):
                raise Doubt
            value += child.tail or ""
        value = _mended(value)
        if value.startswith(("http://", "https://")):
            self.add_picture(draft, element, {"url": value}, "image", draft.about_media)

    def entry_itunes_image(self, draft: DraftEntry, element: Any) -> None:
        if len(element):
            raise Doubt
        url = element.get("href") or element.get("url")
        self.add_picture(draft, element, {"url": url or ""}, "image", draft.about_media)

    def entry_media_group(self, draft: DraftEntry, element: Any) -> None:
        self.media_children(draft, element, DraftMedia(parent=draft.about_media))

    def entry_media(self, draft: DraftEntry, element: Any) -> None:
        self.media_element(draft, element, draft.about_media)

    def media_children(self, draft: DraftEntry, parent: Any, about: DraftMedia) -> None:
        for child in parent:
            name = self.name(child)
            if name in _MEDIA:
                if name == "media_content" and self.name(parent) == "media_content":
                    raise Doubt
                self.media_element(draft, child, about)
            elif name == "media_category":
                self.entry_category(draft, child)
            elif name == "media_keywords":
                self.entry_keywords(draft, child)
            elif name in _HANDLED and name not in _IDLE:
                raise Doubt
            elif len(child):
                self.must_be_idle(child)

    def media_element(self, draft: DraftEntry, element: Any, about: DraftMedia) -> None:
        name = self.name(element)
        if name == "media_content":
            attributes = _attributes(element)
            item = DraftMedia(
                url=self.address(element, attributes.get("url")) or None,
                type=attributes.get("type"),
                medium=attributes.get("medium"),
                width=attributes.get("width"),
                height=attributes.get("height"),
                length=attributes.get("filesize"),
                duration=attributes.get("duration"),
                parent=about,
                link=self.open_link,
            )
            draft.media.append(item)
            if len(element):
                self.media_children(draft, element, item)
        elif name == "media_thumbnail":
            self.add_picture(draft, element, _attributes(element), "thumbnail", about)
            self.must_be_idle(element)
            if len(element) and any((child.tail or "").strip() for child in element):
                raise Doubt
            url = _mended(element.text)
            if url:
                self.add_picture(draft, element, {"url": url}, "thumbnail", about)
        elif name == "media_player":
            self.add_picture(draft, element, _attributes(element), "player", about)
            self.line(element)
        elif name == "media_title":
            text = self.text(element, is_html=False)
            about.title = about.title or (text.value if text else None)
        elif name == "media_description":
            text = self.text(element, is_html=False)
            about.caption = about.caption or (text.value if text else None)
        elif name == "media_credit":
            value = self.line(element)
            if value:
                about.credits.append(value)

    def add_picture(
        self,
        draft: DraftEntry,
        element: Any,
        attributes: dict[str, str],
        role: str,
        about: DraftMedia,
    ) -> None:
        url = self.address(element, attributes.get("url") or attributes.get("href"))
        if url:
            draft.media.append(
                DraftMedia(
                    url=url,
                    role=role,
                    width=attributes.get("width"),
                    height=attributes.get("height"),
                    parent=about,
                    link=self.open_link,
                )
            )


class _Inline:
    """Markup within a text, written out as feedparser writes it.

    `kind` is what the text said it is. Escaped HTML that turns out to hold elements becomes XHTML
    at the first of them that is not a <div>.
    """

    def __init__(self, reader: _Reader, kind: str) -> None:
        if reader.has_xlink:
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
            self.pieces.append(escape(text) if self.kind == _XHTML else text)

    def element(self, element: Any) -> None:
        name = self.reader.name(element)
        local = element.tag.rpartition("}")[2].lower()
        if name in _HANDLED or local in ("svg", "math"):
            raise Doubt
        is_div = name in ("div", "xhtml_div")
        if not is_div:
            self.kind = _XHTML
        if self.kind == _XHTML:
            attributes = "".join(
                f' {key}="{escape(value, _QUOTE)}"' for key, value in _inline_attributes(element)
            )
            self.pieces.append(f"<{local}{attributes}>")
        self.data(element.text)
        for child in element:
            self.element(child)
        if self.kind == _XHTML:
            self.pieces.append(f"</{local}>")
        self.data(element.tail)


_QUOTE = {'"': "&quot;"}


def _inline_attributes(element: Any) -> Iterator[tuple[str, str]]:
    for key, value in element.attrib.items():
        name = _ATTRIBUTES.get(key, key).lower()
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


_HEAD = {
    "title": _Reader.head_title,
    "dc_title": _Reader.head_other_title,
    "itunes_title": _Reader.head_other_title,
    "link": _Reader.head_link,
    "description": _Reader.head_description,
    "subtitle": _Reader.head_subtitle,
    "tagline": _Reader.head_subtitle,
    "language": _Reader.head_language,
    "dc_language": _Reader.head_language,
    "generator": _Reader.head_generator,
    "rights": _Reader.head_rights,
    "copyright": _Reader.head_rights,
    "dc_rights": _Reader.head_rights,
    "published": _Reader.head_published,
    "issued": _Reader.head_published,
    "pubdate": _Reader.head_published,
    "updated": _Reader.head_updated,
    "modified": _Reader.head_updated,
    "lastbuilddate": _Reader.head_updated,
    "dc_date": _Reader.head_updated,
    "image": _Reader.head_image,
    "itunes_image": _Reader.head_itunes_image,
    "logo": _Reader.head_logo,
    "ttl": _Reader.head_ttl,
    "sy_updateperiod": _Reader.head_period,
    "sy_updatefrequency": _Reader.head_frequency,
    "skiphours": _Reader.head_skips,
    "skipdays": _Reader.head_skips,
}
_ENTRY = {
    "title": _Reader.entry_title,
    "dc_title": _Reader.entry_other_title,
    "itunes_title": _Reader.entry_other_title,
    "link": _Reader.entry_link,
    "enclosure": _Reader.entry_enclosure,
    "guid": _Reader.entry_guid,
    "id": _Reader.entry_guid,
    "comments": _Reader.entry_comments,
    "feedburner_origlink": _Reader.entry_original_link,
    "description": _Reader.entry_description,
    "summary": _Reader.entry_summary,
    "dc_description": _Reader.entry_other_summary,
    "itunes_summary": _Reader.entry_itunes_summary,
    "itunes_subtitle": _Reader.entry_itunes_subtitle,
    "content": _Reader.entry_content,
    "content_encoded": _Reader.entry_encoded,
    "author": _Reader.entry_author,
    "dc_creator": _Reader.entry_author,
    "dc_author": _Reader.entry_author,
    "itunes_author": _Reader.entry_author,
    "pubdate": _Reader.entry_published,
    "published": _Reader.entry_published,
    "issued": _Reader.entry_published,
    "dcterms_issued": _Reader.entry_published,
    "updated": _Reader.entry_updated,
    "lastbuilddate": _Reader.entry_updated,
    "modified": _Reader.entry_updated,
    "dcterms_modified": _Reader.entry_updated,
    "dc_date": _Reader.entry_dc_date,
    "date": _Reader.entry_dc_date,
    "created": _Reader.entry_created,
    "dcterms_created": _Reader.entry_created,
    "category": _Reader.entry_category,
    "keywords": _Reader.entry_category,
    "dc_subject": _Reader.entry_category,
    "itunes_category": _Reader.entry_itunes_category,
    "itunes_keywords": _Reader.entry_keywords,
    "media_keywords": _Reader.entry_keywords,
    "media_category": _Reader.entry_category,
    "language": _Reader.entry_language,
    "dc_language": _Reader.entry_language,
    "rights": _Reader.entry_rights,
    "copyright": _Reader.entry_rights,
    "dc_rights": _Reader.entry_rights,
    "itunes_duration": _Reader.entry_duration,
    "source": _Reader.entry_source,
    "image": _Reader.entry_image,
    "itunes_image": _Reader.entry_itunes_image,
    "media_group": _Reader.entry_media_group,
    "media_content": _Reader.entry_media,
    "media_thumbnail": _Reader.entry_media,
    "media_player": _Reader.entry_media,
    "media_title": _Reader.entry_media,
    "media_description": _Reader.entry_media,
    "media_credit": _Reader.entry_media,
}
_MEDIA = frozenset(name for name in _ENTRY if name.startswith("media_")) - {
    "media_group",
    "media_keywords",
    "media_category",
}
# What feedparser knows and we have no use for: its handlers leave our drafts alone.
_IN_PERSON = frozenset({"name", "email", "uri", "url", "homepage", "itunes_name", "itunes_email"})
_IDLE = frozenset(
    {"managingeditor", "webmaster", "contributor", "dc_contributor", "dc_publisher"}
    | {"itunes_owner", "publisher", "itunes_block", "itunes_explicit", "cloud", "dcterms_valid"}
    | {"media_license", "media_rating", "media_restriction", "psc_chapters", "psc_chapter"}
    | {"cc_license", "creativecommons_license", "feedburner_browserfriendly", "expirationdate"}
    | {"admin_generatoragent", "admin_errorreportsto", "info"}
    | {"georss_point", "georss_where", "georss_box", "georss_line", "georss_polygon"}
    | {"geo_lat", "geo_long", "geo_point"}
)
_IDLE_IN_HEAD = _IDLE | {
    *("author", "dc_creator", "itunes_author", "category", "itunes_category", "keywords"),
    *("dc_subject", "itunes_keywords", "media_keywords", "media_category", "guid", "id"),
    *("itunes_subtitle", "itunes_summary", "media_thumbnail", "media_credit", "textinput"),
    *("url", "uri", "homepage", "email", "name", "width", "height", "itunes_duration"),
}
_IDLE_BELOW = _IN_PERSON | {
    *("itunes_category", "psc_chapter", "gml_point", "gml_pos", "gml_envelope", "gml_polygon"),
    *("gml_exterior", "gml_linearring", "gml_linestring", "gml_poslist"),
}
_IN_TEXT_INPUT = frozenset({"title", "description", "name", "link"})
_IN_IMAGE = frozenset({"title", "link", "description", "width", "height"})
_IN_SOURCE = frozenset(
    {"id", "guid", "updated", "published", "modified", "author", "contributor", "subtitle"}
    | {"rights", "logo", "icon", "generator", "category", "tagline", "copyright"}
)
