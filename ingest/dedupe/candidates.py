"""Which articles are worth comparing: votes of the hashes they share with new ones.

Many new articles are asked about at once, in arrays over all of them: most have no candidate, and
a call of numpy costs as much as the votes of one article.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ingest.dedupe.answers import Answers, is_among, runs
from ingest.dedupe.question import HEADLINE, STANDS_FOR, Question
from ingest.dedupe.tokenise import Ints

# A hash of more stories than this votes for none: it stands in boilerplate or is a common phrase.
MAX_STORIES_A_HASH = 16
MAX_STORIES = 6  # stories compared with; more changed nothing on `dev`
DOCUMENTS_A_STORY = 2  # of each, the two that share most: one may be an abridgement of its own
# One hash in common is a phrase in common, unless the text has hardly more than one.
MIN_HASHES = 2
FEW_HASHES = 8
# A member supports its story's claim if it shares a quarter of what the best member does.
SUPPORT_SHARE = 0.25
MIN_VOTE_SHARE = 0.15  # of the best story's votes: below that only common phrases are shared
# The verifier wants a quarter of the shorter text (`Rules.min_plain`). Where the hashes in common
# stand for less than a fifth, the texts have a sentence in common and are not looked at. On `dev`
# this changes no decision; where every text shares sentences it spares most comparisons.
MIN_SHARE = 0.2
MAX_NAMED = 2  # a headline of more stories is a label ("Morning briefing") and tells nothing


@dataclass(frozen=True, slots=True)
class Asked:
    """An article and what the index is asked about it."""

    article_id: int
    question: Question

    @property
    def hashes(self) -> Ints:
        """The hashes that are looked up."""
        return self.question.hashes

    @property
    def shingles(self) -> int:
        """How many the text has."""
        return self.question.shingles


# Of a passage that all of a batch have, these many articles are known among them.
MAX_OF_A_BATCH = 64


def among_themselves(asked: Sequence[Asked]) -> Answers:
    """Which of these articles have each of their hashes, the first of them."""
    if not asked:
        return Answers.of({})
    hashes = np.concatenate([one.hashes for one in asked])
    article = np.repeat([one.article_id for one in asked], [len(one.hashes) for one in asked])
    order = np.argsort(hashes, kind="stable")
    hashes, article = hashes[order], article[order]
    begins = np.flatnonzero(np.append(True, hashes[1:] != hashes[:-1])[: len(hashes)])
    counts = np.minimum(np.diff(np.append(begins, len(hashes))), MAX_OF_A_BATCH)
    return Answers(hashes[begins], np.append(0, np.cumsum(counts)), article[runs(begins, counts)])


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
    stands_for: float  # shingles
    hashes: list[int]  # where they stand in the answers

    @property
    def has_the_headline(self) -> bool:
        """Whether the headlines are one."""
        return self.stands_for >= HEADLINE

    def is_enough_of(self, asked: Asked, shingles_of: Mapping[int, int]) -> bool:
        """Whether there may be more in common than a sentence."""
        shorter = min(asked.shingles, shingles_of.get(self.article_id, 0))
        return self.stands_for >= MIN_SHARE * shorter


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What an article of a batch will be compared with, as far as can be said before its turn.

    `waits_for`: articles of the batch that come before it and share enough with it, those that
    share most first. When they have their stories it is to be asked about again.
    """

    chosen: list[Chosen]
    waits_for: list[int]


def choose(
    asked: Asked,
    answers: Answers,
    story_of: Mapping[int, int],
    shingles_of: Mapping[int, int],
    undecided: Collection[int] = (),
) -> list[Chosen]:
    """The articles to compare this one with, best first.

    Articles without a story are passed over, and no article is its own candidate; those of them
    that are not `undecided` count for a story each. A hash gives one over the root of its stories,
    so that a phrase of fifty stories counts as much as a seventh of a rare one; a story has the
    votes of its best article. `shingles_of` are the lengths of articles' texts.
    """
    answers = answers.only({*asked.hashes.tolist()})
    found = [one for one in pairs_of([asked], answers)[0] if one.article_id in story_of]
    if not found:
        return []
    known = {one: story_of[one] for one in answers.articles.tolist() if one in story_of}
    votes = _votes(answers, known, [one for one in undecided if one not in known])
    return _choose(asked, found, votes, story_of, shingles_of)


