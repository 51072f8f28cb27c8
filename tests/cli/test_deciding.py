"""A person's decisions about stories, and the stories made again, from the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ingest.cli.demo.server import DemoServer
from ingest.cli.front import run
from ingest.config import DedupeSettings
from ingest.store import recluster as store
from ingest.store.engine import open_database
from tests.cli.conftest import Cli
from tests.cli.interrupting import ARTICLES, interrupt_settling
from tests.once import write_config
from tests.store.build import NOW


@pytest.fixture
def option(here: Path, database_url: str) -> tuple[str, str]:
    """A database of two outlets' articles, to be changed by the test alone."""
    config = here / "config.toml"
    with DemoServer() as server:
        write_config(config, database_url, server)
        run(["--quiet", "--config", str(config), "fetch", "--all"])
    return ("--config", str(config))


def story_of(cli: Cli, option: tuple[str, str], article: object) -> int:
    rows = cli(*option, "articles", "--json", "--limit", 1000).rows
    (found,) = [row["story_id"] for row in rows if row["id"] == article]
    assert isinstance(found, int)
    return found


def shared_story(cli: Cli, option: tuple[str, str]) -> tuple[int, list[int]]:
    """A story of several articles, and their ids in order of time."""
    story = cli(*option, "stories", "--min-publishers", 3, "--json").rows[0]["story_id"]
    members: list[dict[str, Any]] = cli(*option, "stories", "show", story, "--json").rows
    return story, [member["id"] for member in members]


def test_decisions_are_told_carried_out_and_outlive_reclustering(
    cli: Cli, option: tuple[str, str]
) -> None:
    story, (first, copy, *_) = shared_story(cli, option)
    other = next(
        row["id"]
        for row in cli(*option, "articles", "--json").rows
        if row["story_id"] not in (story, None)
    )

    done = cli(*option, "stories", "split", copy, first, "--reason", "another day")
    assert done.code == 0
    assert f"Article {copy} left story {story}" in done.out
    assert cli(*option, "why", copy, first).code == 1
    assert "decided that they are two" in cli(*option, "why", copy, first).out
    again = cli(*option, "stories", "split", copy, first)
    assert again.code == 0
    assert "two stories already" in again.out
    assert "alone in story" in cli(*option, "stories", "split", copy).out

    pinned = cli(*option, "stories", "pin", copy, other, "--json")
    assert pinned.code == 0
    assert pinned.rows[0]["story_id"] == story_of(cli, option, copy)
    assert cli(*option, "why", copy, other, "--json").rows[0]["decided_together"] is True

    assert cli(*option, "recluster").code == 0
    assert story_of(cli, option, copy) == story_of(cli, option, other)
    assert story_of(cli, option, copy) != story_of(cli, option, first)

    taken_back = cli(*option, "stories", "pin", copy, first)
    assert taken_back.code == 0
    assert story_of(cli, option, copy) == story_of(cli, option, first)


def test_stories_are_merged_into_the_oldest(cli: Cli, option: tuple[str, str]) -> None:
    rows = cli(*option, "stories", "--json").rows
    older, younger = sorted(row["story_id"] for row in rows[:2])
    done = cli(*option, "stories", "merge", younger, older)
    assert done.code == 0
    assert done.out == f"Stories {younger}, {older} are one for good: {older}.\n"
    refused = cli(*option, "stories", "merge", younger, older)
    assert refused.code == 2
    assert "was merged into another one" in refused.err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("pin", 1, 9999), "no article with id 9999"),
        (("pin", 1), "two articles at least"),
        (("split", 9999), "no article with id 9999"),
        (("split", 1, 1), "apart from itself"),
        (("merge", 1, 9999), "no story with id 9999"),
        (("merge", 1, 1), "two stories at least"),
    ],
)
def test_what_cannot_be_decided_is_refused(
    cli: Cli, option: tuple[str, str], arguments: tuple[object, ...], says: str
) -> None:
    result = cli(*option, "stories", *map(str, arguments))
    assert (result.code, result.out) == (2, "")
    assert says in result.err
    assert result.err.count("\n") == 1


def test_reclustering_reports_merges_and_splits_and_a_dry_run_changes_nothing(
    cli: Cli, option: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = cli(*option, "stories", "--json").rows
    unchanged = cli(*option, "recluster", "--json").rows[0]
    assert (unchanged["merged"], unchanged["split"]) == ([], [])
    assert {row["story_id"] for row in cli(*option, "stories", "--json").rows} == {
        row["story_id"] for row in before
    }
    shared = [row["story_id"] for row in before if row["articles"] > 1]
    monkeypatch.setenv("INGEST_DEDUPE__ENABLED", "false")  # rules by which all are apart
    dry = cli(*option, "recluster", "--dry-run", "--json").rows[0]
    assert sorted(one["story_id"] for one in dry["split"]) == sorted(shared)
    monkeypatch.delenv("INGEST_DEDUPE__ENABLED")
    kept = [
        row["story_id"] for row in cli(*option, "stories", "--json").rows if row["articles"] > 1
    ]
    assert sorted(kept) == sorted(shared)
    shown = cli(*option, "recluster", "--since", "1w")
    assert shown.code == 0
    assert f"{len(before)} stories are now {len(before)}, 0 by merging" in shown.err


def test_an_interrupted_run_is_finished_by_the_next(
    cli: Cli, option: tuple[str, str], database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = {row["id"]: row["story_id"] for row in cli(*option, "articles", "--json").rows}
    assert None not in wanted.values()
    with monkeypatch.context() as patched:
        interrupt_settling(patched)
        stopped = cli(*option, "recluster")
    assert stopped.code == 130
    assert "`ingest recluster` goes on" in stopped.err
    assert None in [row["story_id"] for row in cli(*option, "articles", "--json").rows]
    finished = cli(*option, "recluster")
    assert finished.code == 0
    assert f"finished an interrupted run: {len(wanted) - ARTICLES} articles" in finished.err
    assert {r["id"]: r["story_id"] for r in cli(*option, "articles", "--json").rows} == wanted
    database = open_database(database_url)
    assert store.articles_left(database) == 0
    assert store.recluster(database, now=NOW, settings=DedupeSettings()).split == ()
    database.close()
