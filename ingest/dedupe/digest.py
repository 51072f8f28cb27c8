"""Does a long text tell several stories? Read off the index: who else has which of its passages.

Two texts alone do not show it. The opening of a round-up is the opening of one report, cut short,
with other matter behind, and so is many a copy. But of a round-up's other passages other stories
are known, each with a part of its own.
"""

from __future__ import annotations

import numpy as np

from ingest.dedupe.compare import Comparison
from ingest.dedupe.decision import Document, Frequencies
from ingest.dedupe.rules import Rules
from ingest.dedupe.tokenise import Flags


def tells_of_others(
    document: Document,
    own: int | None,
    frequencies: Frequencies,
    rules: Rules,
    shared: Flags | None = None,
    beside: Flags | None = None,
) -> bool:
    """Whether the text tells more of other stories than of its `own` one.

    `shared` marks the shingles that are known to be of its own story, `beside` those that are of
    one more other story. There must be several others, each with a passage of some length that is
    in none of the rest.
    """
    reading = document.reading
    if reading.words <= rules.digest_words:
        return False
    positions = reading.sampled_at
    lengths = reading.shape.stands_for[positions] * reading.shape.tokens.mass[positions]
    nothing = np.zeros(len(positions), np.bool_)
    is_own = nothing.copy() if shared is None else shared[positions].copy()
    is_beside = nothing if beside is None else beside[positions]
    # What one story has is that of the text itself, if it is in one: nothing is told of others.
    counts = frequencies.counts_of(reading.sampled)
    elsewhere = counts >= (1 if document.story_id is None else 2)
    if float(lengths[(elsewhere & ~is_own) | is_beside].sum()) < 2 * rules.digest_part_words:
        return False  # as for most copies: no room for two parts
    known = np.flatnonzero(counts)
    which, stories = frequencies.stories_of(
        [reading.sampled[place] for place in known.tolist()], document.article_id
    )
    places, of_own = known[which], stories == own
    is_told = elsewhere[places]
    is_own[places[of_own & is_told]] = True
    places_of_others, others = places[~of_own & is_told], stories[~of_own & is_told]
    # What many have is nobody's passage.
    has = np.bincount(places_of_others, minlength=len(positions))
    lengths = lengths / np.sqrt(np.maximum(1, has))
    parts = [places_of_others[others == one] for one in dict.fromkeys(others.tolist())]
    parts.append(np.flatnonzero(is_beside))
    by_length = sorted(((float(lengths[its].sum()), its) for its in parts), key=lambda x: -x[0])
    taken, told, count = is_own.copy(), 0.0, 0
    for length, its in by_length:
        if length < rules.digest_part_words:
            break
        free = its[~taken[its]]
        new = float(lengths[free].sum())
        # Two that retell the same passage are one part.
        if new >= rules.digest_part_words and len(free) >= rules.digest_part_free * len(its):
            taken[its] = True
            told += new
            count += 1
    is_own[places[of_own]] = True
    return count >= 2 and told >= float(lengths[is_own].sum())


def longer_of(document: Document, candidate: Document, pair: Comparison) -> tuple[Document, Flags]:
    """The text of more weight, and what of it is shared."""
    if pair.weight_a > pair.weight_b:
        return document, pair.in_a
    return candidate, pair.in_b
