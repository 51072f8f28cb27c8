"""What a batch of the queue is decided on: read for all of its articles in a few statements.

    questions -> answers of the index -> who meets whom -> lengths: is that more than a sentence?
      -> stories -> who is compared with whom -> texts -> how rare is what both have

Each arrow leaves most of what is before it behind, and asks the database about the rest only.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy import Connection, select

from ingest.dedupe import RULES, Document, Rules
from ingest.dedupe.answers import Answers, Lookup, is_among, once
from ingest.dedupe.candidates import Chosen, Foreseen, choose, foresee, worth_a_look
from ingest.dedupe.decide import hashes_to_count
from ingest.dedupe.meetings import Asked, among_themselves, meetings_of
from ingest.dedupe.outline import Outline
from ingest.dedupe.question import unpacked
from ingest.dedupe.rarity import StoryCounts
from ingest.dedupe.tokenise import Ints
from ingest.dedupe.verify import share_too_little
from ingest.store.candidates import Readings, SqlIndex, load_documents
from ingest.store.lists import of_articles
from ingest.store.tables import story_article

if TYPE_CHECKING:
    from ingest.store.foresight import Prepared

AHEAD = 12  # of the articles of its batch an article may be compared with, so many are prepared


@dataclass(frozen=True, slots=True)
class Gathered:
    """What a batch is decided on: index answers, candidates' texts, stories."""

    index: SqlIndex
    answers: Answers  # of it, about all the hashes asked about
    asked: Mapping[int, Asked]  # by article of the batch, as the next
    foreseen: Mapping[int, Foreseen]  # those that are compared with any
    documents: dict[int, Document]
    story_of: dict[int, int]  # of articles of the batch, and of those that may be candidates
    shingles_of: Lookup
    counts: StoryCounts
    rules: Rules
    seen: set[tuple[int, int]]  # pairs that were looked at: are they worth reading, and how rare
    outlines: dict[int, Outline | None]  # None: not known, or it has none
    apart: set[tuple[int, int]]  # those of them that share too little, whatever is read


def nothing_gathered(connection: Connection, batch: Sequence[int]) -> Gathered:
    """Where articles are not compared at all."""
    story_of = stories_of(connection, set(batch))
    nothing = np.empty(0, np.int64)
    index, counts = SqlIndex(connection, 0), StoryCounts(())
    lengths = Lookup(nothing, nothing)
    answers = Answers.of({})
    return Gathered(index, answers, {}, {}, {}, story_of, lengths, counts, RULES, set(), {}, set())


def gather(
    connection: Connection,
    batch: Mapping[int, bytes | None],
    floor: int,
    readings: Readings,
    rules: Rules = RULES,
    foresight: Prepared | None = None,
) -> Gathered:
    """Read all that the batch is likely to need. `batch`: what is asked about each, packed."""
    story_of = stories_of(connection, {*batch})
    counts = StoryCounts([*batch])
    new = [one for one in batch if one not in story_of]
    below = _first_undecided(connection, new)
    if foresight is not None and foresight.fits(new, floor, below) and not story_of:
        index = SqlIndex(connection, floor, *below, known=foresight.answers)
        asked, met, answers = foresight.asked, foresight.met, foresight.answers[0]
        documents: dict[int, Document] = {}
    else:
        index = SqlIndex(connection, floor, *below)
        unread = [one for one, question in batch.items() if not question]
        documents = load_documents(connection, unread, readings) if unread else {}
        asked = [
            Asked(one, unpacked(question) if question else documents[one].reading.question)
            for one, question in batch.items()
        ]
        waiting = among_themselves([one for one in asked if one.article_id not in story_of])
        answers = index.ask(np.concatenate([one.hashes for one in asked]), waiting)
        met = meetings_of(asked, answers)
    every = once(met.article)
    shingles_of = lengths_of(connection, every)
    met = worth_a_look(asked, met, shingles_of)
    # Whose story a hash is to be counted for: all that meet anyone, of the hashes that may vote.
    voting = once(answers.at(met.places).articles)
    story_of.update(stories_of(connection, voting[is_among(voting, every)].tolist()))
    gathered = Gathered(
        index,
        answers,
        {one.article_id: one for one in asked},
        foresee(asked, answers, met, story_of, shingles_of),
        documents,
        story_of,
        shingles_of,
        counts,
        rules,
        set(),
        {},
        set(),
    )
    foreseen = gathered.foreseen.items()
    pairs = [(own, each.article_id) for own, one in foreseen for each in one.chosen]
    pairs += [(own, each) for own, one in foreseen for each in one.waits_for[:AHEAD]]
    add_candidates(connection, gathered, pairs, readings)
    return gathered


