"""`ingest doctor` and `ingest changes` over the sample feeds, on both databases."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.model import FeedState, PollOutcome
from ingest.schedule.remedy import remedy
from tests.cli.conftest import Cli, Newsroom


def test_the_doctor_names_each_feed_in_trouble_with_a_remedy(cli: Cli, newsroom: Newsroom) -> None:
    result = cli(*newsroom.option, "doctor", "--json")
    assert result.code == 0
    by_feed = {row["found"].split()[0]: row for row in result.rows if row["about"] == "feed"}
    assert set(by_feed) == {"evening-signal", "static-tribune"}
    assert "ingest feeds add" in by_feed["evening-signal"]["remedy"]
    assert all(row["level"] == "warn" for row in by_feed.values())
    levels = {row["about"]: row["level"] for row in result.rows}
    assert levels["database"] == "ok"
    assert levels["clock"] == "ok"
    assert any(row["found"] == "nobody polls" for row in result.rows)


def test_the_doctor_says_it_in_words_and_quietly_only_what_is_amiss(
    cli: Cli, newsroom: Newsroom
) -> None:
    said = cli(*newsroom.option, "doctor").out
    assert "ok    database" in said
    assert "warn  feed        evening-signal is failing" in said
    quiet = cli("--quiet", *newsroom.option, "doctor").out
    assert "ok    " not in quiet
    assert "evening-signal" in quiet


def test_a_config_that_cannot_be_read_is_a_finding(cli: Cli, here: Path) -> None:
    (here / "config.toml").write_text("[fetch]\nmax_bites = 1\n", encoding="utf-8")
    result = cli("doctor")
    assert result.code == 1
    assert result.out.startswith("fail  config")
    assert "max_bites" in result.out


def test_a_database_that_is_not_there_or_not_sound_is_a_finding(cli: Cli, here: Path) -> None:
    missing = cli("--database", "sqlite:///none.db", "doctor")
    assert missing.code == 1
    assert "fail  database" in missing.out
    (here / "broken.db").write_bytes(b"this is no database, whatever its name says" * 100)
    broken = cli("--database", "sqlite:///broken.db", "doctor")
    assert broken.code == 1
    assert "fail  database" in broken.out


@pytest.mark.parametrize("outcome", list(PollOutcome))
def test_every_way_to_fail_has_a_remedy(outcome: PollOutcome) -> None:
    good = outcome in (PollOutcome.OK, PollOutcome.NOT_MODIFIED, PollOutcome.SAME_BYTES)
    assert (remedy(FeedState.FAILING, outcome) is None) is good
    assert remedy(FeedState.OK, outcome) is None


def test_changes_can_be_resumed_at_any_cursor(cli: Cli, newsroom: Newsroom) -> None:
    everything = cli(*newsroom.option, "changes", "--json").rows
    assert len(everything) > 80
    assert {"article.new", "article.revised", "story.joined"} <= {
        event["kind"] for event in everything
    }
    for at in (0, 7, len(everything) - 1):
        rest = cli(*newsroom.option, "changes", "--json", "--since", everything[at]["cursor"])
        assert rest.rows == everything[at + 1 :]
    assert cli(*newsroom.option, "changes", "--since", "now", "--json").rows == []
    assert cli(*newsroom.option, "changes", "--since", "1d", "--json").rows == everything
    assert cli(*newsroom.option, "changes", "--since", "2100-01-01", "--json").rows == []


def test_changes_are_filtered_by_kind_and_number(cli: Cli, newsroom: Newsroom) -> None:
    # One edit. Three articles stand in two feeds of one publisher, as a teaser and whole: which of
    # the feeds comes first is chance, and a teaser that did is replaced by the fuller text.
    revised = cli(*newsroom.option, "changes", "--kind", "article.revised", "--json").rows
    assert {event["kind"] for event in revised} == {"article.revised"}
    assert all(event["article_id"] is not None for event in revised)
    reasons = [event["data"]["reason"] for event in revised]
    assert reasons.count("edit") == 1
    assert reasons.count("fuller") in (0, 3)
    assert len(reasons) == reasons.count("edit") + reasons.count("fuller")
    some = cli(
        *newsroom.option, "changes", "--kind", "story.joined", "--kind", "article.new", "-n", "5",
        "--json",
    ).rows  # fmt: skip
    assert len(some) == 5
    assert {event["kind"] for event in some} <= {"story.joined", "article.new"}
    followed = cli(*newsroom.option, "changes", "--follow", "-n", "3", "--json").rows
    assert len(followed) == 3


def test_changes_are_readable_as_lines(cli: Cli, newsroom: Newsroom) -> None:
    lines = cli(*newsroom.option, "changes", "-n", "10").out.splitlines()
    assert len(lines) == 10
    assert "article.new" in lines[0]


@pytest.mark.parametrize(
    "wrong", [("--since", "yesterday"), ("--since", "1.x"), ("--kind", "article.gone")]
)
def test_a_wrong_cursor_or_kind_is_refused(
    cli: Cli, newsroom: Newsroom, wrong: tuple[str, str]
) -> None:
    result = cli(*newsroom.option, "changes", *wrong)
    assert result.code == 2
    assert wrong[1] in result.err
