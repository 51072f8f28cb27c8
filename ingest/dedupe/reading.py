"""A text prepared for comparison: shingles to look up, slots to compare, weights by rarity."""

from __future__ import annotations

import numpy as np

from ingest.dedupe.changes import Skeleton, skeleton
from ingest.dedupe.fingerprint import Shape, as_postings, is_sampled, title_keys
from ingest.dedupe.tokenise import Flags, Floats, Hashes, Ints


class Reading:
    """A `Shape` with what comparisons need, computed once and when first asked for."""

    __slots__ = (
        "_skeleton",
        "count",
        "distinct",
        "first",
        "mass",
        "sampled",
        "sampled_at",
        "shape",
        "title_postings",
        "words",
    )

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        shingles = shape.shingles
        order = np.argsort(shingles, kind="stable")
        ordered = shingles[order]
        # Repeats of a shingle within a text weigh nothing: a sum over positions is a sum over the
        # set.
        repeats = np.zeros(len(shingles), np.bool_)
        repeats[order[1:]] = ordered[1:] == ordered[:-1]
        self.first: Flags = ~repeats
        self.distinct: Hashes = ordered[~repeats[order]]
        self.mass: Floats = shape.tokens.mass[: len(shingles)] * self.first
        self.words: float = shape.words
        self.count = len(self.distinct)
        # The shingles the index knows, signed as it stores them, and where they stand.
        self.sampled_at: Ints = np.flatnonzero(is_sampled(shingles))
        self.sampled: list[int] = as_postings(shingles[self.sampled_at])
        self.title_postings: list[int] = as_postings(title_keys(shape.headline))
        self._skeleton: Skeleton | None = None

    def holds(self, shingles: Hashes) -> Flags:
        """For each of `shingles`, whether this text has it."""
        if not len(self.distinct):
            return np.zeros(len(shingles), np.bool_)
        at = self.distinct.searchsorted(shingles)
        at[at == len(self.distinct)] = 0
        return np.asarray(self.distinct[at] == shingles)

    def shares_with(self, other: Reading) -> int:
        """How many different shingles both texts have."""
        both = np.concatenate((self.distinct, other.distinct))
        both.sort(kind="stable")  # merges two runs that are in order, at once
        return int(np.count_nonzero(both[1:] == both[:-1]))

    @property
    def skeleton(self) -> Skeleton:
        """The text with its numbers masked, to be laid beside another."""
        if self._skeleton is None:
            self._skeleton = skeleton(self.shape.tokens)
        return self._skeleton


def spread(reading: Reading, sampled_counts: Floats) -> Floats:
    """Counts known for the sampled shingles, spread over all shingles of the text.

    Rarity is a property of passages: a shingle between two that occur in fifty stories stands in
    the same boilerplate. Unsampled ones get the (geometric) interpolation of their neighbours.
    """
    total = len(reading.shape.shingles)
    if len(sampled_counts) == total:
        return sampled_counts
    if not len(sampled_counts):
        return np.zeros(total)
    logs = np.log1p(sampled_counts)
    return np.expm1(np.interp(np.arange(total), reading.sampled_at, logs))
