"""Questions about stories, as the command line and the web page ask them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, exists, func, select

from ingest.store.article_queries import publisher_ids, speaks
from ingest.store.lists import among
from ingest.store.schedule_rows import AnyRow
from ingest.store.tables import article, publisher, story, story_article
from ingest.store.view_rows import MatchRow, StoryRow, rows_of, v_matches, v_stories


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryFilter:
    """Which stories; what is None does not matter. Times are of the last change."""

    since: datetime | None = None
    until: datetime | None = None
    publisher: str | None = None  # one of its articles is theirs
    language: str | None = None
    agency: str | None = None
    min_publishers: int | None = None


@dataclass(frozen=True, slots=True)
class StoryMember:
    """An article of a story, with the best match that put it there."""

    article_id: int
    publisher: str
    headline: str
    url: str | None
    published_at: datetime | None
    first_seen_after: datetime | None
    first_seen_at: datetime
    word_count: int
    source_agency: str | None
    language: str | None
    match: MatchRow | None


def list_stories(
    connection: Connection, wanted: StoryFilter = StoryFilter(), *, limit: int = 50
) -> list[StoryRow]:
    """Stories, those that changed last first."""
    s = story.c
    # A story that all its articles have left is none.
    conditions: list[ColumnElement[bool]] = [s.merged_into_id.is_(None), s.articles > 0]
    if wanted.since is not None:
        conditions.append(s.updated_at >= wanted.since)
    if wanted.until is not None:
        conditions.append(s.updated_at < wanted.until)
    if wanted.min_publishers is not None:
        conditions.append(s.publishers >= wanted.min_publishers)
    if wanted.agency is not None:
        conditions.append(func.lower(s.source_agency) == wanted.agency.lower())
    if wanted.language is not None:
        conditions.append(
            exists().where(article.c.id == s.first_article_id, speaks(wanted.language))
        )
    if wanted.publisher is not None:
        conditions.append(
            exists().where(
                story_article.c.story_id == s.id,
                article.c.id == story_article.c.article_id,
                article.c.publisher_id.in_(publisher_ids(wanted.publisher)),
            )
        )
    ids = connection.scalars(
        select(s.id).where(*conditions).order_by(s.updated_at.desc(), s.id.desc()).limit(limit)
    ).all()
    rows = connection.execute(select(v_stories).where(among(connection, v_stories.c.story_id, ids)))
    by_id = {row.story_id: row for row in rows_of(StoryRow, rows)}
    return [by_id[one] for one in ids if one in by_id]


def get_story(connection: Connection, story_id: int) -> StoryRow | None:
    """The story by this id, or the one it was merged into; None where there is none."""
    living = living_story_id(connection, story_id)
    rows = connection.execute(select(v_stories).where(v_stories.c.story_id == living))
    return next(iter(rows_of(StoryRow, rows)), None)


def living_story_id(connection: Connection, story_id: int) -> int:
    """Where a story's articles are now, following merges."""
    seen = {story_id}
    while True:
        target = connection.scalar(select(story.c.merged_into_id).where(story.c.id == story_id))
        if target is None or target in seen:
            return story_id
        seen.add(target)
        story_id = target


def story_members(connection: Connection, story_id: int) -> list[StoryMember]:
    """A story's articles, in the order in which they were seen."""
    a = article.c
    rows = connection.execute(
        select(
            a.id, publisher.c.name, a.headline, a.url, a.published_at, a.first_seen_after,
            a.first_seen_at, a.word_count, a.source_agency, a.language,
        )
        .join_from(story_article, article, a.id == story_article.c.article_id)
        .join(publisher, publisher.c.id == a.publisher_id)
        .where(story_article.c.story_id == story_id)
        .order_by(a.first_seen_at, a.id)
    ).all()  # fmt: skip
    ids = [row.id for row in rows]
    best: dict[int, MatchRow] = {}
    found = connection.execute(
        select(v_matches)
        .where(among(connection, v_matches.c.article_id, ids))
        .where(among(connection, v_matches.c.of_article_id, ids))
        .order_by(v_matches.c.containment.desc(), v_matches.c.of_article_id)
    )
    for match in rows_of(MatchRow, found):
        best.setdefault(match.article_id, match)
    return [_member(row, best.get(row.id)) for row in rows]


def _member(row: AnyRow, match: MatchRow | None) -> StoryMember:
    return StoryMember(
        row.id,
        row.name,
        row.headline,
        row.url,
        row.published_at,
        row.first_seen_after,
        row.first_seen_at,
        row.word_count,
        row.source_agency,
        row.language,
        match,
    )
