"""Outlines rule out what reading would rule out, and nothing else."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.dedupe import RULES, Reading, readings, shape
from ingest.dedupe.compare import common
from ingest.dedupe.verify import share_too_little, too_little
from tests.dedupe.texts import made_text


def reading(text: str, headline: str = "A headline of six good words") -> Reading:
    return Reading(shape(headline, text))


def is_told_apart(one: Reading, other: Reading) -> bool:
    assert one.outline is not None
    assert other.outline is not None
    return share_too_little([(one.outline, other.outline)], RULES)[0]


LENGTHS = st.integers(3, 120) | st.integers(3, 1_500)


@settings(deadline=None)
@given(st.integers(0, 10_000), LENGTHS, LENGTHS, LENGTHS, st.integers(1, 4))
def test_texts_that_outlines_tell_apart_share_too_little(
    seed: int, shared: int, own: int, others: int, times: int
) -> None:
    passage = made_text(seed, shared)
    one = reading(" ".join([passage] * times + [made_text(seed + 1, own)]))
    other = reading(f"{made_text(seed + 2, others)} {passage}")
    if is_told_apart(one, other):
        counts = (one.count, other.count)
        assert too_little(common(one, other).count, counts, RULES) is not None


def test_news_of_the_usual_length_with_a_sentence_in_common_is_told_apart() -> None:
    sentence = made_text(1, 20)
    one = reading(f"{made_text(2, 150)} {sentence} {made_text(3, 150)}")
    other = reading(f"{sentence} {made_text(4, 200)}")
    assert is_told_apart(one, other)
    assert not is_told_apart(one, one)


def test_a_text_that_is_no_more_than_its_headline_has_no_outline() -> None:
    headline = "Trump delays Canada tariffs at last minute"
    for text in ("", headline, f"{headline} Reuters", "Well"):
        assert reading(text, headline).outline is None
        (among_others,) = readings([(headline, text)])
        assert among_others.outline is None


@settings(deadline=None)
@given(st.integers(0, 1_000), st.integers(0, 400))
def test_a_text_has_one_outline_however_it_was_read(seed: int, words: int) -> None:
    text = made_text(seed, words)
    (among_others,) = readings([("A headline of six good words", text)])
    assert among_others.outline == reading(text).outline == among_others.question.outline
