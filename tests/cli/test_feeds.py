"""Subscribing from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Cli

ONE = "https://one.example/rss.xml"
TWO = "https://two.example/atom.xml"
OPML = f"""<opml version="2.0"><body><outline text="News">
<outline text="One Daily" xmlUrl="{ONE}"/><outline text="Two" xmlUrl="{TWO}" language="fr"/>
<outline text="No" xmlUrl="mailto:a@b.example"/></outline></body></opml>"""


@pytest.fixture
def config(here: Path, database_url: str) -> Path:
    """A config file without feeds over an empty database."""
    path = here / "config.toml"
    path.write_text(f'[database]\nurl = "{database_url}"\n', encoding="utf-8")
    return path


def names(cli: Cli) -> list[str]:
    return [row["name"] for row in cli("feeds", "list", "--json").rows]


@pytest.mark.usefixtures("config")
def test_a_feed_is_added_listed_and_removed(cli: Cli) -> None:
    added = cli("feeds", "add", "--no-check", ONE, "--name", "one", "--publisher", "One Daily")
    assert (added.code, added.out) == (0, "")
    assert added.err == f"Subscribed one: {ONE}\n"
    (row,) = cli("feeds", "list", "--json").rows
    assert (row["name"], row["publisher"], row["source"]) == ("one", "One Daily", "user")
    assert ONE in cli("feeds", "list", "--json").out
    assert cli("feeds", "remove", "one").code == 0
    assert names(cli) == []


@pytest.mark.usefixtures("config")
@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("one.example",), "has to be an http:// or https:// URL"),
        (("ftp://one.example/",), "has to be an http:// or https:// URL"),
        (("http://",), "has to be an http:// or https:// URL"),
        ((TWO, "--name", "one"), "taken by another feed"),
        ((TWO, "--name", "12"), "a word that is no number"),
        ((TWO, "--text", "all"), "'feed', 'page'"),
        ((ONE,), "subscribed already"),
        ((), "Missing argument"),
    ],
)
def test_a_feed_that_cannot_be_added_changes_nothing(
    cli: Cli, arguments: tuple[str, ...], says: str
) -> None:
    cli("feeds", "add", "--no-check", ONE, "--name", "one")
    before = cli("feeds", "list", "--json").out
    result = cli("feeds", "add", "--no-check", *arguments)
    assert result.code == 2
    assert says in result.err
    assert result.err.count("\n") == 1
    assert cli("feeds", "list", "--json").out == before


@pytest.mark.usefixtures("config")
def test_a_paused_feed_has_no_next_poll_until_it_is_resumed(cli: Cli) -> None:
    cli("feeds", "add", "--no-check", ONE, "--name", "one")
    assert cli("feeds", "pause", "one", "--reason", "too loud").code == 0
    (row,) = cli("feeds", "list", "--state", "paused", "--json").rows
    assert (row["next_poll_at"], row["state_evidence"]) == (None, "too loud")
    assert cli("feeds", "resume", "one").code == 0
    (row,) = cli("feeds", "list", "--json").rows
    assert row["state"] == "ok"
    assert row["next_poll_at"] is not None


def test_feeds_of_the_config_file_come_and_go_with_it(cli: Cli, config: Path) -> None:
    without = config.read_text()
    config.write_text(f'{without}[[feeds]]\nurl = "{ONE}"\nname = "one"\n')
    cli("feeds", "add", "--no-check", TWO, "--name", "two")
    assert names(cli) == ["one", "two"]
    refused = cli("feeds", "remove", "one")
    assert refused.code == 2
    assert "take it out of config.toml" in refused.err
    config.write_text(without)
    assert names(cli) == ["two"]


@pytest.mark.usefixtures("config")
def test_a_subscription_list_is_imported_once(cli: Cli, here: Path) -> None:
    (here / "a.opml").write_text(OPML)
    first = cli("feeds", "import", "a.opml")
    assert first.code == 0
    assert "skipped, no http(s):// URL: mailto:a@b.example" in first.err
    assert "Subscribed 2 feeds" in first.err
    assert names(cli) == ["Two", "one-daily"]
    again = cli("feeds", "import", "a.opml")
    assert "Subscribed 0 feeds, 2 were already" in again.err


@pytest.mark.usefixtures("config")
def test_an_imported_name_that_is_taken_gets_a_number(cli: Cli, here: Path) -> None:
    cli("feeds", "add", "--no-check", "https://other.example/", "--name", "Two")
    (here / "a.opml").write_text(OPML)
    cli("feeds", "import", "a.opml")
    assert names(cli) == ["Two", "Two-2", "one-daily"]


@pytest.mark.usefixtures("config")
@pytest.mark.parametrize(
    ("data", "says"),
    [
        ("<rss/>", "not OPML: it is a <rss> document"),
        ("hello", "not OPML: syntax error"),
        ("<opml/>", "no feeds in it"),
        (None, "cannot be read"),
    ],
)
def test_a_file_that_is_no_subscription_list_changes_nothing(
    cli: Cli, here: Path, data: str | None, says: str
) -> None:
    if data is not None:
        (here / "a.opml").write_text(data)
    result = cli("feeds", "import", "a.opml")
    assert result.code == 2
    assert result.err.startswith("ingest: a.opml: ")
    assert says in result.err
    assert names(cli) == []


@pytest.mark.usefixtures("config")
def test_what_is_exported_can_be_imported_elsewhere(cli: Cli, here: Path) -> None:
    (here / "a.opml").write_text(OPML)
    cli("feeds", "import", "a.opml")
    cli(
        "feeds",
        "add",
        "--no-check",
        "https://three.example/",
        "--name",
        "three",
        "--publisher",
        "Three & Co",
    )
    assert cli("feeds", "export", "b.opml").code == 0
    assert cli("feeds", "export").out.count("<outline") == 3
    other = f"sqlite:///{here}/other.db"
    cli("--database", other, "feeds", "import", "b.opml")
    wanted = ("name", "url", "publisher", "language")

    def chosen(*option: str) -> list[list[object]]:
        rows = cli(*option, "feeds", "list", "--json").rows
        return [[row[key] for key in wanted] for row in rows]

    assert chosen("--database", other) == chosen()
