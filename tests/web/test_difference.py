"""Two texts side by side: laws that hold for any of them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ingest.web.difference import Side, compare
from ingest.web.plots import Stack, stacked

texts = st.text(alphabet="ab c.\n", max_size=60)


def words(side: Side) -> str:
    return "\n\n".join("".join(run.text for run in runs) for runs in side.paragraphs)


@given(texts, texts)
def test_no_word_is_lost_or_added(left: str, right: str) -> None:
    found = compare(left, right)
    assert words(found.left).split() == left.split()
    assert words(found.right).split() == right.split()
    assert found.left.shared_words == found.right.shared_words


@given(texts)
def test_a_text_shares_all_with_itself_whatever_its_case(text: str) -> None:
    found = compare(text, text.upper())
    assert found.left.shared_words == found.left.words


def test_what_only_one_says_is_a_run_of_its_own() -> None:
    found = compare("One two three four. Five six.\n\nSeven.", "one two three four")
    first, second = found.left.paragraphs
    assert [(run.text, run.is_shared) for run in first] == [
        ("One two three four. ", True),
        ("Five six.", False),
    ]
    assert [(run.text, run.is_shared) for run in second] == [("Seven.", False)]


@given(st.lists(st.tuples(st.floats(0, 1e6), st.floats(0, 1e6)), max_size=40))
def test_bars_stay_inside_the_drawing(values: list[tuple[float, float]]) -> None:
    plot = stacked([Stack((("a", one), ("b", two)), "") for one, two in values], "label")
    for bar in plot.bars:
        assert 0 <= bar.x <= bar.x + bar.width <= plot.width + 0.1
        assert bar.y >= 0
        assert bar.height >= 0


def test_what_stands_under_the_axis_is_left_out_where_the_edge_would_cut_it() -> None:
    columns = [Stack((("a", 1.0),), "")] * 48
    plot = stacked(columns, "label", ticks=[(0, "Sun 00:00"), (12, "Sun 12:00"), (47, "Mon 12:00")])
    assert [text for _, text in plot.ticks] == ["Sun 00:00", "Sun 12:00"]
