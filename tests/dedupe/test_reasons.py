"""What the rules are for, each on made texts: who joins, who does not, and what is said of it."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.dedupe import Decision
from ingest.dedupe.memory import MemoryStories
from tests.dedupe.texts import document, made_text

# First and last letter of each script; those below the line are written without spaces.
ALPHABETS = {
    "Cyrillic": ("а", "я"),
    "Arabic": ("ف", "ي"),
    "Hebrew": ("א", "ת"),
    "Devanagari": ("क", "ह"),
}
SPACELESS = {
    "Chinese": ("一", "龥"),
    "Japanese": ("ぁ", "ん"),
    "Thai": ("ก", "ฮ"),
    "Khmer": ("ក", "អ"),
}
HEADLINE = "Minister resigns after inquiry into harbour contract"


def written_in(script: str, seed: int, words: int) -> str:
    """A made text of about so many words, sentences ended as the script ends them."""
    chance = random.Random(seed)
    first, last = map(ord, ALPHABETS.get(script) or SPACELESS[script])
    made = [
        "".join(chr(chance.randint(first, last)) for _ in range(chance.randint(2, 7)))
        for _ in range(words)
    ]
    if script in SPACELESS:
        stop = "。" if script in ("Chinese", "Japanese") else " "
        return "".join(word + stop if at % 12 == 11 else word for at, word in enumerate(made))
    return " ".join(made)


def misprinted(text: str, every: int) -> str:
    """The text with a letter doubled in every so-manyth word."""
    words = text.split()
    for at in range(0, len(words), every):
        middle = len(words[at]) // 2
        words[at] = words[at][:middle] + words[at][middle : middle + 1] + words[at][middle:]
    return " ".join(words)


def rewritten(text: str, seed: int, every: int) -> str:
    """The text with another word in place of every so-manyth one, after the opening."""
    words, others = text.split(), made_text(seed, 400).split()
    for at in range(20, len(words), every):
        words[at] = others[at]
    return " ".join(words)


def second_of(first: str, second: str, headlines: tuple[str, str] | None = None) -> Decision:
    """What is decided about the second of two articles, of two publishers."""
    stories = MemoryStories()
    stories.add(document(1, first, headlines[0] if headlines else None))
    return stories.add(document(2, second, headlines[1] if headlines else None))


@pytest.mark.parametrize("script", [*ALPHABETS, *SPACELESS])
@pytest.mark.parametrize("seed", [0, 4_711])
def test_a_summary_joins_the_full_text_in_every_script(script: str, seed: int) -> None:
    text = written_in(script, seed, 120)
    summary = text[: len(text) // 3]
    headline = written_in(script, seed + 1, 8)
    assert second_of(text, summary, (headline, headline)).join_story == 1
    assert second_of(summary, text, (headline, headline)).join_story == 1


@pytest.mark.parametrize("script", [*ALPHABETS, *SPACELESS])
def test_other_texts_stay_apart_in_every_script(script: str) -> None:
    stories = MemoryStories()
    for number in range(1, 13):
        text, headline = (
            written_in(script, 50 * number + n, size) for n, size in ((0, 120), (1, 8))
        )
        assert stories.add(document(number, text, headline)).join_story is None


@settings(deadline=None, max_examples=8)
@given(st.integers(0, 10_000), st.integers(5, 9))
def test_a_misprinted_copy_is_a_copy(seed: int, every: int) -> None:
    text = made_text(seed, 110)
    assert second_of(text, misprinted(text, every), (HEADLINE, HEADLINE)).join_story == 1


@settings(deadline=None, max_examples=8)
@given(st.integers(0, 10_000), st.integers(4, 5))
def test_a_text_of_which_no_sentence_was_left_as_it_was_is_another(seed: int, every: int) -> None:
    text = made_text(seed, 140)
    decision = second_of(text, rewritten(text, seed + 1, every), (HEADLINE, HEADLINE))
    assert decision.join_story is None


def test_a_copy_cut_to_half_and_filled_with_other_matter_joins_all_the_same() -> None:
    text = made_text(51, 200)
    half = " ".join(text.split()[:100])
    filled = f"{half} {made_text(52, 70)}"
    assert second_of(text, filled).join_story == 1


def test_texts_that_differ_in_what_their_headlines_name_are_two() -> None:
    def report(name: str) -> tuple[str, str]:
        text = (
            f"The exchange said it has started trading the common stock of {name} group, which went"
            " public today after a long wait and many words of praise from its founders and friends"
        )
        return text, f"Exchange starts trading {name} group"

    (one, its), (other, theirs) = report("sherwood"), report("lawrence")
    decision = second_of(one, other, (its, theirs))
    assert decision.join_story is None
    (miss,) = decision.near_misses
    assert any(veto.startswith("subject") for veto in miss.vetoes)


def test_last_months_figure_in_this_months_place_is_an_exchange() -> None:
    def report(now: str, before: str) -> str:
        return (
            f"{made_text(61, 30)} the crop was forecast at {now} tonnes by the department, against"
            f" {before} tonnes a month before, and exports stay as they were {made_text(62, 20)}"
        )

    decision = second_of(
        report("1630", "1750"), report("1580", "1630"), (HEADLINE + " again", HEADLINE)
    )
    assert decision.join_story is None
    assert any(veto.startswith("numbers") for miss in decision.near_misses for veto in miss.vetoes)


def test_one_outlets_headline_twice_without_a_text_is_a_label() -> None:
    headline = "Prices, converter and all the news of the day - Example"
    page = document(1, "", headline)
    stories = MemoryStories()
    stories.add(page)
    again = replace(document(2, "", headline), publisher_id=page.publisher_id)
    assert stories.add(again).join_story is None
    other = document(3, "", "Another minister resigns after the harbour inquiry - Example")
    stories.add(other)
    copy = document(4, "", "Another minister resigns after the harbour inquiry - Example")
    assert stories.add(copy).join_story == 3, "another outlet's is a copy"


def test_a_headline_joins_no_story_whose_text_is_another() -> None:
    stories = MemoryStories()
    stories.add(document(1, made_text(71, 120), HEADLINE))
    assert stories.add(document(2, "", HEADLINE)).join_story == 1
    decision = stories.add(document(3, made_text(72, 120), HEADLINE))
    assert decision.join_story is None
    assert any("text of its story" in (miss.missing or "") for miss in decision.near_misses)


def test_an_entry_without_text_is_found_though_another_story_shares_far_more() -> None:
    text = made_text(81, 600)
    stories = MemoryStories()
    stories.add(document(1, "", HEADLINE))
    stories.add(document(2, text, "Quite another headline of the same long report"))
    decision = stories.add(document(3, text, HEADLINE))
    assert {decision.join_story, *decision.merge_stories} == {1, 2}


@settings(deadline=None, max_examples=5)
@given(st.integers(0, 10_000), st.integers(9, 12))
def test_known_boilerplate_longer_than_the_text_within_joins_nothing(seed: int, count: int) -> None:
    # Known: eight stories have it. Between the first two it might be a story's own passage.
    before, behind = made_text(seed + 10**6, 40), made_text(seed + 2 * 10**6, 60)
    stories = MemoryStories()
    for number in range(1, count + 1):
        own = made_text(seed + number, 300 if number <= 8 else 90)
        text = f"{before} {own} {behind}"
        decision = stories.add(document(number, text, made_text(seed + 500 + number, 7)))
        assert decision.join_story is None
