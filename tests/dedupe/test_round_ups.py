"""Round-ups that no pair of texts gives away: known by whose passages stand side by side."""

from __future__ import annotations

import pytest

from ingest.dedupe.memory import MemoryStories
from tests.dedupe.texts import document, made_text

REPORTS = [made_text(900 + number, 300) for number in range(5)]


def opening(number: int, words: int = 90) -> str:
    """The first words of a report."""
    return " ".join(REPORTS[number].split()[:words])


ROUND_UP = " ".join(opening(number) for number in range(5))


def test_a_round_up_of_openings_that_comes_last_joins_none() -> None:
    stories = MemoryStories()
    for number, text in enumerate(REPORTS, 1):
        stories.add(document(number, text))
    decision = stories.add(document(9, ROUND_UP, "What you need to know this morning"))
    assert decision.join_story is None
    assert not any(match.relation.makes_a_story for match in decision.matches)


@pytest.mark.parametrize("first", [0, 2])
def test_a_round_up_that_came_first_is_alone_when_its_reports_are_there(first: int) -> None:
    stories = MemoryStories()
    stories.add(document(9, ROUND_UP, "What you need to know this morning"))
    # A summary of one report is all in the round-up, at its beginning or not: it may seem a copy.
    stories.add(document(10, opening(first, 80), "The first of the reports, cut short"))
    for number, text in enumerate(REPORTS, 20):
        stories.add(document(number, text))
        stories.add(document(number + 20, opening(number - 20, 80), "Cut short"))
    assert stories.members[stories.story_of[9]] == [9]
    together = {stories.story_of[number] for number in (10, 20 + first, 40 + first)}
    assert len(together) == 1, "its reports keep their copies"


def test_a_copy_with_the_leads_of_two_others_behind_it_is_still_a_copy() -> None:
    stories = MemoryStories()
    for number, text in enumerate(REPORTS[:3], 1):
        stories.add(document(number, text))
    copy = f"{REPORTS[0]} {opening(1, 40)} {opening(2, 40)}"
    assert stories.add(document(9, copy, "Another headline of the first")).join_story == 1


def test_what_two_round_ups_retell_is_no_round_up_itself() -> None:
    stories = MemoryStories()
    for number in (1, 2):
        others = made_text(950 + number, 300)
        stories.add(document(number, f"{others} {opening(0, 120)} {made_text(960 + number, 200)}"))
    stories.add(document(3, REPORTS[0]))
    assert stories.add(document(4, opening(0, 80), "Cut short")).join_story == 3


def test_a_headline_in_a_text_under_another_one_is_no_copy_of_it() -> None:
    headline = "Minister resigns after long inquiry into harbour contract of last year"
    page = f"{made_text(970, 60)} {headline} {made_text(971, 60)}"
    stories = MemoryStories()
    stories.add(document(1, page, "Quite another report about something else"))
    assert stories.add(document(2, "", headline)).join_story is None


def test_a_copy_under_the_same_headline_may_have_other_matter_in_front() -> None:
    headline = "Minister resigns after inquiry into harbour contract"
    text = made_text(980, 70)
    updated = f"{made_text(981, 200)} {text}"
    stories = MemoryStories()
    stories.add(document(1, text, headline))
    assert stories.add(document(2, updated, headline)).join_story == 1
    stories = MemoryStories()
    stories.add(document(1, text, headline))
    assert stories.add(document(2, updated, "Quite another report of today")).join_story is None
