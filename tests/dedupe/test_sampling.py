from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.dedupe import Reading, fingerprint, fingerprints, readings, shape
from ingest.dedupe.question import unpacked
from ingest.dedupe.sampling import BODY_WINDOW, WHOLE_SHINGLES, sampled
from ingest.dedupe.tokenise import shingle, tokenise
from tests.dedupe.texts import made_text


def sampled_alone(seed: int, words: int) -> list[int]:
    shingles = shingle(tokenise(made_text(seed, words)).hashes)
    counts: list[int] = sampled(shingles, [(0, len(shingles))]).tolist()
    return counts


@settings(deadline=None)
@given(st.integers(0, 10_000), st.integers(30, 600))
def test_of_any_window_of_a_text_one_shingle_is_kept(seed: int, words: int) -> None:
    kept = [place for place, count in enumerate(sampled_alone(seed, words)) if count]
    edges = [-1, *kept, words - 2]
    gaps = [after - before - 1 for before, after in pairwise(edges)]
    assert max(gaps) < BODY_WINDOW


def test_a_short_text_is_kept_whole() -> None:
    assert sampled_alone(1, WHOLE_SHINGLES + 2) == [1] * WHOLE_SHINGLES
    assert sum(count > 0 for count in sampled_alone(1, WHOLE_SHINGLES + 20)) < WHOLE_SHINGLES + 18


@settings(deadline=None)
@given(st.integers(0, 10_000), st.integers(80, 200))
def test_a_passage_keeps_the_same_shingles_wherever_it_stands(seed: int, words: int) -> None:
    passage = made_text(seed, words)
    inside = f"{made_text(seed + 1, 100)} {passage} {made_text(seed + 2, 100)}"
    own = {*fingerprint("", passage).postings}
    found = own & {*fingerprint("", inside).postings}
    assert len(found) >= (words - BODY_WINDOW) // BODY_WINDOW


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 99), st.integers(0, 300)), min_size=1, max_size=9))
def test_texts_read_together_are_read_as_they_are_one_by_one(
    given_texts: list[tuple[int, int]],
) -> None:
    pairs = [(made_text(seed, 7), made_text(seed, words)) for seed, words in given_texts]
    assert fingerprints(pairs) == [fingerprint(*pair) for pair in pairs]
    for (headline, text), reading in zip(pairs, readings(pairs), strict=True):
        alone = Reading(shape(headline, text))
        assert reading.shape.shingles.tolist() == alone.shape.shingles.tolist()
        assert reading.shape.stands_for.tolist() == alone.shape.stands_for.tolist()
        assert reading.shape.headline.keys == alone.shape.headline.keys
        assert reading.shape.is_headline_only == alone.shape.is_headline_only
        assert {*reading.question.hashes.tolist()} == {*alone.question.hashes.tolist()}


@settings(deadline=None)
@given(st.integers(0, 1_000), st.integers(0, 400))
def test_a_question_is_unpacked_as_it_was_packed(seed: int, words: int) -> None:
    (reading,) = readings([("A headline of six good words", made_text(seed, words))])
    asked, found = reading.question, unpacked(reading.question.packed())
    assert np.array_equal(asked.hashes, found.hashes)
    assert np.array_equal(asked.codes, found.codes)
    assert asked.shingles == found.shingles
    assert asked.outline == found.outline
