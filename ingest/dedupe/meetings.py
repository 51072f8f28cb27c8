"""Who shares hashes with whom: many new articles at once, in arrays over all of them.

Most new articles have no candidate, and a call of numpy costs as much as the votes of one article.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ingest.dedupe.answers import Answers, Lookup, once, runs
from ingest.dedupe.question import HEADLINE, STANDS_FOR, Question
from ingest.dedupe.tokenise import Flags, Floats, Ints

# One hash in common is a phrase in common, unless the text has hardly more than one.
MIN_HASHES = 2
FEW_HASHES = 8
# The verifier wants a quarter of the shorter text (`Rules.min_plain`). Where the hashes in common
# stand for less than a fifth, the texts have a sentence in common and are not looked at. On `dev`
# this changes no decision; where every text shares sentences it spares most comparisons.
MIN_SHARE = 0.2
# Of a passage that all of a batch have, these many articles are known among them.
MAX_OF_A_BATCH = 64


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


@dataclass(frozen=True, slots=True, eq=False)
class Meetings:
    """Pairs of an article asked about and another one with enough hashes in common, in order.

    `asker` is the number of the one asked about. The hashes of pair `i` stand in the answers at
    the places `at[begins[i] : begins[i] + shared[i]]`.
    """

    asker: Ints
    article: Ints
    shared: Ints  # hashes
    stands_for: Floats  # shingles
    begins: Ints
    at: Ints

    def have_enough(self, asked: Sequence[Asked], shingles_of: Lookup) -> Flags:
        """For each pair, whether there may be more in common than a sentence.

        `shingles_of` are the lengths of articles that are not asked about; 1 where it is unknown.
        """
        own = np.array([one.shingles for one in asked], np.int64)
        ids = np.array([one.article_id for one in asked], np.int64)
        its = Lookup.of_pairs(ids, own).get(self.article, shingles_of.get(self.article, 1))
        return np.asarray(self.stands_for >= MIN_SHARE * np.minimum(own[self.asker], its))

    @property
    def have_the_headline(self) -> Flags:
        """For each pair, whether the headlines are one."""
        return np.asarray(self.stands_for >= HEADLINE)

    @property
    def places(self) -> Ints:
        """Where the hashes of these pairs stand in the answers, each once and in order."""
        return once(self.at[runs(self.begins, self.shared)])

    def only(self, pairs: Flags) -> Meetings:
        """These pairs alone."""
        return Meetings(
            self.asker[pairs],
            self.article[pairs],
            self.shared[pairs],
            self.stands_for[pairs],
            self.begins[pairs],
            self.at,
        )


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
    at = runs(begins, counts)
    of_hash, article = np.repeat(np.arange(len(begins)), counts), article[at]
    # A question may ask for a hash twice.
    is_new = np.ones(len(at), np.bool_)
    is_new[1:] = (of_hash[1:] != of_hash[:-1]) | (article[1:] != article[:-1])
    counts = np.bincount(of_hash[is_new], minlength=len(begins))
    return Answers(hashes[begins], np.append(0, np.cumsum(counts)), article[is_new])


def meetings_of(asked: Sequence[Asked], answers: Answers) -> Meetings:
    """The articles that share enough hashes with each one asked about."""
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
    codes = min(_CODES, 1 << (4 * len(by)).bit_length())
    code = (asker * 40_503 + article * 2_654_435_761) & (codes - 1)
    often = np.bincount(code, minlength=codes)[code] > 1
    if (least == 1).any():
        often |= least[asker] == 1
    kept = np.flatnonzero(often)
    asker, article, by = asker[kept], article[kept], by[kept]
    others = np.flatnonzero(article != own[asker])
    asker, article, by = asker[others], article[others], by[others]
    order = np.lexsort((article, asker))
    asker, article, by = asker[order], article[order], by[order]
    is_new = np.ones(len(order), np.bool_)
    is_new[1:] = (asker[1:] != asker[:-1]) | (article[1:] != article[:-1])
    begins = np.flatnonzero(is_new)
    ends = np.append(begins, len(order))
    worth = STANDS_FOR[np.concatenate([one.question.codes for one in asked])]
    met = Meetings(
        asker[begins],
        article[begins],
        np.diff(ends),
        np.diff(np.append(0.0, np.cumsum(worth[by]))[ends]),
        begins,
        which[by],
    )
    return met.only(met.shared >= least[met.asker])


_CODES = 1 << 18  # at most; four times as many as there are meetings
