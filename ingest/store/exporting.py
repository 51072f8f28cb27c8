"""Rows for an archive outside the database: articles, stories, matches, pins, day by day.

A day is one of UTC. An article belongs to the day it was first seen, a story to that of the article
that ran first, a match or a pin to that of `article_id`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Select, func, select
from sqlalchemy.types import Boolean, Float, Integer, TypeEngine

from ingest.store.columns import Json, Time
from ingest.store.tables import article, feed, story, story_article, story_pin
from ingest.store.view_rows import v_articles, v_matches, v_stories

BATCH_ROWS = 1_000


class Kind(StrEnum):
    """What a column holds."""

    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    TEXT = "text"
    TIME = "time"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class ExportColumn:
    """A column of an exported table."""

    name: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class ExportTable:
    """A table of the archive: its name, columns, and the query behind it (without a period)."""

    name: str
    columns: tuple[ExportColumn, ...]
    query: Select[Any]


def _kind(type_: TypeEngine[Any]) -> Kind:
    if isinstance(type_, Time):
        return Kind.TIME
    if isinstance(type_, type(Json)):
        return Kind.JSON
    for known, kind in (
        (Boolean, Kind.BOOLEAN),
        (Integer, Kind.INTEGER),
        (Float, Kind.NUMBER),
    ):
        if isinstance(type_, known):
            return kind
    return Kind.TEXT


def _table(name: str, query: Select[Any]) -> ExportTable:
    columns = tuple(ExportColumn(one.name, _kind(one.type)) for one in query.selected_columns)
    return ExportTable(name, columns, query)


# The columns of the views, and of articles what cannot be told from the view alone.
TABLES = (
    _table(
        "articles",
        select(
            *v_articles.c,
            feed.c.name.label("feed"),
            feed.c.url.label("feed_url"),
            article.c.first_seen_after,
            article.c.revised_at,
            article.c.revision,
        )
        .join_from(article, v_articles, v_articles.c.id == article.c.id)
        .join(feed, feed.c.id == article.c.feed_id)
        .order_by(article.c.id),
    ),
    _table(
        "stories",
        select(*v_stories.c)
        .join_from(article, story, story.c.first_article_id == article.c.id)
        .join(v_stories, v_stories.c.story_id == story.c.id)
        .order_by(v_stories.c.story_id),
    ),
    _table(
        "matches",
        select(*v_matches.c)
        .join_from(article, v_matches, v_matches.c.article_id == article.c.id)
        .order_by(v_matches.c.article_id, v_matches.c.of_article_id),
    ),
    _table(
        "pins",
        select(*story_pin.c)
        .join_from(article, story_pin, story_pin.c.article_id == article.c.id)
        .order_by(story_pin.c.article_id, story_pin.c.other_article_id),
    ),
)

# What a re-clustering of an archive gives: `stories` and `matches` as above, and who is in which.
RECLUSTERED = (
    *(one for one in TABLES if one.name in ("stories", "matches")),
    _table(
        "members",
        select(story_article.c.article_id, story_article.c.story_id)
        .join_from(article, story_article, story_article.c.article_id == article.c.id)
        .order_by(story_article.c.article_id),
    ),
)


def last_story_id(connection: Connection) -> int:
    """The highest id that a story has, one that was merged into another included."""
    return connection.scalar(select(func.max(story.c.id))) or 0


def days(connection: Connection, since: datetime | None, until: datetime | None) -> list[date]:
    """The days from the first article of the period to its last one."""
    query = select(func.min(article.c.first_seen_at), func.max(article.c.first_seen_at))
    row = connection.execute(_within(query, since, until)).one()
    if row[0] is None:
        return []
    first, last = row[0].astimezone(UTC).date(), row[1].astimezone(UTC).date()
    return [first + timedelta(days=at) for at in range((last - first).days + 1)]


def rows_of_day(
    connection: Connection,
    table: ExportTable,
    day: date,
    since: datetime | None,
    until: datetime | None,
) -> Iterator[Sequence[tuple[Any, ...]]]:
    """The rows of a day inside the period, in batches and in the order of their ids."""
    start = datetime.combine(day, time(), UTC)
    end = start + timedelta(days=1)
    query = _within(
        table.query,
        start if since is None else max(start, since),
        end if until is None else min(end, until),
    )
    with connection.execution_options(yield_per=BATCH_ROWS).execute(query) as result:
        for batch in result.partitions():
            yield [tuple(row) for row in batch]


def _within(query: Select[Any], since: datetime | None, until: datetime | None) -> Select[Any]:
    if since is not None:
        query = query.where(article.c.first_seen_at >= since)
    if until is not None:
        query = query.where(article.c.first_seen_at < until)
    return query
