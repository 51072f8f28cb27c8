"""`ingest prune` as a user calls it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.cli.conftest import Cli, Newsroom

LATER = datetime.now(UTC) + timedelta(days=200)


def test_a_young_database_has_nothing_to_lose(cli: Cli, newsroom: Newsroom) -> None:
    result = cli(*newsroom.option, "prune", "--dry-run", "--json")
    assert result.code == 0
    assert {row["rows"] for row in result.rows} == {0}
    assert {"polls", "raw entries", "fingerprints"} <= {row["what"] for row in result.rows}
    assert "0 rows would go" in result.err


def test_what_goes_is_what_the_rehearsal_said(
    cli: Cli, newsroom: Newsroom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = f"sqlite:///{tmp_path}/copy.db"
    assert cli("db", "copy", newsroom.url, copy).code == 0
    monkeypatch.setattr("ingest.cli.prune.now", lambda: LATER)
    said = cli("-d", copy, "prune", "--dry-run", "--json").rows
    assert sum(row["rows"] for row in said) > 0
    assert cli("-d", copy, "prune", "--json").rows == said
    assert {row["rows"] for row in cli("-d", copy, "prune", "--json").rows} == {0}
    articles = cli("-d", copy, "articles", "--json").rows
    assert len(articles) == len(cli(*newsroom.option, "articles", "--json").rows)


def test_a_database_that_is_not_there_is_one_line(cli: Cli, here: Path) -> None:
    result = cli("-d", f"sqlite:///{here}/none.db", "prune")
    assert (result.code, result.err.count("\n")) == (1, 1)