def add_candidates(
    connection: Connection,
    gathered: Gathered,
    pairs: Sequence[tuple[int, int]],
    readings: Readings,
) -> None:
    """Read what may match of these pairs; how rare texts and headlines are where it matters."""
    gathered.seen.update(pairs)
    documents = gathered.documents
    apart = _told_apart(connection, gathered, pairs, readings)
    gathered.apart.update(apart)
    pairs = [one for one in pairs if one not in apart]
    missing = {each for pair in pairs for each in pair} - documents.keys()
    if missing:
        documents.update(load_documents(connection, missing, readings))
    hashes = hashes_to_count([(documents[a].reading, documents[b].reading) for a, b in pairs])
    if hashes:
        _count_stories(connection, gathered, hashes)


def _told_apart(
    connection: Connection,
    gathered: Gathered,
    pairs: Sequence[tuple[int, int]],
    readings: Readings,
) -> set[tuple[int, int]]:
    """Those of the pairs whose outlines tell that they share too little to be read."""
    outlines = gathered.outlines
    _find_outlines(connection, gathered, {each for pair in pairs for each in pair}, readings)
    pairs = [one for one in pairs if outlines[one[0]] is not None]
    unread = {other for _, other in pairs if outlines[other] is None} - gathered.documents.keys()
    if unread:
        documents = load_documents(connection, unread, readings)
        gathered.documents.update(documents)
        outlines.update((one, its.reading.outline) for one, its in documents.items())
    told = share_too_little([(outlines[a], outlines[b]) for a, b in pairs], gathered.rules)
    return {pair for pair, is_apart in zip(pairs, told, strict=True) if is_apart}


def _find_outlines(
    connection: Connection, gathered: Gathered, article_ids: Collection[int], readings: Readings
) -> None:
    """Look for the outlines of these: those of the batch, and those that are kept."""
    outlines = gathered.outlines
    unknown = [one for one in article_ids if one not in outlines]
    outlines.update(dict.fromkeys(unknown))
    outlines.update((one, its.question.outline) for one, its in gathered.asked.items())
    others = [one for one in unknown if one not in gathered.asked]
    if others:
        ids, versions = of_articles(connection, "article", "content_hash", others, key="id")
        for one, version in zip(ids.tolist(), versions.tolist(), strict=True):
            outlines[one] = readings.outlines.get(one, version)


def keep_outlines(gathered: Gathered, versions: Mapping[int, int], readings: Readings) -> None:
    """Keep those of the batch: the next may be like it. `versions` are its content hashes."""
    for one, its in gathered.asked.items():
        if its.question.outline is not None:
            readings.outlines.put(one, versions[one], its.question.outline)


def candidates_of(own: int, gathered: Gathered, *, is_new: bool) -> Sequence[Chosen]:
    """What an article is compared with: those that were foreseen, unless stories have changed."""
    foreseen = gathered.foreseen.get(own)
    if foreseen is None:
        return ()
    story_of = gathered.story_of
    holds = all(story_of.get(one.article_id) == one.story_id for one in foreseen.chosen)
    if is_new and holds and not foreseen.waits_for:
        return foreseen.chosen
    return choose(
        gathered.asked[own], gathered.answers, story_of, gathered.shingles_of, gathered.asked
    )


def _count_stories(connection: Connection, gathered: Gathered, hashes: Collection[int]) -> None:
    """In how many stories these hashes occur."""
    counts = gathered.counts
    answers = gathered.index.answers_to(counts.unknown(hashes))
    of_strangers = _stories(connection, counts.strangers(answers))
    counts.add(answers, of_strangers, gathered.story_of)


def _first_undecided(connection: Connection, new: Sequence[int]) -> tuple[int, ...]:
    """The lowest id of these, if no article from there on has been decided."""
    if not new:
        return ()
    lowest = min(new)
    later = select(story_article.c.article_id).where(story_article.c.article_id >= lowest).limit(1)
    return (lowest,) if connection.scalar(later) is None else ()


def stories_of(connection: Connection, article_ids: Collection[int]) -> dict[int, int]:
    """The story of each of these articles that has one."""
    if not article_ids:
        return {}
    found = _stories(connection, np.fromiter(article_ids, np.int64, len(article_ids)))
    return dict(zip(found.keys.tolist(), found.values.tolist(), strict=True))


def _stories(connection: Connection, article_ids: Ints) -> Lookup:
    return Lookup.of_pairs(
        *of_articles(connection, "story_article", "story_id", article_ids.tolist())
    )


def lengths_of(connection: Connection, article_ids: Ints) -> Lookup:
    """How many shingles the texts of these articles have."""
    ids, tokens = of_articles(connection, "fingerprint", "token_count", article_ids.tolist())
    return Lookup.of_pairs(ids, np.maximum(1, tokens - 2))
