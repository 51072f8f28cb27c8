"""Which articles are worth comparing: votes of the hashes they share with new ones."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ingest.dedupe.answers import Answers, Lookup, is_among
from ingest.dedupe.meetings import Asked, Meetings, meetings_of
from ingest.dedupe.tokenise import Floats, Ints

# A hash of more stories than this votes for none: it stands in boilerplate or is a common phrase.
MAX_STORIES_A_HASH = 16
MAX_STORIES = 6  # stories compared with; more changed nothing on `dev`
DOCUMENTS_A_STORY = 2  # of each, the two that share most: one may be an abridgement of its own
# A member supports its story's claim if it shares a quarter of what the best member does.
SUPPORT_SHARE = 0.25
MIN_VOTE_SHARE = 0.15  # of the best story's votes: below that only common phrases are shared
MAX_NAMED = 2  # a headline of more stories is a label ("Morning briefing") and tells nothing


@dataclass(frozen=True, slots=True)
class Chosen:
    """An article to compare with; `support` articles of its story share hashes in plenty."""

    article_id: int
    story_id: int
    support: int


class Pair(NamedTuple):
    """Another article that shares hashes with the one asked about."""

    article_id: int
    shared: int  # hashes
    has_enough: bool  # in common: maybe more than a sentence
    has_the_headline: bool
    hashes: list[int]  # where they stand in the answers


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What an article of a batch will be compared with, as far as can be said before its turn.

    `waits_for`: articles of the batch that come before it and share enough with it, those that
    share most first. When they have their stories it is to be asked about again.
    """

    chosen: Sequence[Chosen] = ()
    waits_for: Sequence[int] = ()


def choose(
    asked: Asked,
    answers: Answers,
    story_of: Mapping[int, int],
    shingles_of: Lookup,
    undecided: Collection[int] = (),
) -> list[Chosen]:
    """The articles to compare this one with, best first.

    Articles without a story are passed over, and no article is its own candidate; those of them
    that are not `undecided` count for a story each. A hash gives one over the root of its stories,
    so that a phrase of fifty stories counts as much as a seventh of a rare one; a story has the
    votes of its best article. `shingles_of` are the lengths of articles' texts.
    """
    answers = answers.only({*asked.hashes.tolist()})
    met = meetings_of([asked], answers)
    found = [one for one in _pairs([asked], met, shingles_of)[0] if one.article_id in story_of]
    if not found:
        return []
    known = {one: story_of[one] for one in answers.articles.tolist() if one in story_of}
    votes = _votes(answers, known, [one for one in undecided if one not in known])
    return _choose(found, votes.tolist(), story_of)


def worth_a_look(asked: Sequence[Asked], met: Meetings, shingles_of: Lookup) -> Meetings:
    """Without those that share enough with nobody: whatever they meet, they choose none."""
    looks = np.bincount(met.asker[met.have_enough(asked, shingles_of)], minlength=len(asked)) > 0
    return met.only(looks[met.asker])


def foresee(
    asked: Sequence[Asked],
    answers: Answers,
    met: Meetings,
    story_of: Mapping[int, int],
    shingles_of: Lookup,
) -> dict[int, Foreseen]:
    """The same for a batch that will be decided in this order; by article that is worth a look.

    `story_of` are the stories before it: of the articles in `met`, at least.
    """
    turn = {one.article_id: number for number, one in enumerate(asked)}
    places = met.places
    votes = np.zeros(len(answers.hashes))
    votes[places] = _votes(answers.at(places), story_of, [x for x in turn if x not in story_of])
    given = votes.tolist()
    foreseen = {}
    for number, (one, found) in enumerate(zip(asked, _pairs(asked, met, shingles_of), strict=True)):
        if not found:
            continue
        decided, waiting = [], []
        for pair in found:
            if pair.article_id in story_of:
                decided.append(pair)
            elif turn.get(pair.article_id, number) < number and pair.has_enough:
                waiting.append((-pair.shared, pair.article_id))
        chosen = _choose(decided, given, story_of) if decided else []
        foreseen[one.article_id] = Foreseen(chosen, [article for _, article in sorted(waiting)])
    return foreseen


def _pairs(asked: Sequence[Asked], met: Meetings, shingles_of: Lookup) -> list[list[Pair]]:
    """For each one asked about, those it meets."""
    found: list[list[Pair]] = [[] for _ in asked]
    at = met.at.tolist()
    for who, what, many, enough, named, begin in zip(
        met.asker.tolist(),
        met.article.tolist(),
        met.shared.tolist(),
        met.have_enough(asked, shingles_of).tolist(),
        met.have_the_headline.tolist(),
        met.begins.tolist(),
        strict=True,
    ):
        found[who].append(Pair(what, many, enough, named, at[begin : begin + many]))
    return found


def _votes(answers: Answers, story_of: Mapping[int, int], undecided: Collection[int]) -> Floats:
    """What each hash of the answers gives to a story that has it."""
    known = np.array(sorted(story_of), np.int64)
    stories = np.array([story_of[one] for one in known.tolist()], np.int64)
    of_hash = np.repeat(np.arange(len(answers.hashes)), np.diff(answers.begins))
    is_known = is_among(answers.articles, known)
    is_open = is_among(answers.articles, np.array(sorted(undecided), np.int64))

    def count(hashes: Ints) -> Ints:
        return np.bincount(hashes, minlength=len(answers.hashes))

    # Those of a batch that are still to be decided are one story at most, for one of them.
    stories_with = count(of_hash[~is_known & ~is_open]) + (count(of_hash[is_open]) > 1)
    if len(known):
        its = stories[known.searchsorted(answers.articles[is_known])]
        order = np.lexsort((its, of_hash[is_known]))
        hashes, its = of_hash[is_known][order], its[order]
        is_new = np.ones(len(order), np.bool_)
        is_new[1:] = (hashes[1:] != hashes[:-1]) | (its[1:] != its[:-1])
        stories_with += count(hashes[is_new])
    votes = 1.0 / np.sqrt(np.maximum(stories_with, 1))
    votes[stories_with > MAX_STORIES_A_HASH] = 0.0
    return np.asarray(votes)


def _choose(
    found: Sequence[Pair], votes: Sequence[float], story_of: Mapping[int, int]
) -> list[Chosen]:
    members: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    best: dict[int, float] = {}
    named: set[int] = set()
    for pair in found:
        story = story_of[pair.article_id]
        members[story].append((-pair.shared, pair.article_id))
        if pair.has_the_headline:
            named.add(story)
        if pair.has_enough:
            given = sum([votes[one] for one in pair.hashes])
            if given > best.get(story, 0.0):
                best[story] = given
    enough_votes = MIN_VOTE_SHARE * max(best.values(), default=0.0)
    ranked = sorted((-given, story) for story, given in best.items() if given >= enough_votes)
    # A story that has the headline is looked at however much of the text another one has.
    stories = [story for _, story in ranked[:MAX_STORIES]]
    if len(named) <= MAX_NAMED:
        stories += sorted((named & best.keys()).difference(stories))
    chosen: list[Chosen] = []
    for story in stories:
        # Of equal ones the oldest: it is the likelier original, and the choice is deterministic.
        of_story = sorted(members[story])
        enough = SUPPORT_SHARE * -of_story[0][0]
        support = sum(-shared >= enough for shared, _ in of_story)
        chosen += [Chosen(article, story, support) for _, article in of_story[:DOCUMENTS_A_STORY]]
    return chosen
