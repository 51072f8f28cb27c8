"""What two texts put into the same places: the numbers and words that were exchanged.

Templates (markets, weather, scores, dividends) repeat every word and exchange the numbers and the
names; an edited copy keeps them and changes what lies between. So the texts are laid side by side
along the runs that they share with all numbers masked, and what stands in equal places is compared.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ingest.dedupe.tokenise import Hashes, Ints, Tokens, mix, shingle

_MASK = np.uint64(0x6A09E667F3BCC909)  # stands for any number
_RANK = np.uint64(0xBB67AE8584CAA73B)
_COUNT = np.uint64(0x3C6EF372FE94F82B)

# Two runs belong to one passage if at most so many tokens lie between them in either text.
MAX_GAP_TOKENS = 12
# Exchanged words that agree in half of their letters, from the front and the back, are one word
# misspelt ("llkely", "indusfrialized"), not two names.
MISSPELT_SHARE = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Skeleton:
    """The runs of three tokens of a text, numbers masked, each told apart from its repeats.

    A run that is repeated is known by its rank and by how often it occurs: it is laid beside its
    like only in a text that repeats it as often.
    """

    keys: Hashes
    sorted_keys: Hashes
    order: Ints
    number_sums: Hashes  # running sum of the numbers' hashes, to compare stretches by
    number_counts: Ints


@dataclass(frozen=True, slots=True)
class Changes:
    """Numbers and words in equal places of two texts. `misspelt` are exchanges of one word."""

    numbers_same: int = 0
    numbers_changed: int = 0
    words_same: int = 0
    words_changed: int = 0
    misspelt: int = 0

    @property
    def number_share(self) -> float:
        """The share of the numbers that were exchanged."""
        numbers = self.numbers_same + self.numbers_changed
        return self.numbers_changed / numbers if numbers else 0.0

    @property
    def places(self) -> int:
        """All places compared."""
        return self.numbers_same + self.numbers_changed + self.words_same + self.words_changed


def skeleton(tokens: Tokens) -> Skeleton:
    """Prepare a text for `changes`."""
    masked = np.where(tokens.is_number, _MASK, tokens.hashes)
    runs = shingle(masked) if len(masked) >= 3 else np.empty(0, np.uint64)
    order = np.argsort(runs, kind="stable")
    ordered = runs[order]
    starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1])[: len(ordered)])
    counts = np.diff(np.append(starts, len(ordered)))
    rank = np.arange(len(ordered)) - np.repeat(starts, counts)
    told = mix(
        ordered
        + rank.astype(np.uint64) * _RANK
        + np.repeat(counts, counts).astype(np.uint64) * _COUNT
    )
    keys = np.empty_like(told)
    keys[order] = told
    by_key = np.argsort(keys)
    numbers = np.where(tokens.is_number, tokens.hashes, np.uint64(0))
    return Skeleton(
        keys,
        keys[by_key],
        by_key,
        np.append(np.uint64(0), np.cumsum(numbers, dtype=np.uint64)),
        np.append(0, np.cumsum(tokens.is_number)),
    )


def changes(a: Tokens, b: Tokens, left: Skeleton, right: Skeleton) -> Changes:
    """Lay two texts side by side and count what is equal and what was exchanged."""
    if not len(left.keys) or not len(right.keys):
        return Changes()
    at = np.searchsorted(right.sorted_keys, left.keys)
    at[at == len(right.sorted_keys)] = 0
    here = np.flatnonzero(right.sorted_keys[at] == left.keys)
    if not len(here):
        return Changes()
    there = right.order[at[here]]
    seen, same = np.zeros(len(a), np.bool_), np.zeros(len(a), np.bool_)
    for offset in range(3):
        equal = a.hashes[here + offset] == b.hashes[there + offset]
        seen[here + offset] = True
        same[here[equal] + offset] = True
    number = a.is_number
    numbers_same = int((number & same).sum())
    numbers_changed = int((number & seen & ~same).sum())
    words_same = int((seen & ~number).sum())
    step_a, step_b = np.diff(here), np.diff(there)
    gap = (step_a > 1) & (step_b > 1) | (step_a == 1) & (step_b > 1) | (step_a > 1) & (step_b == 1)
    gap &= (step_a <= MAX_GAP_TOKENS + 3) & (step_b <= MAX_GAP_TOKENS + 3) & (step_b > 0)
    words_changed = misspelt = 0
    starts_a, starts_b = here[:-1][gap] + 3, there[:-1][gap] + 3
    ends_a, ends_b = here[1:][gap], there[1:][gap]
    counts_a = left.number_counts[ends_a] - left.number_counts[starts_a]
    counts_b = right.number_counts[ends_b] - right.number_counts[starts_b]
    sums_a = left.number_sums[ends_a] - left.number_sums[starts_a]
    sums_b = right.number_sums[ends_b] - right.number_sums[starts_b]
    for start_a, start_b, next_a, next_b, count_a, count_b, is_equal in zip(
        starts_a.tolist(),
        starts_b.tolist(),
        ends_a.tolist(),
        ends_b.tolist(),
        counts_a.tolist(),
        counts_b.tolist(),
        (sums_a == sums_b).tolist(),
        strict=True,
    ):
        if next_a <= start_a or next_b <= start_b:
            continue
        if count_a and count_b:
            if is_equal:
                numbers_same += count_a
            else:
                numbers_changed += max(count_a, count_b)
        elif is_misspelt(_words(a, start_a, next_a), _words(b, start_b, next_b)):
            misspelt += 1
        else:
            words_changed += 1
    return Changes(numbers_same, numbers_changed, words_same, words_changed, misspelt)


def is_misspelt(one: str, other: str) -> bool:
    """Whether two stretches are one word or phrase, letters apart."""
    longest = max(len(one), len(other))
    shortest = min(len(one), len(other))
    front = 0
    while front < shortest and one[front] == other[front]:
        front += 1
    back = 0
    while back < shortest - front and one[-1 - back] == other[-1 - back]:
        back += 1
    return front + back >= MISSPELT_SHARE * longest


def _words(tokens: Tokens, start: int, end: int) -> str:
    return tokens.folded[int(tokens.start[start]) : int(tokens.end[end - 1])]
