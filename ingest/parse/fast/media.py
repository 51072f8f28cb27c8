"""The fast lane's reading of pictures, sound, film, and the categories that stand among them."""

from __future__ import annotations

from typing import Any

from ingest.parse.draft import DraftEntry, DraftMedia
from ingest.parse.fast.known import HANDLED
from ingest.parse.fast.markup import Walk, mended
from ingest.parse.fast.names import IDLE, Doubt, attributes_of

IN_IMAGE = frozenset({"title", "link", "description", "width", "height"})
_MEDIA = frozenset(
    {"media_content", "media_thumbnail", "media_player"}
    | {"media_title", "media_description", "media_credit"}
)


def read_category(walk: Walk, draft: DraftEntry, element: Any) -> None:
    """Take a category's label (else its term), and its text."""
    if element.items():
        attributes = attributes_of(element)
        add_category(draft, attributes.get("label") or attributes.get("term"))
    add_category(draft, walk.line(element))


def read_itunes_category(walk: Walk, draft: DraftEntry, element: Any) -> None:
    """Take the name from the attribute."""
    add_category(draft, element.get("text"))
    add_category(draft, walk.line(element))


def read_keywords(walk: Walk, draft: DraftEntry, element: Any) -> None:
    """Take the names between commas."""
    for term in walk.line(element).split(","):
        add_category(draft, term)


def add_category(draft: DraftEntry, name: str | None) -> None:
    """Add a name, white space made single."""
    if name and (name := " ".join(name.split())):
        draft.categories.append(name)


def read_image(walk: Walk, draft: DraftEntry, element: Any) -> None:
    """Take the address of RSS <image>, wherever it stands."""
    add_picture(walk, draft, element, attributes_of(element), "image", draft.about_media)
    value = element.text or ""
    for child in element:
        name = walk.name(child)
        if name == "url":
            attributes = {"url": walk.line(child)}
            add_picture(walk, draft, child, attributes, "image", draft.about_media)
        elif name not in IN_IMAGE or len(child):
            raise Doubt
        value += child.tail or ""
    value = mended(value)
    if value.startswith(("http://", "https://")):
        add_picture(walk, draft, element, {"url": value}, "image", draft.about_media)


def read_itunes_image(walk: Walk, draft: DraftEntry, element: Any) -> None:
    """Take the address from the attribute."""
    if len(element):
        raise Doubt
    url = element.get("href") or element.get("url")
    add_picture(walk, draft, element, {"url": url or ""}, "image", draft.about_media)


def read_media_group(walk: Walk, draft: DraftEntry, element: Any) -> None:
    """Read a group, whose texts are those of all its items."""
    media_children(walk, draft, element, DraftMedia(parent=draft.about_media, is_group=True))


def read_media(walk: Walk, draft: DraftEntry, element: Any) -> None:
    """Read a Media RSS element that stands in no group."""
    media_element(walk, draft, element, draft.about_media)


def media_children(walk: Walk, draft: DraftEntry, parent: Any, about: DraftMedia) -> None:
    """Read what stands in a group, an item or a link."""
    for child in parent:
        name = walk.name(child)
        if name in _MEDIA:
            if name == "media_content" and walk.name(parent) == "media_content":
                raise Doubt
            media_element(walk, draft, child, about)
        elif name == "media_category":
            read_category(walk, draft, child)
        elif name == "dc_title":
            draft.other_title = draft.other_title or walk.text(child, is_html=False)
        elif name == "media_keywords":
            read_keywords(walk, draft, child)
        elif name in HANDLED and name not in IDLE:
            raise Doubt
        elif len(child):
            walk.must_be_idle(child)


def media_element(walk: Walk, draft: DraftEntry, element: Any, about: DraftMedia) -> None:
    """Read one Media RSS element; `about` is what its texts speak of."""
    name = walk.name(element)
    if name == "media_content":
        attributes = attributes_of(element)
        item = DraftMedia(
            url=walk.address(element, attributes.get("url")) or None,
            type=attributes.get("type"),
            medium=attributes.get("medium"),
            width=attributes.get("width"),
            height=attributes.get("height"),
            length=attributes.get("filesize"),
            duration=attributes.get("duration"),
            parent=about,
            link=walk.open_link,
        )
        draft.media.append(item)
        if len(element):
            media_children(walk, draft, element, item)
    elif name == "media_thumbnail":
        add_picture(walk, draft, element, attributes_of(element), "thumbnail", about)
        walk.must_be_idle(element)
        if len(element) and any((child.tail or "").strip() for child in element):
            raise Doubt
        url = mended(element.text)
        if url:
            add_picture(walk, draft, element, {"url": url}, "thumbnail", about)
    elif name == "media_player":
        add_picture(walk, draft, element, attributes_of(element), "player", about)
        walk.line(element)
    elif name == "media_title":
        text = walk.text(element, is_html=False)
        about.title = about.title or (text.value if text else None)
    elif name == "media_description":
        text = walk.text(element, is_html=False)
        about.caption = about.caption or (text.value if text else None)
        if about.is_group:
            draft.group_caption = draft.group_caption or text
    elif name == "media_credit":
        value = walk.line(element)
        if value:
            about.credits.append(value)


def add_picture(
    walk: Walk,
    draft: DraftEntry,
    element: Any,
    attributes: dict[str, str],
    role: str,
    about: DraftMedia,
) -> None:
    """Add a picture if it has an address."""
    url = walk.address(element, attributes.get("url") or attributes.get("href"))
    if url:
        draft.media.append(
            DraftMedia(
                url=url,
                role=role,
                width=attributes.get("width"),
                height=attributes.get("height"),
                parent=about,
                link=walk.open_link,
            )
        )
