"""Polls that are asked for by name."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from ingest.cli.demo.outlets import OUTLETS
from ingest.cli.demo.server import DemoServer
from ingest.errors import DatabaseUnreachable
from ingest.record import Recorded, Recorder, Unrecorded
from ingest.store import views
from tests.cli.conftest import Cli
from tests.once import write_config

LEDGER = next(outlet for outlet in OUTLETS if outlet.name == "harbour-ledger")
ARTICLES = [column.name for column in views.V_ARTICLES.columns]
POLLS = [column.name for column in views.V_POLLS.columns]
COUNTS = ("new", "revised", "unchanged", "filtered", "invalid")


@pytest.fixture
def served(here: Path, database_url: str) -> Iterator[DemoServer]:
    """Two good feeds and a dead one in ./config.toml, over an empty database."""
    names = {"harbour-ledger", "city-beacon", "static-tribune"}
    with DemoServer() as server:
        write_config(here / "config.toml", database_url, server, names)
        yield server


@pytest.mark.usefixtures("served")
def test_every_feed_is_polled_and_its_counts_add_up(cli: Cli) -> None:
    result = cli("fetch", "--all", "--json")
    assert result.code == 1  # one of them is dead
    assert [list(row) for row in result.rows] == [POLLS] * 3
    by_feed = {row["feed"]: row for row in result.rows}
    assert by_feed["harbour-ledger"]["outcome"] == "ok"
    assert by_feed["harbour-ledger"]["entries_new"] == 5
    assert by_feed["static-tribune"]["outcome"] == "connect_error"
    assert by_feed["static-tribune"]["entries"] is None
    for row in result.rows:
        if row["entries"] is not None:
            assert row["entries"] == sum(row[f"entries_{one}"] for one in COUNTS)
    assert len(cli("articles", "--json").rows) == 8


@pytest.mark.usefixtures("served")
def test_a_second_poll_brings_the_edit_and_nothing_twice(cli: Cli) -> None:
    assert cli("fetch", "harbour-ledger", "city-beacon").code == 0
    again = cli("fetch", "harbour", "city", "--json")
    by_feed = {row["feed"]: row for row in again.rows}
    assert by_feed["harbour-ledger"]["outcome"] == "not_modified"
    assert by_feed["city-beacon"]["entries_revised"] == 1
    assert by_feed["city-beacon"]["entries_new"] == 0
    third = cli("fetch", "city-beacon")
    assert "not_modified" in third.out
    assert "0 articles new, 0 revised" in third.err


@pytest.mark.usefixtures("served")
def test_a_dry_run_prints_the_articles_and_stores_nothing(cli: Cli) -> None:
    rows = cli("fetch", "harbour-ledger", "--dry-run", "--json").rows
    assert len(rows) == 5
    assert list(rows[0]) == ARTICLES
    assert rows[0]["publisher"] == "The Harbour Ledger"
    assert rows[0]["id"] is None
    assert cli("articles", "--json").rows == []
    (feed,) = [row for row in cli("feeds", "list", "--json").rows if row["name"] == LEDGER.name]
    assert feed["last_poll_at"] is None


@pytest.mark.usefixtures("served")
def test_a_dry_run_leaves_out_what_is_known_and_unchanged(cli: Cli) -> None:
    cli("fetch", "city-beacon")
    rows = cli("fetch", "city-beacon", "--dry-run", "--json").rows
    assert [row["headline"] for row in rows] == [
        "Fire in city archive: electrical fault suspected, 2,000 plans lost"
    ]


def test_an_unknown_address_is_shown_and_not_subscribed(cli: Cli, served: DemoServer) -> None:
    outlet = next(one for one in OUTLETS if one.name == "valley-register")
    result = cli("fetch", served.url(outlet))
    assert result.code == 0
    assert "The Valley Register (rss10): 4 entries" in result.out
    assert "Tarn Red grows again" in result.out
    assert len(cli("feeds", "list", "--json").rows) == 3
    assert cli("articles", "--json").rows == []


def test_an_unknown_address_needs_no_database_and_leaves_none(cli: Cli, here: Path) -> None:
    with DemoServer() as server:
        write_config(here / "config.toml", "sqlite:///ingest.db", server, set())
        result = cli("fetch", server.url(LEDGER), "--json")
    assert result.code == 0
    assert len(result.rows) == 5
    assert [path.name for path in here.iterdir()] == ["config.toml"]


@pytest.mark.usefixtures("served")
def test_a_poll_that_fails_says_why_in_one_line(cli: Cli) -> None:
    stored = cli("fetch", "static-tribune")
    assert stored.code == 1
    assert "refused" in stored.out.lower()
    shown = cli("fetch", "static-tribune", "--dry-run")
    assert shown.code == 1
    assert "refused" in shown.err.lower()


@pytest.mark.usefixtures("served")
def test_quiet_shows_only_the_polls_that_failed(cli: Cli) -> None:
    result = cli("--quiet", "fetch", "static-tribune", "harbour-ledger")
    assert result.code == 1
    assert [line.split()[0] for line in result.out.splitlines()] == ["static-tribune"]
    assert result.err == ""


@pytest.mark.usefixtures("served")
def test_afterwards_every_article_is_in_a_story(cli: Cli) -> None:
    (polled,) = cli("fetch", "harbour-ledger", "--json").rows
    assert len(cli("stories", "--json").rows) == polled["entries_new"] > 0


def test_a_database_that_cannot_be_written_is_told_while_it_is_tried_again(
    cli: Cli, served: DemoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    record, tries = Recorder.record, 0

    def full_at_first(self: Recorder, batch: Sequence[Unrecorded]) -> list[Recorded]:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise DatabaseUnreachable("sqlite:///ingest.db: database or disk is full")
        return record(self, batch)

    monkeypatch.setattr(Recorder, "record", full_at_first)
    result = cli("fetch", "harbour-ledger")
    assert result.code == 0
    assert result.err.count("database or disk is full: trying again\n") == 1


def test_our_own_outage_is_named_as_ours(
    cli: Cli, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_names(*_: object) -> None:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr("socket.getaddrinfo", no_names)
    feeds = [f"[[feeds]]\nurl = 'https://outlet{number}.example/rss'\n" for number in range(6)]
    (here / "config.toml").write_text("".join(feeds), "utf-8")
    result = cli("fetch", "--all")
    assert result.code == 1
    assert result.out.count("own_outage") == 6
    assert "our own network is down (`ingest doctor`)" in result.err


def test_an_address_inside_is_refused_without_leave(cli: Cli, here: Path) -> None:
    result = cli("fetch", "http://127.0.0.1:8/feed.xml")
    assert result.code == 1
    assert "127.0.0.1" in result.err
    assert list(here.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "name feeds or URLs, or say --all"),
        (("--all", "harbour-ledger"), "name feeds or URLs, or say --all"),
        (("harbor-ledger",), "did you mean harbour-ledger"),
        (("ftp://a.example/",), "has to be an http:// or https:// URL"),
    ],
)
@pytest.mark.usefixtures("served")
def test_wrong_arguments_are_refused(cli: Cli, arguments: tuple[str, ...], says: str) -> None:
    result = cli("fetch", *arguments)
    assert result.code == 2
    assert says in result.err
    assert cli("articles", "--json").rows == []


def test_without_a_feed_there_is_nothing_to_poll(cli: Cli, here: Path, database_url: str) -> None:
    (here / "config.toml").write_text(f'[database]\nurl = "{database_url}"')
    result = cli("fetch", "--all")
    assert result.code == 2
    assert "no feed is subscribed" in result.err
