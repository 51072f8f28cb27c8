"""What is counted in arrays for a batch is what the answers of the index say."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ingest.dedupe import Frequencies
from ingest.dedupe.answers import Answers, Lookup
from ingest.dedupe.rarity import StoryCounts

HASHES = range(-4, 4)
OLD = {article: 100 + article % 5 for article in range(1, 11)}  # decided before the batch
BATCH = range(11, 16)
POSTINGS = st.fixed_dictionaries(
    {one: st.lists(st.integers(1, 15), unique=True).map(sorted) for one in HASHES}
)


@given(POSTINGS, st.lists(st.integers(98, 106), min_size=5, max_size=5), st.integers(1, 15))
def test_a_batch_knows_the_stories_of_hashes_that_dictionaries_know(
    postings: dict[int, list[int]], taken: list[int], besides: int
) -> None:
    counts = StoryCounts([*BATCH])
    decided: dict[int, int] = {}
    # Two parts, as when an article has candidates that were not foreseen.
    for part in (range(-4, 1), range(1, 4)):
        answers = Answers.of({one: postings[one] for one in part})
        strangers = counts.strangers(answers)
        stories = np.array([OLD[one] for one in strangers.tolist()], np.int64)
        counts.add(answers, Lookup.of_pairs(strangers, stories), decided)
    for article, story in zip(BATCH, taken, strict=True):
        here = counts.at_turn_of(article, decided)
        known = Frequencies(postings, OLD | decided)
        asked = [*HASHES, 77]  # which nobody has
        assert here.counts_of(asked).tolist() == known.counts_of(asked).tolist()
        for ours, theirs in zip(
            here.stories_of(asked, besides), known.stories_of(asked, besides), strict=True
        ):
            assert ours.tolist() == theirs.tolist()
        decided[article] = story - 104  # new stories have ids below zero
        if decided[article] == 0:
            decided[article] = 104
