"""`ingest db copy` as a user calls it."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Cli, Newsroom


def test_a_copy_answers_like_its_source(cli: Cli, newsroom: Newsroom, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    result = cli("db", "copy", newsroom.url, target)
    assert result.code == 0
    assert "the same on both sides" in result.err
    url = f"sqlite:///{target}"
    assert (
        cli("-d", url, "stories", "--json").rows == cli(*newsroom.option, "stories", "--json").rows
    )


def test_json_has_a_row_for_each_table(cli: Cli, newsroom: Newsroom, tmp_path: Path) -> None:
    rows = cli("db", "copy", newsroom.url, tmp_path / "copy.db", "--json").rows
    assert {"table", "rows", "checksum"} == set(rows[0])
    assert next(row["rows"] for row in rows if row["table"] == "article") > 0


def test_a_source_that_is_not_there_is_one_line(cli: Cli, tmp_path: Path) -> None:
    result = cli("db", "copy", tmp_path / "none.db", tmp_path / "copy.db")
    assert (result.code, result.err.count("\n")) == (1, 1)
    assert "none.db" in result.err
    assert not (tmp_path / "copy.db").exists()


def test_a_target_of_an_unknown_kind_is_one_line(cli: Cli, newsroom: Newsroom) -> None:
    result = cli("db", "copy", newsroom.url, "mysql://host/news")
    assert (result.code, result.err.count("\n")) == (2, 1)
    assert "mysql" in result.err