def foresee(
    asked: Sequence[Asked],
    answers: Answers,
    pairs: Sequence[Sequence[Pair]],
    story_of: Mapping[int, int],
    shingles_of: Mapping[int, int],
) -> list[Foreseen]:
    """The same for a batch that will be decided in this order.

    `story_of` are the stories before it: of the articles in `pairs`, at least.
    """
    turn = {one.article_id: number for number, one in enumerate(asked)}
    lengths = {**shingles_of, **{one.article_id: one.shingles for one in asked}}
    votes = _votes(answers, story_of, [one for one in turn if one not in story_of])
    foreseen = []
    for number, (one, found) in enumerate(zip(asked, pairs, strict=True)):
        decided, waiting = [], []
        for pair in found:
            if pair.article_id in story_of:
                decided.append(pair)
            elif turn.get(pair.article_id, number) < number and pair.is_enough_of(one, lengths):
                waiting.append((-pair.shared, pair.article_id))
        chosen = _choose(one, decided, votes, story_of, lengths) if decided else []
        foreseen.append(Foreseen(chosen, [article for _, article in sorted(waiting)]))
    return foreseen


def pairs_of(asked: Sequence[Asked], answers: Answers) -> list[list[Pair]]:
    """For each one asked about: the articles that share enough hashes with it."""
    lengths = [len(one.hashes) for one in asked]
    hashes = np.concatenate([one.hashes for one in asked])
    which = answers.hashes.searchsorted(hashes)
    times = np.diff(answers.begins)[which]
    # Every hash asked about meets every article that has it.
    by = np.repeat(np.arange(len(hashes)), times)
    article = answers.articles[runs(answers.begins[which], times)]
    asker = np.repeat(np.arange(len(asked)), lengths)[by]
    own = np.array([one.article_id for one in asked])
    least = np.array([1 if n <= FEW_HASHES else MIN_HASHES for n in lengths])
    # Nearly all meet once. They are told by a short code of theirs, before anything is sorted.
    code = (asker * 40_503 + article * 2_654_435_761) & _CODES
    often = np.bincount(code, minlength=_CODES + 1)[code]
    kept = np.flatnonzero((often >= least[asker]) & (article != own[asker]))
    asker, article, by = asker[kept], article[kept], by[kept]
    order = np.lexsort((article, asker))
    asker, article, by = asker[order], article[order], by[order]
    is_new = np.ones(len(order), np.bool_)
    is_new[1:] = (asker[1:] != asker[:-1]) | (article[1:] != article[:-1])
    begins = np.flatnonzero(is_new)
    ends = np.append(begins, len(order))
    shared = np.diff(ends)
    worth = STANDS_FOR[np.concatenate([one.question.codes for one in asked])]
    stands_for = np.diff(np.append(0.0, np.cumsum(worth[by]))[ends])
    found: list[list[Pair]] = [[] for _ in asked]
    enough = np.flatnonzero(shared >= least[asker[begins]])
    at = which[by].tolist()
    for who, what, many, much, begin in zip(
        asker[begins[enough]].tolist(),
        article[begins[enough]].tolist(),
        shared[enough].tolist(),
        stands_for[enough].tolist(),
        begins[enough].tolist(),
        strict=True,
    ):
        found[who].append(Pair(what, many, much, at[begin : begin + many]))
    return found


_CODES = (1 << 18) - 1


def _votes(
    answers: Answers, story_of: Mapping[int, int], undecided: Collection[int]
) -> list[float]:
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
    given: list[float] = votes.tolist()
    return given


def _choose(
    asked: Asked,
    found: Sequence[Pair],
    votes: Sequence[float],
    story_of: Mapping[int, int],
    shingles_of: Mapping[int, int],
) -> list[Chosen]:
    members: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    best: dict[int, float] = {}
    named: set[int] = set()
    for pair in found:
        story = story_of[pair.article_id]
        members[story].append((-pair.shared, pair.article_id))
        if pair.has_the_headline:
            named.add(story)
        if pair.is_enough_of(asked, shingles_of):
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
