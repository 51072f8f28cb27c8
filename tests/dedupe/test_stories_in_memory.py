"""The laws of the whole stage, over the index in memory."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.dedupe.memory import MemoryStories
from ingest.model import Relation
from tests.dedupe.texts import document, made_text

BOILERPLATE = made_text(10**9, 80)


def stories_of(texts: list[str], headlines: list[str] | None = None) -> list[int]:
    stories = MemoryStories()
    for number, text in enumerate(texts, 1):
        headline = headlines[number - 1] if headlines else None
        stories.add(document(number, text, headline))
    return [stories.story_of[number] for number in range(1, len(texts) + 1)]


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000), st.integers(12, 400), st.integers(0, 30))
def test_an_exact_copy_always_joins(seed: int, words: int, between: int) -> None:
    text = made_text(seed, words)
    others = [made_text(seed + 20_000 + number, 60) for number in range(between)]
    found = stories_of([text, *others, text])
    assert found[0] == found[-1]
    assert len(set(found)) == between + 1


@settings(deadline=None, max_examples=25)
@given(st.permutations([0, 0, 0, 1, 1, 2, 3, 4]))
def test_the_order_of_arrival_changes_no_pair_of_exact_copies(order: list[int]) -> None:
    found = stories_of([made_text(seed, 90) for seed in order])
    for one, its in zip(order, found, strict=True):
        for other, theirs in zip(order, found, strict=True):
            assert (one == other) == (its == theirs)


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 10_000), st.integers(3, 12))
def test_nothing_joins_by_boilerplate_alone(seed: int, count: int) -> None:
    texts = [f"{made_text(seed + n, 40)} {BOILERPLATE}" for n in range(count)]
    assert len(set(stories_of(texts))) == count


@pytest.mark.parametrize("kept", [30, 60, 150])
def test_a_cut_copy_joins_whichever_comes_first(kept: int) -> None:
    text = made_text(1, 300)
    cut = " ".join(text.split()[:kept])
    assert len(set(stories_of([text, cut]))) == 1
    assert len(set(stories_of([cut, text]))) == 1


def test_a_template_with_other_numbers_stays_apart() -> None:
    def report(high: int, low: int, wind: int, rain: int) -> str:
        return (
            f"Today's weather in Oslo will be mostly sunny with a high of {high} degrees and a low"
            f" of {low} degrees. Winds will be light from the south at {wind} km/h. The chance of"
            f" rain is {rain} percent. For the full forecast visit our weather page."
        )

    headline = "Weather forecast for Oslo"
    found = stories_of([report(21, 9, 34, 48), report(17, 6, 48, 90)], [headline] * 2)
    assert len(set(found)) == 2


def test_a_text_that_exchanges_one_number_in_many_words_is_the_same() -> None:
    text = made_text(3, 150) + " the vote was 51 against 48 " + made_text(4, 100)
    assert len(set(stories_of([text, text.replace("48", "41")]))) == 1


def test_a_headline_only_entry_joins_the_article_with_that_headline() -> None:
    headline = "Minister resigns after inquiry into harbour contract"
    found = stories_of(
        [made_text(5, 100), headline + " Daily Example"],
        [headline, headline + " - Daily Example"],
    )
    assert len(set(found)) == 1


def test_two_texts_under_one_headline_stay_apart() -> None:
    headline = "Minister resigns after inquiry into harbour contract"
    assert len(set(stories_of([made_text(5, 100), made_text(6, 100)], [headline] * 2))) == 2


def test_a_round_up_of_whole_articles_stays_alone_and_quotes_them() -> None:
    parts = [made_text(seed, 220) for seed in (11, 12, 13, 14)]
    stories = MemoryStories()
    for number, text in enumerate(parts, 1):
        stories.add(document(number, text))
    decision = stories.add(document(9, " ".join(parts), "The morning round-up"))
    assert decision.join_story is None
    assert {match.of_article_id for match in decision.matches} >= {1}
    assert all(not match.relation.makes_a_story for match in decision.matches)
    assert len({stories.story_of[number] for number in (1, 2, 3, 4, 9)}) == 5


def test_two_stories_become_one_when_a_text_shows_that_they_are() -> None:
    text = made_text(21, 300)
    words = text.split()
    first, second = " ".join(words[:170]), " ".join(words[60:])
    stories = MemoryStories()
    stories.add(document(1, first))
    decision = stories.add(document(2, text))
    assert decision.join_story == 1
    assert stories.add(document(3, second, "Another headline altogether here")).join_story == 1


def test_relations_say_which_way_the_text_was_changed() -> None:
    text = made_text(31, 300)
    cut = " ".join(text.split()[:120])
    stories = MemoryStories()
    stories.add(document(1, text))
    (match,) = stories.add(document(2, cut)).matches
    assert match.relation is Relation.ABRIDGED
    assert match.containment > 0.95 > match.containment_of
    (same, *_) = stories.add(document(3, text)).matches
    assert same.relation is Relation.IDENTICAL
    assert same.of_article_id == 1


def test_what_is_missing_is_said_of_candidates_that_do_not_match() -> None:
    stories = MemoryStories()
    shared = made_text(41, 12)
    stories.add(document(1, f"{shared} {made_text(42, 150)}"))
    decision = stories.add(document(2, f"{shared} {made_text(43, 150)}"))
    assert decision.join_story is None
    (miss,) = decision.near_misses
    assert miss.missing is not None
