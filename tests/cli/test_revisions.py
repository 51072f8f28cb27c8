"""`ingest articles diff` over the sample feeds, of which one article was edited."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Cli, Newsroom


def edited(cli: Cli, newsroom: Newsroom) -> str:
    (row,) = cli(*newsroom.option, "search", "archivist Okafor", "--json").rows
    return str(row["id"])


def test_a_headline_swap_is_shown_with_both_headlines(cli: Cli, newsroom: Newsroom) -> None:
    result = cli(*newsroom.option, "articles", "diff", edited(cli, newsroom))
    assert result.code == 0
    before, after = (
        next(line for line in result.out.splitlines() if line.startswith(f"  {sign}"))
        for sign in "-+"
    )
    assert "under control" in before
    assert "electrical fault" in after
    assert "edited by the publisher" in result.out.splitlines()[0]


def test_json_has_one_object_for_each_step(cli: Cli, newsroom: Newsroom) -> None:
    (row,) = cli(*newsroom.option, "articles", "diff", edited(cli, newsroom), "--json").rows
    assert (row["version"], row["reason"], row["flips_back"]) == (2, "edit", False)
    assert row["headline"]["kind"] == "edited"
    assert {one["kind"] for one in row["sentences"]} <= {"added", "removed", "edited"}
    for one in row["sentences"]:
        assert (one["before"] is None) == (one["kind"] == "added")
        assert (one["after"] is None) == (one["kind"] == "removed")


def test_only_one_step_can_be_asked_for(cli: Cli, newsroom: Newsroom) -> None:
    article_id = edited(cli, newsroom)
    one = cli(*newsroom.option, "articles", "diff", article_id, "--version", "2", "--json")
    assert [row["version"] for row in one.rows] == [2]
    none = cli(*newsroom.option, "articles", "diff", article_id, "--version", "9")
    assert (none.code, none.err.count("\n")) == (2, 1)
    assert "has 2 versions, no 9" in none.err


def test_an_article_that_was_never_revised_exits_1(cli: Cli, newsroom: Newsroom) -> None:
    row = cli(*newsroom.option, "search", "marsh fever", "--limit", "1", "--json").rows[0]
    result = cli(*newsroom.option, "articles", "diff", str(row["id"]))
    assert (result.code, result.out) == (1, "")
    assert "never been revised" in result.err


@pytest.mark.parametrize("article_id", ["999999", "forty"])
def test_an_id_that_is_none_is_refused_in_one_line(
    cli: Cli, newsroom: Newsroom, article_id: str
) -> None:
    result = cli(*newsroom.option, "articles", "diff", article_id)
    assert (result.code, result.err.count("\n")) == (2, 1)
    assert ("999999" if article_id == "999999" else "integer") in result.err


def test_what_was_removed_is_shown_with_its_reason(cli: Cli, newsroom: Newsroom) -> None:
    row = cli(*newsroom.option, "articles", "--publisher", "Coastline Today", "--json").rows[-1]
    removed = cli(*newsroom.option, "articles", "show", row["id"], "--removed", "--json").rows
    assert {"reason", "text"} == set(removed[0])
    assert "donation" in {one["reason"] for one in removed}
    assert all(one["text"] not in row["body_text"] for one in removed)
    shown = cli(*newsroom.option, "articles", "show", row["id"], "--removed").out
    assert shown.splitlines()[0].split() == ["REASON", "TEXT"]
