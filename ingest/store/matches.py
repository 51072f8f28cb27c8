"""The stored evidence that one article republishes another."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, or_, select

from ingest.model import Match, Relation
from ingest.store.lists import among
from ingest.store.tables import match
from ingest.store.upsert import upsert


def replace_matches(
    connection: Connection,
    article_ids: Collection[int],
    matches: Sequence[Match],
    now: datetime,
) -> None:
    """Store the matches of articles that were just decided, in place of earlier ones of theirs."""
    connection.execute(delete(match).where(among(connection, match.c.article_id, article_ids)))
    upsert(connection, match, [_row(one, now) for one in matches])


def matched_with(connection: Connection, article_ids: Collection[int]) -> set[int]:
    """The articles whose own match with one of these is stored."""
    found = select(match.c.article_id).where(among(connection, match.c.of_article_id, article_ids))
    return set(connection.scalars(found))


def matches_of(connection: Connection, article_id: int) -> list[Match]:
    """All matches of an article, whichever side it is on, strongest first."""
    rows = connection.execute(
        select(match)
        .where(or_(match.c.article_id == article_id, match.c.of_article_id == article_id))
        .order_by(match.c.resemblance.desc(), match.c.article_id, match.c.of_article_id)
    )
    return [_match(row) for row in rows]


def match_between(connection: Connection, article_id: int, other_id: int) -> Match | None:
    """The match of two articles, in whichever direction it was found."""
    rows = connection.execute(
        select(match).where(
            or_(
                (match.c.article_id == article_id) & (match.c.of_article_id == other_id),
                (match.c.article_id == other_id) & (match.c.of_article_id == article_id),
            )
        )
    )
    return next((_match(row) for row in rows), None)


def _row(one: Match, now: datetime) -> dict[str, object]:
    return {
        "article_id": one.article_id,
        "of_article_id": one.of_article_id,
        "relation": one.relation.value,
        "resemblance": one.resemblance,
        "containment": one.containment,
        "containment_of": one.containment_of,
        "shared_weight": one.shared_weight,
        "rule": one.rule,
        "gap_seconds": one.gap_seconds,
        "fingerprint_version": one.fingerprint_version,
        "decided_at": now,
    }


def _match(row: Row[Any]) -> Match:
    return Match(
        article_id=row.article_id,
        of_article_id=row.of_article_id,
        relation=Relation(row.relation),
        resemblance=row.resemblance,
        containment=row.containment,
        containment_of=row.containment_of,
        shared_weight=row.shared_weight,
        rule=row.rule,
        gap_seconds=row.gap_seconds,
        fingerprint_version=row.fingerprint_version,
    )
