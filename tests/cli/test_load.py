"""`ingest load`: what was exported is there again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Cli, Newsroom


@pytest.fixture(params=["sqlite", "postgresql"])
def target(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.mark.parametrize("written_as", ["jsonl", "csv", "parquet"])
def test_articles_stories_and_matches_are_the_same_again(
    cli: Cli, newsroom: Newsroom, tmp_path: Path, target: str, written_as: str
) -> None:
    if written_as == "parquet":
        pytest.importorskip("pyarrow")
    folder = tmp_path / "archive"
    assert cli(*newsroom.option, "export", "--format", written_as, folder).code == 0
    assert cli("-d", target, "load", folder).code == 0
    again = cli("-d", target, "load", folder)
    assert (again.code, again.err.count("\n")) == (2, 1)
    assert "not empty" in again.err
    for table, missing in (
        ("articles", {"media", "last_seen_at"}),
        ("stories", {"updated_at", "last_seen_at"}),
    ):
        before, after = (
            {row.get("id", row.get("story_id")): _without(row, missing) for row in rows}
            for rows in (
                cli(*newsroom.option, table, "--limit", "1000", "--json").rows,
                cli("-d", target, table, "--limit", "1000", "--json").rows,
            )
        )
        assert after == before
    found = cli("-d", target, "search", "ferry", "--json").rows
    assert {row["id"] for row in found} == {
        row["id"] for row in cli(*newsroom.option, "search", "ferry", "--json").rows
    }


def _without(row: dict[str, Any], names: set[str]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in names}


def test_an_interrupted_load_is_gone_on_with(
    cli: Cli, newsroom: Newsroom, tmp_path: Path, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "archive"
    cli(*newsroom.option, "export", folder)
    with monkeypatch.context() as patched:
        patched.setattr("ingest.store.loading.load_matches", _interrupted)
        assert cli("-d", target, "load", folder).code == 130
    assert cli("-d", target, "load", folder).code == 0
    for table in ("articles", "stories"):
        before = cli(*newsroom.option, table, "--limit", "1000", "--json").rows
        assert len(cli("-d", target, table, "--limit", "1000", "--json").rows) == len(before)


def _interrupted(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_file_that_was_changed_is_refused(
    cli: Cli, newsroom: Newsroom, tmp_path: Path, sqlite_url: str
) -> None:
    folder = tmp_path / "archive"
    cli(*newsroom.option, "export", folder)
    path = next((folder / "articles").iterdir())
    path.write_bytes(path.read_bytes() + b"\n")
    result = cli("-d", sqlite_url, "load", folder)
    assert (result.code, result.err.count("\n")) == (2, 1)
    assert "not as the manifest has it" in result.err
    assert cli("-d", sqlite_url, "articles", "--json").rows == []


def test_a_folder_without_a_manifest_is_refused(cli: Cli, tmp_path: Path, sqlite_url: str) -> None:
    result = cli("-d", sqlite_url, "load", tmp_path)
    assert (result.code, result.err.count("\n")) == (2, 1)
    assert "not a whole archive" in result.err
