"""JSON Feed 1.0 and 1.1 (jsonfeed.org/version/1.1), which feedparser does not read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ingest.config import ParseSettings
from ingest.errors import ParseError
from ingest.model import FeedDocument, Text
from ingest.parse.clean import Prolog
from ingest.parse.draft import DraftEntry, DraftFeed, DraftLink, DraftMedia
from ingest.parse.finish import finished
from ingest.parse.resolve import absolute

_MAX_NESTING = 500  # brackets within brackets; a JSON Feed needs 5


def read(
    prolog: Prolog, *, url: str, encoding: str, faults: tuple[str, ...], settings: ParseSettings
) -> FeedDocument:
    """Read a JSON Feed. Values of the wrong type are ignored, one by one.

    Raises `ParseError` where the text is not JSON, or JSON without `items`. Fault: `truncated` is
    not mended: half a JSON document is no document.
    """
    text = prolog.rest
    if _is_too_deep(text):
        raise ParseError("JSON nested too deep for a feed")
    try:
        root = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        raise ParseError("looks like JSON, but is broken or cut off") from None
    if not isinstance(root, dict) or not isinstance(root.get("items"), list):
        raise ParseError("JSON, but no JSON Feed: it has no list of items")
    version = _string(root.get("version")) or ""
    if "jsonfeed.org" not in version and not any(
        isinstance(item, dict) and item.keys() & _TELLING for item in root["items"][:50]
    ):
        raise ParseError("JSON, but no JSON Feed: its items are something else")

    feed = DraftFeed(
        title=_string(root.get("title")),
        description=_string(root.get("description")),
        language=_string(root.get("language")),
        image_url=_address(root.get("icon"), url) or _address(root.get("favicon"), url),
        generator=_string(root.get("generator")),
    )
    for key, rel in (("home_page_url", "alternate"), ("feed_url", "self"), ("next_url", "next")):
        address = _address(root.get(key), url)
        if address:
            feed.links.append(DraftLink(address, rel))
    for hub in _objects(root.get("hubs")):
        address = _address(hub.get("url"), url)
        if address:
            feed.links.append(DraftLink(address, "hub"))

    items = root["items"]
    if len(items) > settings.max_entries:
        faults += ("entries_capped",)
        items = _newest(items, settings.max_entries)
    entries = [_entry(item, url) for item in items if isinstance(item, dict)]
    if len(entries) < len(items):
        faults += ("entry_not_an_object",)
    return finished(
        feed,
        entries,
        format="json10" if version.rstrip("/").endswith("/1") else "json11",
        lane="json",
        encoding=encoding,
        faults=faults,
        settings=settings,
        size=len(text),
    )


_TELLING = frozenset({"content_html", "content_text", "date_published", "external_url"})


def _entry(item: dict[str, Any], url: str) -> DraftEntry:
    draft = DraftEntry()
    draft.guid = _string(item.get("id"))
    draft.language = _string(item.get("language"))
    draft.published = _string(item.get("date_published"))
    draft.updated = _string(item.get("date_modified"))
    draft.original_link = _address(item.get("external_url"), url)
    address = _address(item.get("url"), url)
    if address:
        draft.links.append(DraftLink(address))
    elif draft.original_link:
        draft.links.append(DraftLink(draft.original_link))
    draft.title = _text(item.get("title"), is_html=False)
    draft.description = _text(item.get("summary"), is_html=False)
    for key in ("content_html", "content_text"):
        content = _text(item.get(key), is_html=key == "content_html")
        if content:
            draft.contents.append(content)
    authors = _objects(item.get("authors")) or _objects([item.get("author")])
    draft.authors = [name for author in authors if (name := _string(author.get("name")))]
    tags = item.get("tags")
    draft.categories = [
        name for tag in (tags if isinstance(tags, list) else ()) if (name := _string(tag))
    ]
    for key in ("image", "banner_image"):
        picture = _address(item.get(key), url)
        if picture:
            draft.media.append(DraftMedia(url=picture, role="image"))
    draft.media.extend(_attachments(item.get("attachments"), url))
    return draft


def _attachments(value: object, url: str) -> Iterator[DraftMedia]:
    for attachment in _objects(value):
        address = _address(attachment.get("url"), url)
        if address:
            yield DraftMedia(
                url=address,
                role="enclosure",
                type=_string(attachment.get("mime_type")),
                length=_string(attachment.get("size_in_bytes")),
                duration=_string(attachment.get("duration_in_seconds")),
                title=_string(attachment.get("title")),
            )


def _newest(items: list[Any], count: int) -> list[Any]:
    """Return `count` items from the newer end: dates of JSON Feed sort as strings (RFC 3339)."""
    dates = [
        _string(item.get("date_published")) if isinstance(item, dict) else None
        for item in (items[0], items[-1])
    ]
    if dates[0] and dates[1] and dates[1] > dates[0]:
        return items[-count:]
    return items[:count]


def _string(value: object) -> str | None:
    """Return a non-empty string; numbers count (1.0 feeds write ids as numbers)."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        value = str(value)
    if not isinstance(value, str):
        return None
    # a lone surrogate from "\\ud800" cannot be stored as UTF-8
    return value.encode("utf-8", "replace").decode("utf-8").strip() or None


def _text(value: object, *, is_html: bool) -> Text | None:
    string = _string(value)
    return Text(string, is_html) if string else None


def _address(value: object, url: str) -> str | None:
    return absolute(url, _string(value)) or None


def _objects(value: object) -> list[dict[str, Any]]:
    return [part for part in value if isinstance(part, dict)] if isinstance(value, list) else []


def _is_too_deep(text: str) -> bool:
    """Say whether brackets could be nested deeper than the reader's recursion allows."""
    depth = 0
    for char in text if text.count("[") + text.count("{") > _MAX_NESTING else "":
        if char in "[{":
            depth += 1
            if depth > _MAX_NESTING:
                return True
        elif char in "]}":
            depth -= 1
    return False
