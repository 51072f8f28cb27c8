"""Which shingles of a text go into the index: winnowing, dense in the lead.

Of every few shingles in a row the one with the smallest hash is kept (Schleimer, Wilkerson, Aiken
2003). So two texts that share a passage have kept the same shingles of it, edges aside, however
long the rest is; and unlike a sample by value alone (Broder 1997) it leaves no gap: a boilerplate
sentence is always known by a shingle or two. At half as many rows it costs nothing on `dev`, where
a sample by value loses two points of precision.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingest.dedupe.tokenise import Flags, Hashes

Counts = NDArray[np.uint8]

# A text of up to so many shingles is indexed whole: summaries are short, and a teaser of six words
# has four shingles to be found by.
WHOLE_SHINGLES = 24
# The lead is what every abridgement keeps: one in two of its shingles (2 / (window + 1)).
LEAD_SHINGLES = 40
LEAD_WINDOW = 3
# One in sixteen of the rest; what a window keeps, a smaller window keeps too, so a summary finds
# the text in whose middle it stands.
BODY_WINDOW = 31


# How many shingles one stands for that was kept.
_LEAD_STANDS_FOR = (LEAD_WINDOW + 1) // 2
_BODY_STANDS_FOR = (BODY_WINDOW + 1) // 2


def sampled(shingles: Hashes, bounds: Sequence[tuple[int, int]]) -> Counts:
    """For each shingle of many texts: how many it stands for in the index, 0 if it is left out.

    The texts' shingles stand at `bounds`, which are disjoint.
    """
    kept = np.zeros(len(shingles), np.uint8)
    long = [(low, high) for low, high in bounds if high - low > WHOLE_SHINGLES]
    if long:
        leads = [(low, min(high, low + LEAD_SHINGLES)) for low, high in long]
        kept[_winnowed(shingles, leads, LEAD_WINDOW)] = _LEAD_STANDS_FOR
        kept[_winnowed(shingles, long, BODY_WINDOW)] = _BODY_STANDS_FOR
    for low, high in bounds:
        if high - low <= WHOLE_SHINGLES:
            kept[low:high] = 1
    return kept


def _winnowed(hashes: Hashes, bounds: Sequence[tuple[int, int]], window: int) -> Flags:
    """The shingles that are the smallest of a window that lies within a text.

    A text shorter than the window keeps none here.
    """
    if len(hashes) < window:
        return np.zeros(len(hashes), np.bool_)
    smallest = _over_windows(hashes, window, np.minimum)
    # Of windows that reach from text to text nothing is taken.
    within = np.zeros(len(smallest) + 2 * (window - 1), np.uint64)
    for low, high in bounds:
        if high - low >= window:
            part = slice(low + window - 1, high)
            within[part] = smallest[low : high - window + 1]
    # A shingle is the smallest of some window if it is the greatest of the smallest of all of its
    # windows.
    return np.asarray(_over_windows(within, window, np.maximum) == hashes)


def _over_windows(values: Hashes, window: int, take: Callable[..., Any]) -> Hashes:
    """`take` over each `window` values in a row, by doubling."""
    reach, found = 1, values
    while reach * 2 <= window:
        found = take(found[:-reach], found[reach:])
        reach *= 2
    if reach < window:
        rest = window - reach
        found = take(found[:-rest], found[rest:])
    return found
