"""`ingest feeds simulate` over a history that was polled too often."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert

from ingest.model import PollOutcome
from ingest.store.engine import Database
from ingest.store.tables import poll
from tests.cli.conftest import Cli
from tests.schedule.daemons import utc_now

POLLS, MINUTES = 288, 10  # two days


@pytest.fixture
def config(here: Path, database_url: str) -> Path:
    """Two feeds: one polled every ten minutes for two days, one never."""
    path = here / "config.toml"
    path.write_text(
        f'[database]\nurl = "{database_url}"\n'
        '[[feeds]]\nurl = "https://one.example/"\nname = "one"\n'
        '[[feeds]]\nurl = "https://two.example/"\nname = "two"\n',
        encoding="utf-8",
    )
    return path


@pytest.fixture
def polled(cli: Cli, config: Path, database: Database) -> Path:
    (one, _) = cli("feeds", "list", "--json").rows
    start = utc_now() - timedelta(minutes=POLLS * MINUTES)
    with database.begin() as connection:
        connection.execute(
            insert(poll),
            [
                {
                    "feed_id": one["feed_id"],
                    "started_at": start + timedelta(minutes=MINUTES * n),
                    "outcome": PollOutcome.OK,
                    "elapsed_seconds": 0.1,
                    "received_bytes": 100,
                    "entries": 20,
                    "entries_new": new,
                    "entries_revised": 0,
                    "entries_unchanged": 20 - new,
                    "entries_filtered": 0,
                    "entries_invalid": 0,
                }
                for n in range(POLLS)
                for new in [int(n % 6 == 0)]
            ],
        )
    return config


@pytest.mark.usefixtures("polled")
def test_other_settings_are_compared_with_what_was_done(cli: Cli) -> None:
    slow = ("--set", "schedule.min_interval_seconds=43200")
    result = cli("feeds", "simulate", *slow, "--json")
    assert result.code == 0
    done, usual, rare = result.rows
    assert (done["name"], done["feeds"], done["requests"]) == ("as polled", 1, POLLS)
    assert usual["name"] == "settings of now"
    assert rare["name"] == "with schedule.min_interval_seconds=43200"
    assert rare["requests"] <= 5 < usual["requests"] < POLLS
    assert rare["median_delay_seconds"] > usual["median_delay_seconds"]
    assert "1 of 2 feeds left out: they were not polled twice" in result.err
    table = cli("feeds", "simulate", "one", *slow).out.splitlines()
    assert [line.split()[0] for line in table] == ["SETTINGS", "as", "settings", "with"]


@pytest.mark.usefixtures("polled")
def test_only_the_polls_since_then_are_replayed(cli: Cli) -> None:
    (done, _) = cli("feeds", "simulate", "one", "--since", "1d", "--json").rows
    assert POLLS / 2 - 2 <= done["requests"] <= POLLS / 2


@pytest.mark.usefixtures("polled")
@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--set", "min_interval_seconds=9"), "has to be like schedule."),
        (("--set", "fetch.concurrency=9"), "has to be like schedule."),
        (("--set", "schedule.min_interval=9"), "did you mean min_interval_seconds?"),
        (("--set", "schedule.min_interval_seconds=soon"), "has to be a whole number"),
        (("--set", "schedule.min_interval_seconds=90000"), "is above max_interval_seconds"),
        (("nowhere",), "no feed 'nowhere'"),
        (("--since", "soon"), "has to be like 30m"),
    ],
)
def test_what_cannot_be_simulated_is_refused_in_one_line(
    cli: Cli, arguments: tuple[str, ...], says: str
) -> None:
    result = cli("feeds", "simulate", *arguments)
    assert (result.code, result.out) == (2, "")
    assert says in result.err
    assert "INGEST_" not in result.err
    assert result.err.count("\n") == 1
