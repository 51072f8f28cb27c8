"""Does a long text tell several stories? Read off the index: who else has which of its passages.

Two texts alone do not show it. The opening of a round-up is the opening of one report, cut short,
with other matter behind, and so is many a copy. But of a round-up's other passages other stories
are known, each with a part of its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

import numpy as np

from ingest.dedupe.compare import Comparison
from ingest.dedupe.decision import Document, Frequencies
from ingest.dedupe.rules import Rules
from ingest.dedupe.tokenise import Flags


def tells_of_others(
    document: Document,
    own: Collection[int | None],
    frequencies: Frequencies,
    rules: Rules,
    shared: Flags | None = None,
    beside: Flags | None = None,
) -> bool:
    """Whether the text tells more of other stories than of its `own` ones.

    `shared` marks the shingles that are known to be of its own story, `beside` those that are of
    one more other story. There must be several others, each with a passage of some length that is
    in none of the rest.
    """
    reading = document.reading
    if reading.words <= rules.digest_words:
        return False
    positions = reading.sampled_at
    lengths = reading.shape.stands_for[positions] * reading.shape.tokens.mass[positions]
    is_own = np.zeros(len(positions), np.bool_) if shared is None else shared[positions].copy()
    # What one story has is that of the text itself, if it is in one: nothing is told of others.
    counts = frequencies.counts_of(reading.sampled)
    elsewhere = counts >= (1 if document.story_id is None else 2)
    if float(lengths[elsewhere].sum()) < rules.digest_part_words:
        return False
    places: defaultdict[int, list[int]] = defaultdict(list)
    for place in np.flatnonzero(elsewhere).tolist():
        stories = frequencies.stories_of(reading.sampled[place], document.article_id)
        is_own[place] |= not stories.isdisjoint(own)
        others = stories.difference(own)
        for story in others:
            places[story].append(place)
        lengths[place] /= max(1, len(others)) ** 0.5  # what many have is nobody's passage
    parts = [np.array(its) for its in places.values()]
    if beside is not None:
        parts.append(np.flatnonzero(beside[positions]))
    parts.sort(key=lambda its: -float(lengths[its].sum()))
    taken, told, count = is_own.copy(), 0.0, 0
    for its in parts:
        free = its[~taken[its]]
        length = float(lengths[free].sum())
        # Two that retell the same passage are one part.
        if length >= rules.digest_part_words and len(free) >= rules.digest_part_free * len(its):
            taken[its] = True
            told += length
            count += 1
    if count < 2:
        return False
    for place in np.flatnonzero(~elsewhere & (counts > 0) & ~is_own).tolist():
        stories = frequencies.stories_of(reading.sampled[place], document.article_id)
        is_own[place] = not stories.isdisjoint(own)
    return told >= float(lengths[is_own].sum())


def longer_of(document: Document, candidate: Document, pair: Comparison) -> tuple[Document, Flags]:
    """The text of more weight, and what of it is shared."""
    if pair.weight_a > pair.weight_b:
        return document, pair.in_a
    return candidate, pair.in_b
