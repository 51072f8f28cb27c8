"""A text prepared for comparison: shingles to look up, slots to compare, weights by rarity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ingest.dedupe.fingerprint import Shape, is_sampled
from ingest.dedupe.tokenise import Flags, Floats, Hashes, mix

_MASK = np.uint64(0x6A09E667F3BCC909)  # stands for any number in a slot's context
_SECOND = np.uint64(0xBB67AE8584CAA73B)
_THIRD = np.uint64(0x3C6EF372FE94F82B)

# A word shorter than this says nothing in a slot: articles and prepositions are edited freely.
MIN_SLOT_LETTERS = 3


@dataclass(frozen=True, slots=True, eq=False)
class Slots:
    """The tokens of a text by their context: two tokens before and one after, numbers masked.

    Sorted by context; a context that occurs twice in the text is left out.
    """

    contexts: Hashes
    values: Hashes
    is_number: Flags
    is_word: Flags


class Reading:
    """A `Shape` with what comparisons need, computed once and when first asked for."""

    __slots__ = ("_slots", "first", "mass", "shape", "sorted_shingles", "words")

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
        self.sorted_shingles: Hashes = ordered
        self.mass: Floats = shape.tokens.mass[: len(shingles)] * self.first
        self.words: float = shape.words
        self._slots: Slots | None = None

    def holds(self, shingles: Hashes) -> Flags:
        """For each of `shingles`, whether this text has it."""
        if not len(self.sorted_shingles):
            return np.zeros(len(shingles), np.bool_)
        at = np.searchsorted(self.sorted_shingles, shingles)
        at[at == len(self.sorted_shingles)] = 0
        return self.sorted_shingles[at] == shingles

    @property
    def slots(self) -> Slots:
        if self._slots is None:
            self._slots = _slots(self.shape)
        return self._slots


def _slots(shape: Shape) -> Slots:
    tokens = shape.tokens
    hashes = tokens.hashes
    masked = np.where(tokens.is_number, _MASK, hashes)
    if len(hashes) < 4:
        empty = np.empty(0, np.uint64)
        return Slots(empty, empty, np.empty(0, np.bool_), np.empty(0, np.bool_))
    contexts = mix(masked[:-3] + masked[1:-2] * _SECOND + mix(masked[3:] * _THIRD))
    order = np.argsort(contexts, kind="stable")
    contexts = contexts[order]
    same = contexts[1:] == contexts[:-1]
    lonely = ~(np.append(same, False) | np.insert(same, 0, False))
    order = order[lonely] + 2
    letters = tokens.end[order] - tokens.start[order]
    number = tokens.is_number[order]
    word = ~number & ((letters >= MIN_SLOT_LETTERS) | (tokens.mass[order] < 1))
    return Slots(contexts[lonely], hashes[order], number, word)


def spread(shape: Shape, sampled_counts: Floats) -> Floats:
    """Counts known for the sampled shingles, spread over all shingles of the text.

    Rarity is a property of passages: a shingle between two that occur in fifty stories stands in
    the same boilerplate. Unsampled ones get the (geometric) interpolation of their neighbours.
    """
    sampled = is_sampled(shape.shingles)
    if sampled.all():
        return sampled_counts.astype(np.float64)
    if not len(sampled_counts):
        return np.zeros(len(sampled))
    logs = np.log1p(sampled_counts)
    return np.expm1(np.interp(np.arange(len(sampled)), np.flatnonzero(sampled), logs))
