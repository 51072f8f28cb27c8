"""A text prepared for comparison: shingles to look up, slots to compare, weights by rarity."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from ingest.dedupe.changes import Skeleton, skeleton
from ingest.dedupe.fingerprint import (
    Shape,
    Shapes,
    as_postings,
    outline_of,
    question_of,
    title_postings,
)
from ingest.dedupe.outline import Outline
from ingest.dedupe.question import Question
from ingest.dedupe.tokenise import Flags, Floats, Hashes, Ints, chunks


class Reading:
    """A `Shape` with what comparisons need, computed once and when first asked for."""

    def __init__(self, shape: Shape | None = None, among: tuple[Shapes, int] | None = None):
        self._shape = shape
        self._among = among  # one of many: some are asked about, never compared, and never cut out

    @property
    def shape(self) -> Shape:
        """The text as it was read."""
        if self._shape is None:
            assert self._among is not None
            shapes, number = self._among
            self._shape, self._among = shapes.shape(number), None
        return self._shape

    @cached_property
    def question(self) -> Question:
        """What the index is asked about the text."""
        if self._among is not None:
            shapes, number = self._among
            return shapes.question(number)
        return question_of(self.shape)

    @cached_property
    def outline(self) -> Outline | None:
        """What tells of most pairs that they need not be compared."""
        if self._among is not None:
            shapes, number = self._among
            return shapes.outline(number)
        return outline_of(self.shape)

    @cached_property
    def words(self) -> float:
        """The length of the text."""
        return self.shape.words

    @cached_property
    def first(self) -> Flags:
        """Where a shingle stands for the first time.

        Its repeats within a text weigh nothing: a sum over positions is a sum over the set.
        """
        shingles = self.shape.shingles
        first = np.ones(len(shingles), np.bool_)
        if self.count < len(shingles):  # to put them in order takes four times as long as counting
            order = np.argsort(shingles, kind="stable")
            ordered = shingles[order]
            first[order[1:]] = ordered[1:] != ordered[:-1]
        return first

    @cached_property
    def distinct(self) -> Hashes:
        """The different shingles, in order."""
        ordered = np.sort(self.shape.shingles)
        kept = np.ones(len(ordered), np.bool_)
        np.not_equal(ordered[1:], ordered[:-1], out=kept[1:])
        return np.asarray(ordered[kept])

    @property
    def count(self) -> int:
        """How many different shingles there are."""
        return len(self.distinct)

    @cached_property
    def mass(self) -> Floats:
        """What each shingle weighs, in words, however common it is."""
        shape = self.shape
        return np.asarray(shape.tokens.mass[: len(shape.shingles)] * self.first)

    @cached_property
    def sampled_at(self) -> Ints:
        """Where the shingles stand that the index knows."""
        return np.flatnonzero(self.shape.stands_for)

    @cached_property
    def sampled(self) -> list[int]:
        """Those shingles, signed as the index stores them."""
        return as_postings(self.shape.shingles[self.sampled_at])

    @cached_property
    def title_postings(self) -> list[int]:
        """Those of the headline."""
        return title_postings(self.shape.headline.keys)

    def holds(self, shingles: Hashes) -> Flags:
        """For each of `shingles`, whether this text has it."""
        if not len(self.distinct):
            return np.zeros(len(shingles), np.bool_)
        at = self.distinct.searchsorted(shingles)
        at[at == len(self.distinct)] = 0
        return np.asarray(self.distinct[at] == shingles)

    @cached_property
    def skeleton(self) -> Skeleton:
        """The text with its numbers masked, to be laid beside another."""
        return skeleton(self.shape.tokens)


def spread(reading: Reading, sampled_counts: Floats) -> Floats:
    """Counts known for the sampled shingles, spread over all shingles of the text.

    Rarity is a property of passages: a shingle between two that occur in fifty stories stands in
    the same boilerplate. One between a common and a rare one counts as common: the edge of a
    boilerplate paragraph must not be taken for news.
    """
    total = len(reading.shape.shingles)
    if len(sampled_counts) == total:
        return sampled_counts
    if not len(sampled_counts):
        return np.zeros(total)
    is_sampled = reading.shape.stands_for > 0
    up_to_here = np.cumsum(is_sampled)
    before = np.maximum(up_to_here - 1, 0)
    after = np.minimum(up_to_here - is_sampled, len(sampled_counts) - 1)
    return np.asarray(np.maximum(sampled_counts[before], sampled_counts[after]))


def readings(pairs: Sequence[tuple[str, str | None]]) -> list[Reading]:
    """Read many headlines and texts."""
    parts = [(Shapes(pairs[part]), part) for part in chunks([text or "" for _, text in pairs])]
    return [Reading(among=(some, i)) for some, part in parts for i in range(part.stop - part.start)]
