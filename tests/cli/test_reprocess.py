"""`ingest reprocess` as a user calls it."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Cli, Newsroom


def test_only_articles_with_boilerplate_learned_since_come_out_otherwise(
    cli: Cli, newsroom: Newsroom
) -> None:
    result = cli(*newsroom.option, "reprocess", "--dry-run", "--json")
    assert result.code == 0
    assert {row["publisher"] for row in result.rows} == {"Coastline Today"}
    assert {row["effect"] for row in result.rows} == {"revised"}
    assert all("removed" in row["fields"] for row in result.rows)
    articles = len(cli(*newsroom.option, "articles", "--limit", "1000", "--json").rows)
    assert f"{articles:,} articles: {len(result.rows)} would be revised" in result.err


def test_a_table_says_what_differs(cli: Cli, newsroom: Newsroom) -> None:
    lines = cli(*newsroom.option, "reprocess", "--dry-run").out.splitlines()
    assert lines[0].split() == ["ID", "PUBLISHER", "EFFECT", "DIFFERS", "IN", "HEADLINE"]
    assert "body_text" in lines[1]


def test_quiet_is_quiet(cli: Cli, newsroom: Newsroom) -> None:
    assert cli("-q", *newsroom.option, "reprocess", "--dry-run").err == ""


def test_since_leaves_older_articles_out(cli: Cli, newsroom: Newsroom) -> None:
    result = cli(*newsroom.option, "reprocess", "--dry-run", "--since", "2100-01-01")
    assert "0 articles: 0 would be revised" in result.err


@pytest.mark.parametrize("when", ["yesterday", "3 parsecs"])
def test_a_since_that_is_no_time_is_refused_in_one_line(
    cli: Cli, newsroom: Newsroom, when: str
) -> None:
    result = cli(*newsroom.option, "reprocess", "--since", when)
    assert result.code == 2
    assert result.err.count("\n") == 1
    assert when in result.err
