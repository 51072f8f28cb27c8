"""What two texts put into the same places: the numbers and words that were exchanged.

Templates (markets, weather, scores, dividends) repeat every word and exchange the numbers and the
names; an edited copy keeps them and changes what lies between. So the texts are laid side by side
along the runs that they share with all numbers masked, and what stands in equal places is compared.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ingest.dedupe.answers import is_among, once
from ingest.dedupe.tokenise import Flags, Hashes, Ints, Tokens, mix, shingle

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


# Where two texts differ: first token and the one after the last, in the one and in the other.
Stretch = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Changes:
    """Numbers and words in equal places of two texts.

    `misprints` are stretches of words that differ by letters only; there are `misspelt` of them.
    """

    numbers_same: int = 0
    numbers_changed: int = 0
    words_same: int = 0
    words_changed: int = 0
    misspelt: int = 0
    misprints: tuple[Stretch, ...] = ()

    @property
    def places(self) -> int:
        """All places compared."""
        return self.numbers_same + self.numbers_changed + self.words_same + self.words_changed


def skeleton(tokens: Tokens) -> Skeleton:
    """Prepare a text for `changes`."""
    masked = np.where(tokens.is_number, _MASK, tokens.hashes)
    runs = shingle(masked) if len(masked) >= 3 else np.empty(0, np.uint64)
    keys = mix(runs + _COUNT)  # of rank 0 among 1, as nearly all are
    signed = runs.view(np.int64)
    ordered = np.sort(signed)
    repeated = once(ordered[1:][ordered[1:] == ordered[:-1]])
    if len(repeated):
        places = np.flatnonzero(is_among(signed, repeated))
        keys[places] = _told_apart(runs[places])
    by_key = np.argsort(keys)
    return Skeleton(keys, keys[by_key], by_key)


def _told_apart(runs: Hashes) -> Hashes:
    """A key for each run, by its rank among its like and how many these are."""
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
    return keys


def changes(
    a: Tokens, b: Tokens, left: Skeleton, right: Skeleton, in_a: Flags, in_b: Flags
) -> Changes:
    """Lay two texts side by side and count what is equal and what was exchanged.

    `in_a` and `in_b` mark the runs of three tokens that the other text has.
    """
    if not len(left.keys) or not len(right.keys):
        return Changes()
    at = np.searchsorted(right.sorted_keys, left.keys)
    at[at == len(right.sorted_keys)] = 0
    here = np.flatnonzero(right.sorted_keys[at] == left.keys)
    if not len(here):
        return Changes()
    there = right.order[at[here]]
    # A number in a run that the other text has as it is was moved, not exchanged; unless the one
    # in its place is nowhere in the other text (last month's figure stands where this month's was).
    new_a = a.is_number & ~_covered(in_a, len(a))
    new_b = b.is_number & ~_covered(in_b, len(b))
    fresh_a, fresh_b = _only_in_first(a, b), _only_in_first(b, a)
    number = a.is_number
    seen, changed = np.zeros(len(a), np.bool_), np.zeros(len(a), np.bool_)
    for offset in range(3):
        seen[here + offset] = True
        is_number = number[here + offset]
        at_a, at_b = here[is_number] + offset, there[is_number] + offset
        differs = a.hashes[at_a] != b.hashes[at_b]
        came = fresh_a[at_a] | fresh_b[at_b] | (new_a[at_a] & new_b[at_b])
        changed[at_a[differs & came]] = True
    numbers_changed = int(changed.sum())
    numbers_same = int((number & seen).sum()) - numbers_changed
    words_same = int((seen & ~number).sum())
    step_a, step_b = np.diff(here), np.diff(there)
    gap = ((step_a > 1) | (step_b > 1)) & (step_b > 0)
    gap &= (step_a <= MAX_GAP_TOKENS + 3) & (step_b <= MAX_GAP_TOKENS + 3)
    starts_a, starts_b = here[:-1][gap] + 3, there[:-1][gap] + 3
    ends_a, ends_b = here[1:][gap], there[1:][gap]
    filled = (ends_a > starts_a) & (ends_b > starts_b)
    starts_a, starts_b, ends_a, ends_b = (
        each[filled] for each in (starts_a, starts_b, ends_a, ends_b)
    )
    if not len(starts_a):
        return Changes(numbers_same, numbers_changed, words_same)
    counts = np.minimum(
        _within(a.is_number, starts_a, ends_a), _within(b.is_number, starts_b, ends_b)
    )
    news = np.minimum(_within(new_a, starts_a, ends_a), _within(new_b, starts_b, ends_b))
    numbers_changed += int(news.sum())
    numbers_same += int((counts - news).sum())
    words_changed = 0
    misprints: list[Stretch] = []
    wordy = counts == 0
    for start_a, start_b, end_a, end_b in zip(
        starts_a[wordy].tolist(),
        starts_b[wordy].tolist(),
        ends_a[wordy].tolist(),
        ends_b[wordy].tolist(),
        strict=True,
    ):
        if is_misspelt(_words(a, start_a, end_a), _words(b, start_b, end_b)):
            misprints.append((start_a, end_a, start_b, end_b))
        else:
            words_changed += 1
    return Changes(
        numbers_same,
        numbers_changed,
        words_same,
        words_changed,
        len(misprints),
        tuple(misprints),
    )


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


def _only_in_first(a: Tokens, b: Tokens) -> Flags:
    """The numbers of `a` that `b` has nowhere."""
    places = np.flatnonzero(a.is_number)
    others = set(b.hashes[b.is_number].tolist())
    found = np.zeros(len(a), np.bool_)
    found[places] = [one not in others for one in a.hashes[places].tolist()]
    return found


def _covered(runs: Flags, length: int) -> Flags:
    """The tokens that lie in a marked run of three."""
    covered = np.zeros(length, np.bool_)
    for offset in range(min(3, length)):
        covered[offset : offset + len(runs)] |= runs[: length - offset]
    return covered


def _within(flags: Flags, starts: Ints, ends: Ints) -> Ints:
    """How many of `flags` are set in each stretch."""
    sums = np.append(0, np.cumsum(flags))
    return np.asarray(sums[ends] - sums[starts])


def _words(tokens: Tokens, start: int, end: int) -> str:
    return tokens.folded[int(tokens.start[start]) : int(tokens.end[end - 1])]
