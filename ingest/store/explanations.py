"""Why two articles are one story or not: the comparison again, and what fired or lacked."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from ingest.dedupe import RULES, Document, Frequencies, Rules, examine
from ingest.errors import UsageError
from ingest.model import Match, Relation
from ingest.store.candidates import Readings, SqlIndex, load_documents
from ingest.store.gathering import gather, stories_of
from ingest.store.matches import match_between
from ingest.store.stories import decision_on
from ingest.store.story_book import StoryBook
from ingest.store.story_decisions import decided_between


@dataclass(frozen=True, slots=True)
class Explanation:
    """The stored match, and what the rules say about the texts as they are now.

    `rule` is None where the texts do not match: then `missing` or `vetoes` say why. `missing` is
    there beside a rule where two that match would not be stored as a match, for what other articles
    show. Containments and weights are None where too little is shared to be weighed.
    """

    stored: Match | None
    is_one_story: bool
    rule: str | None
    quotes: bool
    missing: str | None
    vetoes: tuple[str, ...]
    shared_passages: tuple[str, ...]  # folded, longest first
    containment: float | None = None
    containment_of: float | None = None
    resemblance: float | None = None
    shared_weight: float | None = None
    decided_together: bool | None = None  # a person's decision about the two; None: there is none
    relation_today: Relation | None = None  # of two that match, if they were decided about again


def explain(
    connection: Connection, article_id: int, other_id: int, rules: Rules = RULES
) -> Explanation:
    """Compare two stored articles. Raises UsageError for ids that are not there."""
    documents = load_documents(connection, (article_id, other_id), Readings())
    for one in (article_id, other_id):
        if one not in documents:
            raise UsageError(f"no article with id {one}")
    a, b = documents[article_id], documents[other_id]
    index = SqlIndex(connection, 0)
    seen = index.look_up([*a.reading.sampled, *b.reading.sampled])
    story_of = stories_of(connection, seen | {article_id, other_id})
    frequencies = Frequencies(index.articles_with(()), story_of)
    pair, verdict = examine(a, b, frequencies, rules)
    stored = match_between(connection, article_id, other_id)
    missing, today = verdict.missing, None
    if stored is None and verdict.rule is not None:
        today, missing = _decided_anew(connection, article_id, other_id, rules)
    return Explanation(
        stored=stored,
        is_one_story=story_of.get(article_id, -1) == story_of.get(other_id, -2),
        rule=verdict.rule,
        quotes=verdict.quotes,
        missing=missing,
        vetoes=verdict.vetoes,
        shared_passages=shared_passages(a, b),
        containment=None if pair is None else round(pair.containment_a, 4),
        containment_of=None if pair is None else round(pair.containment_b, 4),
        resemblance=None if pair is None else round(pair.resemblance, 4),
        shared_weight=None if pair is None else round(pair.shared, 2),
        decided_together=decided_between(connection, article_id, other_id),
        relation_today=today,
    )


def _decided_anew(
    connection: Connection, one: int, other: int, rules: Rules
) -> tuple[Relation | None, str | None]:
    """What the later of two that match is to the other, or why it is nothing to it.

    Two texts do not tell it alone: of a round-up the index knows whose the other passages are, and
    a story is compared by the articles of it that share most.
    """
    own, of = max(one, other), min(one, other)
    readings = Readings()
    work = gather(connection, {own: None}, 0, readings)
    book = StoryBook(connection, work.story_of, work.documents[own].at)
    book.story_of.pop(own, None)
    decision = decision_on(connection, own, work, book, readings, rules, is_new=False)
    for match in decision.matches:
        if match.of_article_id == of:
            return match.relation, None
    for miss in decision.near_misses:
        if miss.of_article_id == of:
            return None, miss.missing
    return None, "others share more with it: the two are not compared"


def shared_passages(a: Document, b: Document) -> tuple[str, ...]:
    """The runs of words of `a` that `b` has too, of three words up, longest first."""
    tokens = a.reading.shape.tokens
    shared = b.reading.holds(a.reading.shape.shingles)
    passages: list[tuple[int, int]] = []
    for position, is_shared in enumerate(shared.tolist()):
        if not is_shared:
            continue
        end = min(position + 3, len(tokens))
        if passages and position <= passages[-1][1] - 2:
            passages[-1] = (passages[-1][0], end)
        else:
            passages.append((position, end))
    passages.sort(key=lambda one: (one[0] - one[1], one[0]))
    return tuple(
        tokens.folded[int(tokens.start[start]) : int(tokens.end[end - 1])]
        for start, end in passages
    )
