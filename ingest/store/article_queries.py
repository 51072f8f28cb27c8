"""Questions about articles, as the command line and the web page ask them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, select

from ingest.store import search
from ingest.store.lists import among
from ingest.store.tables import article, article_content, feed, publisher, revision, sighting
from ingest.store.view_rows import ArticleRow, MatchRow, rows_of, v_articles, v_matches


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleFilter:
    """Which articles; what is None does not matter. Times are of first_seen_at."""

    since: datetime | None = None
    until: datetime | None = None
    publisher: str | None = None
    feed_id: int | None = None  # seen in this feed
    language: str | None = None  # "pt" is also "pt-BR"
    agency: str | None = None


@dataclass(frozen=True, slots=True)
class SightingRow:
    """An article in a feed: from when to when. `last_seen_at` None: it still is."""

    feed_id: int
    feed: str
    first_seen_at: datetime
    last_seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class Version:
    """One version of an article; the newest has no `superseded_at` and no `reason`."""

    number: int
    seen_at: datetime
    superseded_at: datetime | None
    reason: str | None  # why the next one replaced it
    headline: str
    alternative_headline: str | None
    byline: str | None
    summary: str | None
    body_text: str | None
    word_count: int
    modified_at: datetime | None


@dataclass(frozen=True, slots=True)
class RemovedText:
    """Text the normaliser took out of an article, and why."""

    reason: str
    text: str


@dataclass(frozen=True, slots=True)
class ArticlePage:
    """All there is about one article."""

    article: ArticleRow
    feed: str  # its own feed
    first_seen_after: datetime | None
    removed: tuple[RemovedText, ...]
    sightings: tuple[SightingRow, ...]
    versions: tuple[Version, ...]  # oldest first; the last one is the present one
    matches: tuple[MatchRow, ...]  # in which it is either side


def list_articles(
    connection: Connection, wanted: ArticleFilter = ArticleFilter(), *, limit: int = 50
) -> list[ArticleRow]:
    """Articles, those first seen last first."""
    ids = (
        select(article.c.id)
        .where(_passes(wanted))
        .order_by(article.c.first_seen_at.desc(), article.c.id.desc())
        .limit(limit)
    )
    return articles_by_id(connection, connection.scalars(ids).all())


def articles_by_id(connection: Connection, article_ids: Sequence[int]) -> list[ArticleRow]:
    """The articles with these ids, in their order; those that are gone are left out."""
    rows = rows_of(
        ArticleRow,
        connection.execute(
            select(v_articles).where(among(connection, v_articles.c.id, article_ids))
        ),
    )
    by_id = {row.id: row for row in rows}
    return [by_id[one] for one in article_ids if one in by_id]


def search_articles(
    connection: Connection,
    words: str,
    wanted: ArticleFilter = ArticleFilter(),
    *,
    limit: int = 50,
) -> list[ArticleRow]:
    """The articles that have the words, best first; see `search.search` for what may be asked."""
    hits = search.search(connection, words, limit=limit, where=_passes(wanted))
    return articles_by_id(connection, [hit.article_id for hit in hits])


def article_page(connection: Connection, article_id: int) -> ArticlePage | None:
    """All there is about an article; None where there is none by that id."""
    found = articles_by_id(connection, [article_id])
    if not found:
        return None
    own = connection.execute(
        select(
            article.c.first_seen_after,
            article.c.revised_at,
            article.c.revision,
            feed.c.name,
            article_content.c.removed,
        )
        .join_from(article, feed, feed.c.id == article.c.feed_id)
        .outerjoin(article_content, article_content.c.article_id == article.c.id)
        .where(article.c.id == article_id)
    ).one()
    row = found[0]
    newest = Version(
        own.revision,
        own.revised_at or row.first_seen_at,
        None,
        None,
        row.headline,
        row.alternative_headline,
        row.byline,
        row.summary,
        row.body_text,
        row.word_count,
        row.modified_at,
    )
    matches = connection.execute(
        select(v_matches)
        .where((v_matches.c.article_id == article_id) | (v_matches.c.of_article_id == article_id))
        .order_by(v_matches.c.resemblance.desc(), v_matches.c.article_id)
    )
    return ArticlePage(
        row,
        own.name,
        own.first_seen_after,
        tuple(RemovedText(one["reason"], one["text"]) for one in own.removed or ()),
        tuple(_sightings(connection, article_id)),
        (*_former_versions(connection, article_id), newest),
        tuple(rows_of(MatchRow, matches)),
    )


def _passes(wanted: ArticleFilter) -> ColumnElement[bool]:
    a = article.c
    conditions: list[ColumnElement[bool]] = []
    if wanted.since is not None:
        conditions.append(a.first_seen_at >= wanted.since)
    if wanted.until is not None:
        conditions.append(a.first_seen_at < wanted.until)
    if wanted.publisher is not None:
        conditions.append(a.publisher_id.in_(publisher_ids(wanted.publisher)))
    if wanted.language is not None:
        conditions.append(speaks(wanted.language))
    if wanted.agency is not None:
        conditions.append(func.lower(a.source_agency) == wanted.agency.lower())
    if wanted.feed_id is not None:
        seen = select(sighting.c.article_id).where(
            sighting.c.feed_id == wanted.feed_id, sighting.c.article_id.is_not(None)
        )
        conditions.append(a.id.in_(seen))
    return and_(True, *conditions)


def publisher_ids(name: str) -> Select[Any]:
    """Those with this name or domain, in whatever case."""
    lowered = name.lower()
    p = publisher.c
    return select(p.id).where((func.lower(p.name) == lowered) | (p.domain == lowered))


def speaks(language: str) -> ColumnElement[bool]:
    """Whether the article is in this language, or in a regional form of it."""
    spoken = func.lower(article.c.language)
    return (spoken == language.lower()) | spoken.like(f"{language.lower()}-%")


def _sightings(connection: Connection, article_id: int) -> list[SightingRow]:
    rows = connection.execute(
        select(sighting.c.feed_id, feed.c.name, sighting.c.first_seen_at, sighting.c.last_seen_at)
        .join_from(sighting, feed, feed.c.id == sighting.c.feed_id)
        .where(sighting.c.article_id == article_id)
        .order_by(sighting.c.first_seen_at, sighting.c.feed_id)
    )
    return [SightingRow(*row) for row in rows]


def _former_versions(connection: Connection, article_id: int) -> list[Version]:
    r = revision.c
    rows = connection.execute(
        select(
            r.number, r.seen_at, r.superseded_at, r.reason, r.headline, r.alternative_headline,
            r.byline, r.summary, r.body_text, r.word_count, r.modified_at,
        )
        .where(r.article_id == article_id)
        .order_by(r.number)
    )  # fmt: skip
    return [Version(*row) for row in rows]
