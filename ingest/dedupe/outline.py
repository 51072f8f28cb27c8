"""The outline of a text: 512 bytes that tell of most pairs that they share too little to be read.

    shingles -> groups, by their first 12 bits -> one bit for each group that has any

What two texts share lies in groups that both have. So they share no more shingles than they have
groups in common, and those that fell into a group which was taken already: of a text with so many
shingles in so many groups, the difference. What this bound rules out, reading would rule out too.
Of 1,848 pairs of made-up feeds that were read to be told apart 1,840 need not be read (2026-11);
256 bytes spare nine in ten, and texts of 2,000 words fill so many groups that they have to be read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ingest.dedupe.tokenise import Hashes, Ints

_GROUP_BITS = 12
OUTLINE_BYTES = (1 << _GROUP_BITS) // 8
_TO_GROUP = np.uint64(64 - _GROUP_BITS)
_BITS_SET = np.array([number.bit_count() for number in range(256)], np.uint8)


@dataclass(frozen=True, slots=True)
class Outline:
    """The groups of shingles a text has any of, a bit for each; `shingles` it has, repeats too."""

    groups: bytes
    shingles: int

    @staticmethod
    def of(shingles: Hashes) -> Outline:
        """That of a text."""
        has = np.zeros(1 << _GROUP_BITS, np.bool_)
        has[(shingles >> _TO_GROUP).view(np.int64)] = True
        return Outline(np.packbits(has).tobytes(), len(shingles))


def bounds(pairs: Sequence[tuple[Outline, Outline]]) -> tuple[Ints, Ints]:
    """For each pair: how many different shingles both have at most, and the shorter one at least.

    There must be a pair.
    """
    left, right = (_stacked([pair[side] for pair in pairs]) for side in (0, 1))
    in_left, in_right, in_both = _count(left), _count(right), _count(left & right)
    again_left = np.array([one.shingles for one, _ in pairs]) - in_left
    again_right = np.array([one.shingles for _, one in pairs]) - in_right
    return in_both + np.minimum(again_left, again_right), np.minimum(in_left, in_right)


def _stacked(outlines: Sequence[Outline]) -> NDArray[np.uint8]:
    joined = b"".join([one.groups for one in outlines])
    return np.frombuffer(joined, np.uint8).reshape(-1, OUTLINE_BYTES)


def _count(groups: NDArray[np.uint8]) -> Ints:
    return np.asarray(_BITS_SET[groups].sum(axis=1, dtype=np.int64))
