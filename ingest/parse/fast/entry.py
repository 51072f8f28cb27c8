"""The fast lane's reading of one entry."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ingest.model import Text
from ingest.parse.draft import DraftEntry, DraftLink
from ingest.parse.fast import media
from ingest.parse.fast.known import HANDLED
from ingest.parse.fast.markup import Walk, mended
from ingest.parse.fast.names import (
    IDLE,
    IDLE_BELOW,
    IN_PERSON,
    Doubt,
    attributes_of,
    href_of,
)
from ingest.parse.resolve import unescaped

Action = Callable[[Walk, DraftEntry, Any], None]


def read_entry(walk: Walk, element: Any) -> None:
    """Read an item; `Doubt` where anything in it is out of the ordinary."""
    draft = DraftEntry()
    walk.entries.append(draft)
    if element.items():
        attributes = attributes_of(element)
        if "href" in attributes or "lastmod" in attributes:
            raise Doubt
        draft.about = attributes.get("rdf:about") or None
        walk.say_language(draft, element)
    if walk.has_bases:
        walk.say_base(draft, element)
    actions = walk.entry_actions
    given = vars(draft)
    for child in element:
        tag = child.tag
        if tag in actions:
            action = actions[tag]
        else:
            action = actions[tag] = _action(walk.name(child))
        if action.__class__ is str:  # a line of text: the last one counts
            if len(child):
                raise Doubt
            text = child.text
            if text and (text := text.strip()):
                if walk.is_recoded:
                    text = walk.recoded(text)
                if text:
                    given[action] = text
        elif action is not None:
            action(walk, draft, child)
        elif len(child):
            walk.must_hold_only(child, IN_PERSON)


def _action(name: str) -> str | Action | None:
    """Return what to do with an element of this name; None: nothing, if nothing is in it."""
    if name in _LINES:
        return _LINES[name]
    if name in _ACTIONS:
        return _ACTIONS[name]
    if name in IDLE:
        return _idle
    return _doubt if name in HANDLED else None


def _idle(walk: Walk, _draft: DraftEntry, element: Any) -> None:
    if len(element):
        walk.must_hold_only(element, IDLE_BELOW)


def _doubt(_walk: Walk, _draft: DraftEntry, _element: Any) -> None:
    raise Doubt


def _text_into(field: str, *, is_html: bool, is_main: bool = False) -> Action:
    """Return the action for a text of which the first one counts.

    `is_main`: its language and base are the entry's.
    """

    def read(walk: Walk, draft: DraftEntry, element: Any) -> None:
        if len(element) or element.items():
            if is_main:
                walk.say_language(draft, element)
            text: Text | None = walk.typed_text(element, is_html=is_html)
        else:
            text = walk.plain_text(element, is_html=is_html)
        if is_main and walk.has_bases:
            walk.say_base(draft, element)
        if text is not None and field not in vars(draft):
            setattr(draft, field, text)

    return read


def _content(*, is_html: bool) -> Action:
    def read(walk: Walk, draft: DraftEntry, element: Any) -> None:
        if len(element) or element.items():
            walk.say_language(draft, element)
            text = walk.typed_text(element, is_html=is_html)
        else:
            text = walk.plain_text(element, is_html=is_html)
        if walk.has_bases:
            walk.say_base(draft, element)
        if text is not None:
            draft.contents.append(text)

    return read


def link_of(walk: Walk, element: Any) -> DraftLink | None:
    """Read a link element, of RSS or Atom; None where it has no address."""
    if not element.items():  # RSS
        href = walk.address(element, unescaped(walk.line(element)))
        return DraftLink(href, is_text=True) if href else None
    attributes = attributes_of(element)
    rel = (attributes.get("rel") or "alternate").strip().lower()
    rel = rel.removeprefix("http://www.iana.org/assignments/relation/")
    kind = attributes.get("type")
    given = href_of(attributes)
    if given is None and not {"url", "uri", "href"}.isdisjoint(attributes):
        raise Doubt
    if given is not None:
        href = walk.address(element, given)
        title, length = attributes.get("title"), attributes.get("length")
        return DraftLink(href, rel, kind, title=title, length=length) if href else None
    href = walk.address(element, unescaped(walk.line(element)))
    return DraftLink(href, rel, kind, is_text=rel == "alternate") if href else None


def _link(walk: Walk, draft: DraftEntry, element: Any) -> None:
    link = link_of(walk, element)
    if link is not None:
        draft.links.append(link)
    if len(element):
        walk.open_link = link
        media.media_children(walk, draft, element, draft.about_media)
        walk.open_link = None


def _enclosure(walk: Walk, draft: DraftEntry, element: Any) -> None:
    if len(element):
        raise Doubt
    attributes = attributes_of(element)
    href = walk.address(element, href_of(attributes))
    if href:
        kind, length = attributes.get("type"), attributes.get("length")
        draft.links.append(DraftLink(href, "enclosure", kind, length=length))


def _guid(walk: Walk, draft: DraftEntry, element: Any) -> None:
    attributes = element.items()
    if attributes:
        if attributes[0][0] == "isPermaLink" and len(attributes) == 1:
            said: str | None = attributes[0][1]
        else:
            said = attributes_of(element).get("ispermalink")
        if said is not None:
            draft.guid_is_link = said.strip().lower() == "true"
    draft.guid = draft.guid or walk.line(element) or None


def _comments(walk: Walk, draft: DraftEntry, element: Any) -> None:
    draft.comments = walk.address(element, walk.line(element)) or draft.comments


def _original_link(walk: Walk, draft: DraftEntry, element: Any) -> None:
    draft.original_link = walk.address(element, walk.line(element)) or draft.original_link


def _author(walk: Walk, draft: DraftEntry, element: Any) -> None:
    value = element.text or ""
    person: dict[str, str] = {}
    for child in element:
        name, text = walk.name(child), walk.line(child)
        if name in ("name", "email"):
            if text:
                person.setdefault(name, text)
        elif name not in IN_PERSON and name in HANDLED:
            raise Doubt
        value += child.tail or ""
    who = person.get("name") or mended(value) or person.get("email")
    if who:
        draft.authors.append(who)


def _language(walk: Walk, draft: DraftEntry, element: Any) -> None:
    value = walk.line(element)
    if value:
        draft.language = value.replace("_", "-")


def _rights(walk: Walk, draft: DraftEntry, element: Any) -> None:
    text = walk.text(element, is_html=False)
    if text:
        draft.rights = draft.rights or text.value


def _duration(walk: Walk, draft: DraftEntry, element: Any) -> None:
    draft.duration = walk.line(element) or draft.duration


def _source(walk: Walk, draft: DraftEntry, element: Any) -> None:
    url = attributes_of(element).get("url") if element.items() else None
    if url:
        draft.source_url = walk.address(element, url)
    value = element.text or ""
    for child in element:
        name = walk.name(child)
        if name == "title":
            text = walk.text(child, is_html=False)
            if text:
                draft.source_title = text.value
        elif name == "link":
            link = None if len(child) else link_of(walk, child)
            if link is not None and link.rel == "alternate":
                draft.source_url = draft.source_url or link.href
        elif name not in _IN_SOURCE:
            raise Doubt
        elif len(child):
            walk.must_hold_only(child, IN_PERSON)
        value += child.tail or ""
    draft.source_title = draft.source_title or mended(value) or None


_IN_SOURCE = frozenset(
    {"id", "guid", "updated", "published", "modified", "author", "contributor", "subtitle"}
    | {"rights", "logo", "icon", "generator", "category", "tagline", "copyright"}
)
# Elements that are one line of text, and the field of the draft it goes to.
_LINES = {
    **dict.fromkeys(("pubdate", "published", "issued", "dcterms_issued"), "published"),
    **dict.fromkeys(("updated", "modified", "dcterms_modified", "lastbuilddate"), "updated"),
    **dict.fromkeys(("dc_date", "date"), "dc_date"),
    **dict.fromkeys(("created", "dcterms_created"), "created"),
}
_ACTIONS: dict[str, Action] = {
    "title": _text_into("title", is_html=False),
    "dc_title": _text_into("other_title", is_html=False),
    "itunes_title": _text_into("other_title", is_html=False),
    "link": _link,
    "enclosure": _enclosure,
    "guid": _guid,
    "id": _guid,
    "comments": _comments,
    "feedburner_origlink": _original_link,
    "description": _text_into("description", is_html=True, is_main=True),
    "summary": _text_into("description", is_html=False, is_main=True),
    "dc_description": _text_into("other_summary", is_html=True),
    "itunes_summary": _text_into("itunes_summary", is_html=False),
    "itunes_subtitle": _text_into("itunes_subtitle", is_html=False),
    "content": _content(is_html=False),
    "content_encoded": _content(is_html=True),
    **dict.fromkeys(("author", "dc_creator", "dc_author", "itunes_author"), _author),
    **dict.fromkeys(("category", "keywords", "dc_subject"), media.read_category),
    "media_category": media.read_category,
    "itunes_category": media.read_itunes_category,
    "itunes_keywords": media.read_keywords,
    "media_keywords": media.read_keywords,
    "language": _language,
    "dc_language": _language,
    **dict.fromkeys(("rights", "copyright", "dc_rights"), _rights),
    "itunes_duration": _duration,
    "source": _source,
    "image": media.read_image,
    "itunes_image": media.read_itunes_image,
    "media_group": media.read_media_group,
    **dict.fromkeys(("media_content", "media_thumbnail", "media_player"), media.read_media),
    **dict.fromkeys(("media_title", "media_description", "media_credit"), media.read_media),
}
