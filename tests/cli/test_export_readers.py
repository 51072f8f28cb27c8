"""An archive as DuckDB and pandas read it: every row, with types that can be reckoned with.

They are not among the libraries that the tests install: run where they are, skipped by name where
they are not.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Cli, Newsroom

TABLES = ("articles", "stories", "matches")
FORMATS = ("jsonl", "csv", "parquet")


def library(name: str) -> Any:
    return pytest.importorskip(name, reason=f"{name} is not installed: pip install {name}")


@pytest.fixture(params=FORMATS)
def archive(
    cli: Cli, newsroom: Newsroom, tmp_path: Path, request: pytest.FixtureRequest
) -> tuple[str, Path, dict[str, Any]]:
    """Format, folder and manifest of an exported newsroom."""
    if request.param == "parquet":
        library("pyarrow")
    folder = tmp_path / "archive"
    assert cli(*newsroom.option, "export", folder, "--format", request.param).code == 0
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return request.param, folder, manifest


def duckdb_reads(format_: str, folder: Path, table: str) -> str:
    files = f"'{folder}/{table}/*.{format_}'"
    if format_ == "parquet":
        return f"read_parquet({files})"
    # Each day's file in its own right would have its own guess at types: all are read for one.
    reader = "read_json" if format_ == "jsonl" else "read_csv"
    return f"{reader}({files}, sample_size=-1, union_by_name=true)"


@pytest.mark.parametrize("table", TABLES)
def test_duckdb_finds_every_row_of_the_manifest(
    archive: tuple[str, Path, dict[str, Any]], table: str
) -> None:
    duckdb = library("duckdb")
    format_, folder, manifest = archive
    source = duckdb_reads(format_, folder, table)
    ((rows,),) = duckdb.sql(f"SELECT count(*) FROM {source}").fetchall()
    assert rows == manifest["rows"][table] > 0
    columns = [row[0] for row in duckdb.sql(f"DESCRIBE SELECT * FROM {source}").fetchall()]
    assert columns == list(manifest["columns"][table])


def test_duckdb_joins_and_reckons_with_times(archive: tuple[str, Path, dict[str, Any]]) -> None:
    duckdb = library("duckdb")
    format_, folder, _ = archive
    articles, stories = (duckdb_reads(format_, folder, one) for one in ("articles", "stories"))
    rows = duckdb.sql(
        f"SELECT s.story_id, s.articles, count(*) FROM {stories} AS s"
        f" JOIN {articles} AS a ON a.story_id = s.story_id GROUP BY ALL"
    ).fetchall()
    assert rows
    assert all(counted == said for _, said, counted in rows)
    ((first,),) = duckdb.sql(
        f"SELECT min(first_seen_at) + INTERVAL 1 DAY FROM {articles} WHERE first_seen_at"
        " > TIMESTAMPTZ '2020-01-01 00:00:00+00'"
    ).fetchall()
    assert isinstance(first, datetime)


@pytest.mark.parametrize("table", TABLES)
def test_pandas_reads_every_row_of_the_manifest(
    archive: tuple[str, Path, dict[str, Any]], table: str
) -> None:
    pandas = library("pandas")
    format_, folder, manifest = archive
    read = {
        "jsonl": lambda path: pandas.read_json(path, lines=True),
        "csv": pandas.read_csv,
        "parquet": pandas.read_parquet,
    }[format_]
    paths = sorted((folder / table).iterdir())
    frame = pandas.concat([read(path) for path in paths], ignore_index=True)
    assert len(frame) == manifest["rows"][table]
    assert list(frame.columns) == list(manifest["columns"][table])
    times = [name for name, kind in manifest["columns"][table].items() if kind == "time"]
    for name in times:
        read_as_times = pandas.to_datetime(frame[name], utc=True, format="ISO8601")
        assert read_as_times.notna().sum() == frame[name].notna().sum(), name
    if format_ == "parquet":
        for name in times:
            assert str(frame[name].dtype).startswith("datetime64["), name
