"""How the stories were made: matches by relation and score, and those a person should look at."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Integer, case, cast, func, or_, select
from sqlalchemy.orm import aliased

from ingest.model import Relation
from ingest.store.tables import article, match, publisher, story_article, story_pin

_MERGING = tuple(one.value for one in Relation if one.makes_a_story)


@dataclass(frozen=True, slots=True)
class RelationCount:
    """How many matches stand in one relation by one rule, and their mean scores."""

    relation: str
    rule: str
    matches: int
    resemblance: float
    containment: float


@dataclass(frozen=True, slots=True)
class MatchSide:
    """One article of a borderline match."""

    article_id: int
    publisher: str
    headline: str


@dataclass(frozen=True, slots=True)
class Borderline:
    """A match near the border between one story and two."""

    article: MatchSide
    of: MatchSide
    relation: str
    rule: str
    resemblance: float
    containment: float  # of the one that is contained more
    story_id: int | None  # of the first of the two
    is_one_story: bool


def relation_counts(connection: Connection) -> list[RelationCount]:
    """Matches by relation and rule, the most frequent first."""
    rows = connection.execute(
        select(
            match.c.relation,
            match.c.rule,
            func.count().label("matches"),
            func.avg(match.c.resemblance),
            func.avg(_most_contained()),
        )
        .group_by(match.c.relation, match.c.rule)
        .order_by(func.count().desc(), match.c.relation, match.c.rule)
    )
    return [RelationCount(row[0], row[1], row[2], float(row[3]), float(row[4])) for row in rows]


def score_histogram(connection: Connection, bins: int = 20) -> list[tuple[int, int]]:
    """Matches by resemblance in `bins` equal steps from 0 to 1: (one story, recorded only)."""
    step = case(
        (match.c.resemblance >= 1.0, bins - 1),
        else_=cast(func.floor(match.c.resemblance * bins), Integer),
    )
    merges = case((match.c.relation.in_(_MERGING), 1), else_=0)
    found = [[0, 0] for _ in range(bins)]
    for row in connection.execute(select(step, merges, func.count()).group_by(step, merges)):
        found[min(max(int(row[0]), 0), bins - 1)][0 if row[1] else 1] += row[2]
    return [(one, other) for one, other in found]


def borderline_matches(connection: Connection, *, limit: int = 30) -> list[Borderline]:
    """The matches that came closest to being decided otherwise, the closest first.

    Those that made a story with the least of one text in the other, and those that were recorded
    only although much of it is. Pairs a person has decided about are left out.
    """
    a, b = aliased(article), aliased(article)
    pa, pb = aliased(publisher), aliased(publisher)
    contained = _most_contained()
    merges = match.c.relation.in_(_MERGING)
    # Where the headlines decided, a text that is little contained is half the doubt it else were.
    by_headline = match.c.rule.like("%headline%")
    doubt = case(
        (merges & by_headline, 0.5 + contained / 2.0), (merges, contained), else_=1.0 - contained
    )
    decided = select(story_pin.c.article_id).where(
        or_(
            (story_pin.c.article_id == match.c.article_id)
            & (story_pin.c.other_article_id == match.c.of_article_id),
            (story_pin.c.article_id == match.c.of_article_id)
            & (story_pin.c.other_article_id == match.c.article_id),
        )
    )
    mine, theirs = aliased(story_article), aliased(story_article)
    rows = connection.execute(
        select(
            match.c.article_id,
            pa.c.name,
            a.c.headline,
            match.c.of_article_id,
            pb.c.name,
            b.c.headline,
            match.c.relation,
            match.c.rule,
            match.c.resemblance,
            contained,
            mine.c.story_id,
            mine.c.story_id == theirs.c.story_id,
        )
        .join_from(match, a, a.c.id == match.c.article_id)
        .join(b, b.c.id == match.c.of_article_id)
        .join(pa, pa.c.id == a.c.publisher_id)
        .join(pb, pb.c.id == b.c.publisher_id)
        .outerjoin(mine, mine.c.article_id == match.c.article_id)
        .outerjoin(theirs, theirs.c.article_id == match.c.of_article_id)
        .where(~decided.exists())
        .order_by(doubt, match.c.resemblance, match.c.article_id, match.c.of_article_id)
        .limit(limit)
    )
    return [
        Borderline(
            MatchSide(row[0], row[1], row[2]),
            MatchSide(row[3], row[4], row[5]),
            row[6],
            row[7],
            row[8],
            row[9],
            row[10],
            bool(row[11]),
        )
        for row in rows
    ]


def _most_contained() -> ColumnElement[float]:
    one, other = match.c.containment, match.c.containment_of
    return case((one > other, one), else_=other)
