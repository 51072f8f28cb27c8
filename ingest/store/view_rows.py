"""The rows of the views, typed: one dataclass a view, its fields the view's columns.

`--json` prints exactly these, one object a line.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Boolean, Float, TableClause, Text, column, table
from sqlalchemy.types import TypeEngine

from ingest.store.columns import Hash, Json, Time
from ingest.store.schedule_rows import AnyRow


@dataclass(frozen=True, slots=True)
class ArticleRow:
    """A row of v_articles."""

    id: int
    publisher: str
    url: str | None
    canonical_url: str | None
    headline: str
    alternative_headline: str | None
    byline: str | None
    authors: list[str] | None
    dateline: str | None
    source_agency: str | None
    source_agency_found_in: str | None
    language: str | None
    summary: str | None
    body_text: str | None
    body_html: str | None
    word_count: int
    text_from: str
    image_url: str | None
    image_caption: str | None
    image_credit: str | None
    image_alt: str | None
    media: list[dict[str, Any]] | None
    sections: list[str] | None
    tags: list[str] | None
    published_at: datetime | None
    modified_at: datetime | None
    published_raw: str | None
    published_quality: str
    first_seen_at: datetime
    last_seen_at: datetime | None
    content_hash: int
    story_id: int | None


@dataclass(frozen=True, slots=True)
class StoryRow:
    """A row of v_stories."""

    story_id: int
    headline: str | None
    first_publisher: str | None
    first_article_id: int | None
    first_seen_after: datetime | None
    first_seen_before: datetime | None
    first_published_at: datetime | None
    last_seen_at: datetime | None
    articles: int
    publishers: int
    fullest_article_id: int | None
    source_agency: str | None
    language: str | None


@dataclass(frozen=True, slots=True)
class MatchRow:
    """A row of v_matches."""

    article_id: int
    of_article_id: int
    story_id: int | None
    relation: str
    resemblance: float
    containment: float
    containment_of: float
    shared_weight: float
    rule: str
    gap_seconds: int
    fingerprint_version: int
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class FeedRow:
    """A row of v_feeds."""

    feed_id: int
    name: str
    url: str
    publisher: str
    site: str
    title: str | None
    site_url: str | None
    format: str | None
    language: str | None
    source: str
    added_at: datetime
    state: str
    state_since: datetime
    state_evidence: str | None
    failures: int
    next_poll_at: datetime | None
    interval_seconds: float
    last_poll_at: datetime | None
    last_outcome: str | None
    last_success_at: datetime | None
    last_news_at: datetime | None
    polls_per_day: float | None
    news_per_day: float | None


@dataclass(frozen=True, slots=True)
class PollRow:
    """A row of v_polls."""

    feed_id: int
    feed: str
    started_at: datetime
    outcome: str
    status: int | None
    elapsed_seconds: float
    received_bytes: int
    entries: int | None
    entries_new: int | None
    entries_revised: int | None
    entries_unchanged: int | None
    entries_filtered: int | None
    entries_invalid: int | None
    interval_seconds: float | None
    possible_gap: bool
    was_full: bool
    detail: str | None


@dataclass(frozen=True, slots=True)
class RevisionRow:
    """A row of v_revisions."""

    article_id: int
    number: int
    seen_at: datetime
    superseded_at: datetime | None
    reason: str | None
    url: str | None
    headline: str
    alternative_headline: str | None
    byline: str | None
    modified_at: datetime | None
    word_count: int
    text_from: str
    summary: str | None
    body_text: str | None
    content_hash: int


@dataclass(frozen=True, slots=True)
class SightingRow:
    """A row of v_sightings."""

    feed_id: int
    feed: str
    article_id: int | None
    outcome: str
    reason: str | None
    first_seen_at: datetime
    last_seen_at: datetime
    is_in_feed: bool


ROWS: dict[str, type] = {
    "v_articles": ArticleRow,
    "v_stories": StoryRow,
    "v_matches": MatchRow,
    "v_feeds": FeedRow,
    "v_polls": PollRow,
    "v_revisions": RevisionRow,
    "v_sightings": SightingRow,
}

_TYPES: dict[object, TypeEngine[Any]] = {
    int: Hash,
    float: Float(),
    str: Text(),
    bool: Boolean(),
    datetime: Time(),
    list: Json,
}


def _type_of(annotation: object) -> TypeEngine[Any]:
    if isinstance(annotation, types.UnionType):
        (annotation,) = (one for one in typing.get_args(annotation) if one is not types.NoneType)
    return _TYPES[typing.get_origin(annotation) or annotation]


def _view(name: str, row: type) -> TableClause:
    hints = typing.get_type_hints(row)
    fields = dataclasses.fields(row)
    return table(name, *(column(field.name, _type_of(hints[field.name])) for field in fields))


v_articles = _view("v_articles", ArticleRow)
v_stories = _view("v_stories", StoryRow)
v_matches = _view("v_matches", MatchRow)
v_feeds = _view("v_feeds", FeedRow)
v_polls = _view("v_polls", PollRow)

_Row = TypeVar("_Row")


def rows_of(kind: type[_Row], rows: Iterable[AnyRow]) -> list[_Row]:
    """Rows selected from a view, all its columns in order, as its dataclass."""
    return [kind(*row) for row in rows]
