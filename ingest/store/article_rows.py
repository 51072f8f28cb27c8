"""An Article as rows: pure, no SQL."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter
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
_plain, _lists = attrgetter(*_PLAIN), attrgetter(*_LISTS)
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


def metadata_columns(articles: Sequence[Article]) -> dict[str, Sequence[Any]]:
    """The columns of `article` that contents decide, of many articles; lists are tuples here."""
    columns: dict[str, Sequence[Any]] = dict(
        zip(_PLAIN, zip(*map(_plain, articles), strict=True), strict=True)
    )
    for name, lists in zip(_LISTS, zip(*map(_lists, articles), strict=True), strict=True):
        columns[name] = [each or None for each in lists]
    columns["media"] = [[_media(one) for one in each.media] or None for each in articles]
    columns["published_quality"] = [each.published_quality.value for each in articles]
    return columns


def metadata_row(article: Article) -> dict[str, Any]:
    """The same of one article, with lists as they are read from the database."""
    row = {name: values[0] for name, values in metadata_columns((article,)).items()}
    for name in _LISTS:
        row[name] = row[name] and list(row[name])
    return row


def content_columns(articles: Sequence[Article]) -> dict[str, Sequence[Any]]:
    """The columns of `article_content`, of many articles."""
    return {
        "summary": [one.summary for one in articles],
        "body_text": [one.body_text for one in articles],
        "body_html": [one.body_html for one in articles],
        "removed": [[_removed(each) for each in one.removed] or None for one in articles],
    }


def content_row(article: Article) -> dict[str, Any]:
    """The same of one article."""
    return {name: values[0] for name, values in content_columns((article,)).items()}


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
