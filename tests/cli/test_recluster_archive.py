"""`ingest recluster --from`: an archive outside the database gets what the database would get."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ingest.cli.demo.server import DemoServer
from ingest.cli.front import run
from tests.cli.conftest import Cli
from tests.cli.interrupting import interrupt_settling
from tests.once import write_config

OF_NOW = "decided_at"


@pytest.fixture
def option(here: Path, database_url: str) -> tuple[str, str]:
    """A database of two outlets' articles; one article was taken out of its story by hand."""
    config = here / "config.toml"
    with DemoServer() as server:
        write_config(config, database_url, server)
        run(["--quiet", "--config", str(config), "fetch", "--all"])
    return ("--config", str(config))


def rows_of(cli: Cli, folder: Path, table: str) -> list[dict[str, Any]]:
    """All rows of an archive's table, as they are in JSON; times of the call itself apart."""
    paths = sorted((folder / table).iterdir())
    if paths[0].suffix == ".parquet":
        import pyarrow.parquet

        rows = [
            {
                name: value.isoformat() if hasattr(value, "isoformat") else value
                for name, value in row.items()
            }
            for path in paths
            for row in pyarrow.parquet.ParquetFile(path).read().to_pylist()
        ]
    else:
        rows = [json.loads(line) for path in paths for line in path.read_text("utf-8").splitlines()]
    return [{name: value for name, value in row.items() if name != OF_NOW} for row in rows]


@pytest.mark.parametrize("written_as", ["jsonl", "parquet"])
def test_an_archive_gets_the_rows_that_the_database_gets(
    cli: Cli,
    option: tuple[str, str],
    tmp_path: Path,
    written_as: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if written_as == "parquet":
        pytest.importorskip("pyarrow")
    members = cli(
        *option,
        "stories",
        "show",
        cli(*option, "stories", "--min-publishers", 2, "--json").rows[0]["story_id"],
        "--json",
    ).rows
    assert cli(*option, "stories", "split", members[-1]["id"]).code == 0
    monkeypatch.setenv("INGEST_DEDUPE__ENABLED", "false")  # all are apart: new stories, new ids
    assert cli(*option, "recluster").code == 0
    monkeypatch.delenv("INGEST_DEDUPE__ENABLED")
    before, out, after = (tmp_path / name for name in ("before", "out", "after"))
    assert cli(*option, "export", "--format", written_as, before).code == 0
    made = cli(*option, "recluster", "--from", before, "--into", out, "--json")
    assert made.code == 0
    assert made.rows[0]["merged"]
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("out")] == ["out"]

    told = cli(*option, "recluster", "--json").rows[0]
    assert told == made.rows[0]
    assert cli(*option, "export", "--format", written_as, after).code == 0
    for table in ("stories", "matches"):
        rows = rows_of(cli, out, table)
        assert rows
        assert rows == rows_of(cli, after, table)
    articles = rows_of(cli, after, "articles")
    assert rows_of(cli, out, "members") == [
        {"article_id": row["id"], "story_id": row["story_id"]} for row in articles
    ]
    by_article = {row["id"]: row["story_id"] for row in articles}
    assert by_article[members[-1]["id"]] != by_article[members[0]["id"]], "the split holds"


def test_an_archive_that_was_interrupted_is_gone_on_with(
    cli: Cli, option: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, out = tmp_path / "archive", tmp_path / "out"
    assert cli(*option, "export", folder).code == 0
    with monkeypatch.context() as patched:
        interrupt_settling(patched)
        assert cli(*option, "recluster", "--from", folder, "--into", out).code == 130
    assert not out.exists()
    with monkeypatch.context() as patched:
        patched.setattr("ingest.archive._write_manifest", lambda *_: stop())
        assert cli(*option, "recluster", "--from", folder, "--into", out).code == 130
    assert not out.exists()
    assert cli(*option, "recluster", "--from", folder, "--into", out).code == 0
    wanted = {row["id"]: row["story_id"] for row in rows_of(cli, folder, "articles")}
    found = {row["article_id"]: row["story_id"] for row in rows_of(cli, out, "members")}
    assert found == wanted
    again = cli(*option, "recluster", "--from", folder, "--into", out)
    assert (again.code, again.err.count("\n")) == (2, 1)
    assert "is there already" in again.err


def stop() -> None:
    raise KeyboardInterrupt


def test_a_dry_run_over_an_archive_leaves_nothing_behind(
    cli: Cli, option: tuple[str, str], tmp_path: Path
) -> None:
    folder, out = tmp_path / "archive", tmp_path / "out"
    assert cli(*option, "export", folder).code == 0
    shown = cli(*option, "recluster", "--from", folder, "--into", out, "--dry-run")
    assert shown.code == 0
    assert "0 were split" in shown.err
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) == ["archive"]


def test_an_archive_needs_a_folder_for_its_stories(cli: Cli, option: tuple[str, str]) -> None:
    result = cli(*option, "recluster", "--from", "archive")
    assert (result.code, result.err.count("\n")) == (2, 1)
    assert "--into" in result.err
