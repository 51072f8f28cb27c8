"""Two texts -> the numbers by which a person would tell a republication."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ingest.dedupe.changes import Changes
from ingest.dedupe.headline import Headline
from ingest.dedupe.reading import Reading
from ingest.dedupe.tokenise import Flags, Floats


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """How the text `a` stands to the text `b`. Weights are sums of rarities, in words.

    `in_a` and `in_b` mark the shared shingles by position; `counts` are the different shingles of
    either text, `shared_count` those of both.
    """

    a: Reading
    b: Reading
    in_a: Flags
    in_b: Flags
    weights_a: Floats
    weights_b: Floats
    shared_count: int
    counts: tuple[int, int]
    shared: float
    weight_a: float
    weight_b: float
    title_overlap: float
    same_titles: bool
    titles_differ_in_numbers: bool

    @property
    def words(self) -> float:
        """Length of the shorter text."""
        return min(self.a.words, self.b.words)

    @property
    def containment_a(self) -> float:
        """The share of `a` found in `b`."""
        return self.shared / self.weight_a if self.weight_a else 0.0

    @property
    def containment_b(self) -> float:
        """The share of `b` found in `a`."""
        return self.shared / self.weight_b if self.weight_b else 0.0

    @property
    def containment(self) -> float:
        """Of the text of less weight in the other one."""
        return max(self.containment_a, self.containment_b)

    @property
    def coverage(self) -> float:
        """Of the text of more weight by the other one."""
        return min(self.containment_a, self.containment_b)

    @property
    def resemblance(self) -> float:
        """Weighted Jaccard."""
        union = self.weight_a + self.weight_b - self.shared
        return self.shared / union if union > 0 else 0.0

    @property
    def passage_length(self) -> float:
        """How many shingles in a row are shared, on average, in the lighter text."""
        shared = self.in_a if self.weight_a <= self.weight_b else self.in_b
        begins = np.count_nonzero(shared[1:] & ~shared[:-1]) + int(shared[:1].any())
        return float(np.count_nonzero(shared) / begins) if begins else 0.0


def overlap(a: Headline, b: Headline) -> float:
    """Shared words of two headlines over those of the smaller one, words of three letters up."""
    left, right = a.words, b.words
    if not left or not right:
        return 0.0
    return len(left & right) / min(len(left), len(right))


@dataclass(frozen=True, slots=True, eq=False)
class Common:
    """The shingles two texts share, by position in either, and how many different ones."""

    in_a: Flags
    in_b: Flags
    count: int


def common(a: Reading, b: Reading) -> Common:
    """What two texts share, whatever it weighs."""
    in_a, in_b = b.holds(a.shape.shingles), a.holds(b.shape.shingles)
    return Common(in_a, in_b, int(min((in_a & a.first).sum(), (in_b & b.first).sum())))


def compare(
    a: Reading, b: Reading, shared: Common, weights_a: Floats, weights_b: Floats
) -> Comparison:
    """Compare two texts; `weights_*` is the rarity (0-1) of each of their shingles."""
    heavy_a, heavy_b = weights_a * a.mass, weights_b * b.mass
    left, right = a.shape.headline, b.shape.headline
    return Comparison(
        a=a,
        b=b,
        in_a=shared.in_a,
        in_b=shared.in_b,
        weights_a=heavy_a,
        weights_b=heavy_b,
        shared_count=shared.count,
        counts=(a.count, b.count),
        shared=float(min(heavy_a[shared.in_a].sum(), heavy_b[shared.in_b].sum())),
        weight_a=float(heavy_a.sum()),
        weight_b=float(heavy_b.sum()),
        title_overlap=overlap(left, right),
        same_titles=bool(set(left.keys) & set(right.keys)),
        titles_differ_in_numbers=left.numbers != right.numbers,
    )


def healed(pair: Comparison, changed: Changes) -> Comparison:
    """The pair as it would stand had nobody misprinted a word.

    A misprint takes the three shingles of its word out of what is shared; they count as shared.
    """
    if not changed.misprints:
        return pair
    in_a, in_b = pair.in_a.copy(), pair.in_b.copy()
    for start_a, end_a, start_b, end_b in changed.misprints:
        in_a[max(0, start_a - 2) : end_a] = True
        in_b[max(0, start_b - 2) : end_b] = True
    shared = min(pair.weights_a[in_a].sum(), pair.weights_b[in_b].sum())
    return replace(pair, in_a=in_a, in_b=in_b, shared=float(shared))
