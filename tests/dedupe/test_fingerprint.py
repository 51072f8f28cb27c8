from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ingest.dedupe import VERSION, fingerprint, shape
from ingest.dedupe.headline import read_headline
from tests.dedupe.texts import made_text


def test_postings_are_signed_sorted_and_few() -> None:
    sketch = fingerprint("A headline of six good words", made_text(1, 450))
    assert sketch.version == VERSION
    assert sketch.token_count == 450
    assert list(sketch.postings) == sorted(set(sketch.postings))
    assert all(-(1 << 47) <= one < 1 << 47 for one in sketch.postings)
    assert 40 <= len(sketch.postings) <= 60


@given(st.integers(0, 10_000))
def test_what_is_sampled_of_a_lead_is_sampled_of_every_text_that_opens_with_it(seed: int) -> None:
    lead, rest = made_text(seed, 60), made_text(seed + 1, 200)
    whole = set(fingerprint("", f"{lead} {rest}").postings)
    assert set(fingerprint("", f"{lead} {made_text(seed + 2, 9)}").postings) & whole


def test_a_text_that_repeats_the_headline_and_names_the_outlet_is_no_text() -> None:
    headline = "Minister resigns after inquiry into harbour contract - Daily Example"
    assert shape(
        headline, "Minister resigns after inquiry into harbour contract Daily Example"
    ).is_headline_only
    assert shape(headline, None).is_headline_only
    assert not shape(headline, made_text(1, 30)).is_headline_only


def test_the_outlet_behind_a_headline_makes_no_difference() -> None:
    with_outlet = read_headline("Minister resigns after inquiry into harbour - Daily Example")
    without = read_headline("Minister resigns after inquiry into harbour")
    assert set(with_outlet.keys) & set(without.keys)


def test_a_headline_of_few_words_has_no_key() -> None:
    assert read_headline("Live updates").keys == ()
    assert fingerprint("Live updates", None).postings
