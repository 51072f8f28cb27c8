"""`ingest webhooks`, and what the doctor and the daemon say of a webhook that is not right."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ingest.config import load
from ingest.schedule.webhooks import webhook_chore
from ingest.store import changes
from ingest.store.changes import ChangeKind, NewChange
from ingest.store.engine import open_database
from tests.cli.conftest import Cli
from tests.schedule.receiver import FakeReceiver


@pytest.fixture
def desk(here: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeReceiver]:
    """A receiver that the config file names, and the secret in the environment."""
    monkeypatch.setenv("DESK_SECRET", "a secret of more than 16 bytes")
    with FakeReceiver() as opened:
        (here / "config.toml").write_text(
            f'[database]\nurl = "{sqlite_url}"\n[fetch]\nallow_networks = ["127.0.0.0/8"]\n'
            f'[[webhooks]]\nname = "desk"\nurl = "{opened.url}"\nsecret_env = "DESK_SECRET"\n'
        )
        yield opened


def _deliver() -> None:
    """Something happens, and the daemon's chore comes round."""
    settings = load(Path("config.toml"), {})
    database = open_database(settings.database.url)
    chore = webhook_chore(database, lambda: datetime.now(UTC))
    chore.run(settings, lambda: False)
    with database.begin() as connection:
        changes.append(connection, [NewChange(ChangeKind.STORY_CREATED)], datetime.now(UTC))
    chore.run(settings, lambda: False)
    database.close()


def test_the_list_says_how_far_each_has_got(cli: Cli, desk: FakeReceiver) -> None:
    (before,) = cli("webhooks", "list", "--json").rows
    assert (before["name"], before["state"]) == ("desk", "new")
    _deliver()
    (after,) = cli("webhooks", "list", "--json").rows
    assert (after["state"], after["events"], after["detail"]) == ("ok", 1, None)
    assert "desk" in cli("webhooks", "list").out


def test_one_that_fails_is_named_by_list_and_doctor_and_can_be_given_up(
    cli: Cli, desk: FakeReceiver
) -> None:
    desk.statuses = [500]
    _deliver()
    (row,) = cli("webhooks", "list", "--json").rows
    assert (row["state"], row["attempts"]) == ("failing", 1)
    assert "500" in row["detail"]
    found = [one for one in cli("doctor", "--json").rows if one["about"] == "webhook"]
    assert [one["level"] for one in found] == ["warn"]
    assert "ingest webhooks test desk" in found[0]["remedy"]
    refused = cli("webhooks", "skip", "desk")
    assert (refused.code, "--yes" in refused.err) == (2, True)
    assert cli("webhooks", "skip", "desk", "--yes").code == 0
    (row,) = cli("webhooks", "list", "--json").rows
    assert row["state"] == "ok"


def test_a_test_message_is_signed_and_holds_no_events(cli: Cli, desk: FakeReceiver) -> None:
    tried = cli("webhooks", "test", "desk")
    assert (tried.code, tried.out) == (0, "desk: answered 200\n")
    (got,) = desk.got
    assert got.events == []
    assert got.headers["webhook-signature"].startswith("v1,")
    desk.statuses = [403]
    tried = cli("webhooks", "test", "desk")
    assert tried.code == 1
    assert "403" in tried.err
    assert "path-secret" not in tried.err


def test_a_name_that_is_nearly_right_is_suggested(cli: Cli, desk: FakeReceiver) -> None:
    tried = cli("webhooks", "test", "dsek")
    assert tried.code == 2
    assert "did you mean desk?" in tried.err


def test_a_daemon_does_not_start_without_the_secret(
    cli: Cli, desk: FakeReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DESK_SECRET")
    tried = cli("run")
    assert tried.code == 2
    assert "the variable DESK_SECRET is not set" in tried.err
    found = [one for one in cli("doctor", "--json").rows if one["about"] == "webhook"]
    assert [one["level"] for one in found] == ["fail"]


def test_without_webhooks_the_list_says_where_they_are_named(cli: Cli, here: Path) -> None:
    tried = cli("webhooks", "list")
    assert (tried.code, tried.out) == (0, "")
    assert "[[webhooks]]" in tried.err
