"""`ingest export`: what is in the files is what is in the database."""

from __future__ import annotations

import csv
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from ingest.store import schema_version, views
from tests.cli.conftest import Cli, Newsroom

EXTRA = ["feed", "feed_url", "first_seen_after", "revised_at", "revision"]


def manifest(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "manifest.json").read_text("utf-8"))
    return found


def lines(folder: Path, table: str) -> list[dict[str, Any]]:
    return [
        json.loads(line)
        for path in sorted((folder / table).glob("*.jsonl"))
        for line in path.read_text("utf-8").splitlines()
    ]


def test_articles_have_the_columns_of_the_view_and_their_feed(
    cli: Cli, newsroom: Newsroom, tmp_path: Path
) -> None:
    folder = tmp_path / "archive"
    result = cli(*newsroom.option, "export", folder)
    assert result.code == 0
    rows = lines(folder, "articles")
    columns = [column.name for column in views.V_ARTICLES.columns]
    assert list(rows[0]) == columns + EXTRA
    listed = cli(*newsroom.option, "articles", "--limit", "1000", "--json").rows
    assert sorted(({name: row[name] for name in columns} for row in rows), key=by_id) == sorted(
        listed, key=by_id
    )
    stories = cli(*newsroom.option, "stories", "--limit", "1000", "--json").rows
    assert {row["story_id"] for row in lines(folder, "stories")} == {
        row["story_id"] for row in stories
    }
    assert lines(folder, "matches") != []


def by_id(row: dict[str, Any]) -> int:
    article_id: int = row["id"]
    return article_id


@pytest.mark.parametrize("written_as", ["jsonl", "csv"])
def test_the_manifest_has_rows_and_hash_of_every_file(
    cli: Cli, newsroom: Newsroom, tmp_path: Path, written_as: str
) -> None:
    folder = tmp_path / "archive"
    cli(*newsroom.option, "export", "--format", written_as, folder)
    told = manifest(folder)
    assert told["format"] == written_as
    assert told["schema_version"] == schema_version.HEAD
    on_disk = {path.relative_to(folder).as_posix() for path in folder.glob("*/*")}
    assert {one["path"] for one in told["files"]} == on_disk
    for one in told["files"]:
        content = (folder / one["path"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == one["sha256"]
        assert len(content) == one["bytes"]
    assert told["rows"]["articles"] == sum(
        one["rows"] for one in told["files"] if one["table"] == "articles"
    )


def test_csv_holds_the_same_values(cli: Cli, newsroom: Newsroom, tmp_path: Path) -> None:
    cli(*newsroom.option, "export", tmp_path / "a")
    cli(*newsroom.option, "export", "--format", "csv", tmp_path / "b")
    expected = lines(tmp_path / "a", "articles")
    found: list[dict[str, str]] = []
    for path in sorted((tmp_path / "b" / "articles").glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as source:
            found += csv.DictReader(source)
    assert [row["body_text"] for row in found] == [row["body_text"] or "" for row in expected]
    assert [row["first_seen_at"] for row in found] == [row["first_seen_at"] for row in expected]
    assert [json.loads(row["tags"] or "null") for row in found] == [row["tags"] for row in expected]


def test_parquet_holds_the_same_values(cli: Cli, newsroom: Newsroom, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    cli(*newsroom.option, "export", tmp_path / "a")
    result = cli(*newsroom.option, "export", "--format", "parquet", tmp_path / "b")
    assert result.code == 0
    for table in ("articles", "stories", "matches"):
        expected = lines(tmp_path / "a", table)
        found = [
            row
            for path in sorted((tmp_path / "b" / table).glob("*.parquet"))
            for row in parquet.read_table(path).to_pylist()
        ]
        assert len(found) == len(expected)
        for row, other in zip(found, expected, strict=True):
            for name, value in row.items():
                if name in ("authors", "sections", "tags", "media"):
                    value = json.loads(value) if value is not None else None
                elif hasattr(value, "isoformat"):
                    value = value.isoformat()
                assert value == other[name], name


def test_parquet_without_pyarrow_names_the_extra(
    cli: Cli, newsroom: Newsroom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    result = cli(*newsroom.option, "export", "--format", "parquet", tmp_path / "archive")
    assert (result.code, result.err.count("\n")) == (1, 1)
    assert "ingest[parquet]" in result.err
    assert not (tmp_path / "archive").exists()


def test_a_period_without_articles_is_an_empty_archive(
    cli: Cli, newsroom: Newsroom, tmp_path: Path
) -> None:
    result = cli(*newsroom.option, "export", "--since", "2100-01-01", tmp_path / "archive")
    assert result.code == 0
    assert manifest(tmp_path / "archive")["files"] == []
    assert "no articles" in result.err


@pytest.mark.parametrize("arguments", [("--format", "xlsx"), ("--since", "soon")])
def test_what_cannot_be_is_refused_before_anything_is_written(
    cli: Cli, newsroom: Newsroom, tmp_path: Path, arguments: tuple[str, str]
) -> None:
    result = cli(*newsroom.option, "export", *arguments, tmp_path / "archive")
    assert (result.code, result.err.count("\n")) == (2, 1)
    assert arguments[1] in result.err
    assert not (tmp_path / "archive").exists()


def test_a_folder_with_something_in_it_is_left_alone(
    cli: Cli, newsroom: Newsroom, tmp_path: Path
) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    result = cli(*newsroom.option, "export", tmp_path)
    assert (result.code, result.err.count("\n")) == (2, 1)
    assert "not empty" in result.err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
