"""An Article as rows: pure, no SQL."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from typing import Any

import xxhash

from ingest.model import Article, Key, KeyKind, Media, Removed

# Strongest first: where two keys of an entry point to different articles, the first one decides.
KEY_ORDER = {KeyKind.GUID: 0, KeyKind.CANONICAL: 1, KeyKind.URL: 2, KeyKind.AMP: 3}

_PLAIN = (
    "url", "canonical_url", "headline", "alternative_headline", "byline", "dateline",
    "source_agency", "source_agency_found_in", "language", "word_count", "text_from", "image_url",
    "image_caption", "image_credit", "image_alt", "published_at", "modified_at", "published_raw",
    "content_hash",
)  # fmt: skip
_LISTS = ("authors", "sections", "tags")
_MEDIA_DEFAULTS = {field.name: field.default for field in dataclasses.fields(Media)}


def key_hash(key: Key, feed_id: int) -> int:
    """By what the key is found: a guid only within its feed, addresses of all kinds together."""
    scope = f"guid\0{feed_id}" if key.kind is KeyKind.GUID else "url"
    digest = xxhash.xxh3_64_intdigest(f"{scope}\0{key.value}".encode("utf-8", "surrogatepass"))
    return digest - (1 << 64) if digest >= 1 << 63 else digest


def ordered_keys(article: Article, feed_id: int) -> list[tuple[int, KeyKind]]:
    """Hash and kind of an article's keys, strongest first, each hash once."""
    found: dict[int, KeyKind] = {}
    for key in sorted(article.keys, key=lambda one: KEY_ORDER[one.kind]):
        found.setdefault(key_hash(key, feed_id), key.kind)
    return list(found.items())


def metadata_row(article: Article) -> dict[str, Any]:
    """The columns of `article` that its content decides."""
    row: dict[str, Any] = {name: getattr(article, name) for name in _PLAIN}
    for name in _LISTS:
        row[name] = list(getattr(article, name)) or None
    row["media"] = [_media(one) for one in article.media] or None
    row["published_quality"] = article.published_quality.value
    return row


def content_row(article: Article) -> dict[str, Any]:
    """The columns of `article_content`."""
    return {
        "summary": article.summary,
        "body_text": article.body_text,
        "body_html": article.body_html,
        "removed": [_removed(one) for one in article.removed] or None,
    }


def _media(media: Media) -> dict[str, Any]:
    return {
        name: value
        for name, default in _MEDIA_DEFAULTS.items()
        if (value := getattr(media, name)) != default or name == "role"
    }


def _removed(removed: Removed) -> dict[str, str]:
    return {"reason": removed.reason, "text": removed.text}


def earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    """The earlier of two times, of which either may be unknown."""
    known = [time for time in (one, other) if time is not None]
    return min(known, default=None)
