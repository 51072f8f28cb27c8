from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.normalise.revision import (
    ChangeKind,
    Version,
    correction_notice,
    diff,
    flips_back,
    sentences,
)
from tests.normalise.making import article, entry

BODY = (
    "The council met on Monday. It agreed on nothing. The mayor left early.\n\nIt will meet again."
)


def test_an_edited_sentence_is_shown_before_and_after() -> None:
    found = diff(Version("A", None, BODY), Version("A", None, BODY.replace("nothing", "a dock")))
    (change,) = found.body
    assert (change.kind, change.before, change.after) == (
        ChangeKind.EDITED,
        "It agreed on nothing.",
        "It agreed on a dock.",
    )
    assert found.headline is None


def test_added_and_removed_sentences() -> None:
    longer = BODY.replace("The mayor left early.", "Rain fell on the old hall all night.")
    found = diff(Version("A", None, BODY), Version("A", None, longer))
    assert [change.kind for change in found.body] == [ChangeKind.REMOVED, ChangeKind.ADDED]


def test_a_headline_swap_is_seen() -> None:
    found = diff(Version("Dock opens", None, BODY), Version("Dock does not open", None, BODY))
    assert found.headline is not None
    assert found.headline.kind is ChangeKind.EDITED
    assert found.body == ()


def test_white_space_and_quotes_are_no_change() -> None:
    one = Version("A “b” c", None, BODY)
    two = Version('A "b"  c', None, BODY.replace(" ", "  "))
    assert diff(one, two).is_empty


def test_an_abbreviation_ends_no_sentence() -> None:
    assert sentences("Mr. Lee met Gen. J. Doe. They spoke.") == (
        "Mr. Lee met Gen. J. Doe.",
        "They spoke.",
    )
    assert sentences("今天下雨。明天晴。") == ("今天下雨。", "明天晴。")


@pytest.mark.parametrize(
    "notice",
    [
        "Correction: an earlier version of this article said the dock had two pontoons.",
        "This article was amended on 10 March 2026 to say who paid.",
        "In einer früheren Version hieß es, das Dock habe zwei Pontons.",
        "Fe de errores: el muelle tiene tres pontones.",
    ],
)
def test_an_outlets_own_correction_is_found_in_what_was_removed(notice: str) -> None:
    body = "<p>The dock has three pontoons, and all of them float.</p>"
    made = article(entry(f"{body}{body}<p>{notice}</p>"))
    assert notice not in (made.body_text or "")
    assert correction_notice([gone.text for gone in made.removed]) == notice
    assert correction_notice(["Found a mistake? Press Ctrl + Enter."]) is None


def test_a_flip_flop_is_noticed() -> None:
    first, second = Version("A", None, "One."), Version("B", None, "One.")
    assert flips_back([first, second, first])
    assert not flips_back([first, second])
    assert not flips_back([first, second, second])


_WORDS = st.lists(
    st.sampled_from(["Dock opens.", "Rain fell.", "She left!", "Why?", "It rained all day."]),
    max_size=8,
)


@given(_WORDS, _WORDS)
def test_the_changes_lead_from_one_version_to_the_other(old: list[str], new: list[str]) -> None:
    found = diff(Version("A", None, " ".join(old)), Version("A", None, " ".join(new)))
    gone = [change.before for change in found.body if change.before]
    came = [change.after for change in found.body if change.after]
    assert sorted([*old, *came]) == sorted([*new, *gone])
    assert found.is_empty == (old == new)
