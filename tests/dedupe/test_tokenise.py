from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.dedupe.tokenise import shingle, tokenise


def words_of(text: str) -> list[str]:
    tokens = tokenise(text)
    return [tokens.word(position) for position in range(len(tokens))]


def test_words_are_folded_and_punctuation_separates_them() -> None:
    assert words_of("Hello, WORLD: don’t — 1,234.5!") == [
        *("hello", "world", "don", "t", "1", "234", "5"),
    ]


def test_indic_vowel_signs_do_not_cut_words() -> None:
    assert words_of("हिन्दी में समाचार") == ["हिन्दी", "में", "समाचार"]


def test_optional_signs_of_arabic_and_hebrew_make_no_difference() -> None:
    assert tokenise("مُحَمَّد").hashes.tolist() == tokenise("محمد").hashes.tolist()
    assert tokenise("שָׁלוֹם").hashes.tolist() == tokenise("שלום").hashes.tolist()


def test_typography_makes_no_difference() -> None:
    plain, fancy = tokenise("fi 12 naïve office"), tokenise("ﬁ １２ nai\u0308ve of\u00adfice")
    assert plain.hashes.tolist() == fancy.hashes.tolist()


@pytest.mark.parametrize(
    "text",
    [
        "中国人民银行周一宣布降息",
        "日本銀行は金利を引き上げ",
        "ภาษาไทยไม่มีช่องว่างระหว่างคำ",
        "ភាសាខ្មែរមិនប្រើដកឃ្លា",
    ],
)
def test_a_passage_of_a_script_without_spaces_is_found_inside_a_longer_one(text: str) -> None:
    inside = shingle(tokenise(f"前言：{text}。其他").hashes)
    found = np.isin(shingle(tokenise(text).hashes), inside)
    assert found[:-5].all()
    assert len(found) >= 5


def test_a_token_of_a_script_without_spaces_is_less_than_a_word() -> None:
    assert tokenise("中国人民银行").mass.sum() == pytest.approx(3.6)
    assert tokenise("three plain words").mass.sum() == 3


def test_digits_in_chinese_text_are_numbers() -> None:
    tokens = tokenise("宣布2024年降息")
    assert [tokens.word(int(i)) for i in np.flatnonzero(tokens.is_number)] == ["2024"]


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_tokenised_and_offsets_agree_with_the_folded_text(text: str) -> None:
    tokens = tokenise(text)
    assert len(tokens.start) == len(tokens.end) == len(tokens.mass) == len(tokens)
    assert (tokens.end > tokens.start).all()
    assert (tokens.start[1:] >= tokens.end[:-1]).all()


@settings(deadline=None)
@given(st.text(alphabet="abc XYZ019.,-'\n", max_size=200))
def test_plain_text_is_tokenised_as_a_regular_expression_would(text: str) -> None:
    assert words_of(text) == re.findall(r"\w+", text.lower())


@settings(deadline=None)
@given(st.lists(st.text(alphabet="abcd", min_size=1, max_size=4), max_size=30))
def test_equal_words_have_equal_hashes_wherever_they_stand(words: list[str]) -> None:
    hashes = tokenise(" ".join(words)).hashes.tolist()
    by_word = dict(zip(words, hashes, strict=True))
    assert hashes == [by_word[word] for word in words]
    assert len(set(by_word.values())) == len(by_word)


def test_hashes_are_those_of_the_stored_fingerprints() -> None:
    # Changing them needs a new fingerprint version.
    assert tokenise("Reuters").hashes.tolist() == [7499856986164318935]
