"""The fast lane's reading of a feed's head."""

from __future__ import annotations

from typing import Any

from ingest.parse.fast.entry import link_of, read_entry
from ingest.parse.fast.known import HANDLED
from ingest.parse.fast.markup import Walk
from ingest.parse.fast.media import IN_IMAGE
from ingest.parse.fast.names import (
    IDLE,
    IDLE_BELOW,
    IN_PERSON,
    XML_LANG,
    Doubt,
    attributes_of,
)


def read_root(walk: Walk, root: Any, name: str) -> None:
    """Read everything below the root element, whose name is given."""
    language = root.get(XML_LANG) or root.get("lang")
    if name != "rdf_rdf" and language:
        walk.feed.language = language.replace("_", "-")
    for element in root:
        if name != "feed" and walk.name(element) == "channel":
            if element.get("href") or element.get("lastmod"):
                raise Doubt
            for below in element:
                _read_element(walk, below)
        else:
            _read_element(walk, element)


def _read_element(walk: Walk, element: Any) -> None:
    name = walk.name(element)
    if name == "item" or name == "entry":
        read_entry(walk, element)
        return
    reader = _HEAD.get(name)
    if reader is not None:
        reader(walk, element)
    elif name in _IDLE_IN_HEAD:
        if len(element) and name != "info":  # inline markup, which is not read
            is_input = name == "textinput"
            walk.must_hold_only(element, _IN_TEXT_INPUT if is_input else IDLE_BELOW)
    elif name in HANDLED:
        raise Doubt
    elif len(element):
        walk.must_hold_only(element, IN_PERSON)


def _title(walk: Walk, element: Any) -> None:
    text = walk.text(element, is_html=False)
    if text and walk.feed.title_depth:
        walk.feed.title, walk.feed.title_depth = text.value, 0


def _other_title(walk: Walk, element: Any) -> None:
    text = walk.text(element, is_html=False)
    if text and not walk.feed.title:
        walk.feed.title = text.value


def _link(walk: Walk, element: Any) -> None:
    link = link_of(walk, element)
    if len(element):
        raise Doubt
    if link is not None:
        walk.feed.links.append(link)


def _description(walk: Walk, element: Any) -> None:
    text = walk.text(element, is_html=True)
    if text and not walk.feed.description:
        walk.feed.description = text.value


def _itunes_description(walk: Walk, element: Any) -> None:
    text = walk.text(element, is_html=False)
    if text:
        walk.feed.itunes_description = walk.feed.itunes_description or text.value


def _subtitle(walk: Walk, element: Any) -> None:
    text = walk.text(element, is_html=False)
    if text:
        walk.feed.description = text.value


def _language(walk: Walk, element: Any) -> None:
    value = walk.line(element)
    if value:
        walk.feed.language = value.replace("_", "-")


def _generator(walk: Walk, element: Any) -> None:
    walk.feed.generator = walk.feed.generator or walk.line(element) or None


def _rights(walk: Walk, element: Any) -> None:
    text = walk.text(element, is_html=False)
    if text:
        walk.feed.rights = walk.feed.rights or text.value


def _published(walk: Walk, element: Any) -> None:
    walk.feed.published = walk.feed.published or walk.line(element) or None


def _updated(walk: Walk, element: Any) -> None:
    walk.feed.updated = walk.feed.updated or walk.line(element) or None


def _image(walk: Walk, element: Any) -> None:
    attributes = attributes_of(element)
    resource = attributes.get("rdf:resource")
    if resource and not walk.feed.image_url:
        walk.feed.image_url = walk.address(element, resource)
    has_strange = False
    for child in element:
        name = walk.name(child)
        if name == "url" and not has_strange:
            value = walk.address(child, walk.line(child))
            if value and not walk.feed.image_url:
                walk.feed.image_url = value
        elif name in HANDLED and (name not in IN_IMAGE or has_strange):
            # feedparser takes the image to end at a strange element: what follows is the feed's
            if name != "description" or not walk.feed.description or len(child):
                raise Doubt
        else:
            has_strange = has_strange or name not in IN_IMAGE
            if len(child):
                raise Doubt


def _itunes_image(walk: Walk, element: Any) -> None:
    if len(element):
        raise Doubt
    url = walk.address(element, element.get("href") or element.get("url"))
    if url and not walk.feed.image_url:
        walk.feed.image_url = url


def _logo(walk: Walk, element: Any) -> None:
    url = walk.address(element, walk.line(element))
    if url and not walk.feed.image_url:
        walk.feed.image_url = url


def _ttl(walk: Walk, element: Any) -> None:
    walk.feed.ttl = walk.line(element) or walk.feed.ttl


def _period(walk: Walk, element: Any) -> None:
    walk.feed.update_period = walk.line(element) or walk.feed.update_period


def _frequency(walk: Walk, element: Any) -> None:
    walk.feed.update_frequency = walk.line(element) or walk.feed.update_frequency


def _skips(walk: Walk, element: Any) -> None:
    for child in element:
        name, value = walk.name(child), walk.line(child)
        if name == "hour":
            if value:
                walk.feed.skip_hours.append(value)
        elif name == "day":
            if value:
                walk.feed.skip_days.append(value)
        else:
            raise Doubt


_HEAD = {
    "title": _title,
    "dc_title": _other_title,
    "itunes_title": _other_title,
    "link": _link,
    "description": _description,
    "itunes_subtitle": _itunes_description,
    "itunes_summary": _itunes_description,
    "subtitle": _subtitle,
    "tagline": _subtitle,
    "language": _language,
    "dc_language": _language,
    "generator": _generator,
    "rights": _rights,
    "copyright": _rights,
    "dc_rights": _rights,
    "published": _published,
    "issued": _published,
    "pubdate": _published,
    "updated": _updated,
    "modified": _updated,
    "lastbuilddate": _updated,
    "dc_date": _updated,
    "image": _image,
    "itunes_image": _itunes_image,
    "itunes_link": _itunes_image,
    "logo": _logo,
    "ttl": _ttl,
    "sy_updateperiod": _period,
    "sy_updatefrequency": _frequency,
    "skiphours": _skips,
    "skipdays": _skips,
}
_IDLE_IN_HEAD = IDLE | {
    *("author", "dc_creator", "itunes_author", "category", "itunes_category", "keywords"),
    *("dc_subject", "itunes_keywords", "media_keywords", "media_category", "guid", "id"),
    *("media_thumbnail", "media_credit", "textinput"),
    *("url", "uri", "homepage", "email", "name", "width", "height", "itunes_duration"),
}
_IN_TEXT_INPUT = frozenset({"title", "description", "name", "link"})
