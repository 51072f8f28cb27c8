"""`ingest feeds add` of a site's page, and going back to where a feed was."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update

from ingest.config import FeedSettings
from ingest.store import feeds, moving
from ingest.store.engine import Database
from ingest.store.tables import feed_schedule
from tests.cli.conftest import Cli
from tests.faultserver import FaultServer, answers, serves
from tests.schedule.daemons import utc_now


@pytest.fixture(scope="module")
def server() -> Iterator[FaultServer]:
    with FaultServer() as started:
        started.on("/news.xml", serves())
        started.on("/other", serves())
        started.on("/one/", answers(200, b"<html><link rel=feed href=/news.xml title=News>"))
        started.on(
            "/two/",
            answers(200, b"<html><link rel=feed href=/news.xml><link rel=feed href=/other>"),
        )
        started.on("/none", answers(200, b"<html>nothing"))
        yield started


@pytest.fixture
def config(here: Path, database_url: str) -> Path:
    path = here / "config.toml"
    path.write_text(
        f'[database]\nurl = "{database_url}"\n'
        '[fetch]\nallow_networks = ["127.0.0.0/8"]\nsite_delay_seconds = 0.0\n',
        encoding="utf-8",
    )
    return path


def urls(cli: Cli) -> list[str]:
    return [row["url"] for row in cli("feeds", "list", "--json").rows]


@pytest.mark.usefixtures("config")
def test_a_page_with_one_feed_leads_to_it_and_that_is_said(cli: Cli, server: FaultServer) -> None:
    added = cli("feeds", "add", server.url("/one/"), "--name", "one")
    assert added.code == 0
    assert (
        f"Subscribed one: {server.url('/news.xml')} (found at {server.url('/one/')})" in added.err
    )
    assert urls(cli) == [server.url("/news.xml")]
    again = cli("feeds", "add", server.url("/one/"))
    assert (again.code, "subscribed already, as 'one'" in again.err) == (2, True)


@pytest.mark.usefixtures("config")
def test_a_feed_is_subscribed_where_it_was_typed(cli: Cli, server: FaultServer) -> None:
    assert cli("feeds", "add", server.url("/news.xml")).code == 0
    assert urls(cli) == [server.url("/news.xml")]


@pytest.mark.usefixtures("config")
def test_of_several_feeds_none_is_chosen_unless_the_first_is_asked_for(
    cli: Cli, server: FaultServer
) -> None:
    several = cli("feeds", "add", server.url("/two/"))
    assert several.code == 2
    assert "has 2 feeds: add one of them, or say --first" in several.err
    assert server.url("/news.xml") in several.out
    assert server.url("/other") in several.out
    assert urls(cli) == []
    assert cli("feeds", "add", server.url("/two/"), "--first").code == 0
    assert urls(cli) == [server.url("/news.xml")]


@pytest.mark.usefixtures("config")
@pytest.mark.parametrize(
    ("path", "code", "says"), [("/none", 2, "no feed was found"), ("/missing", 1, "404")]
)
def test_where_nothing_is_found_it_is_said_how_to_subscribe_anyway(
    cli: Cli, server: FaultServer, path: str, code: int, says: str
) -> None:
    refused = cli("feeds", "add", server.url(path))
    assert refused.code == code
    assert says in refused.err
    assert "`--no-check` subscribes it all the same" in refused.err
    assert refused.err.count("\n") == 1
    assert urls(cli) == []
    assert cli("feeds", "add", server.url(path), "--no-check").code == 0
    assert urls(cli) == [server.url(path)]


@pytest.mark.usefixtures("config")
def test_an_address_that_cannot_be_reached_is_one_clear_line(cli: Cli) -> None:
    refused = cli("feeds", "add", "http://127.0.0.1:1/feed")
    assert refused.code == 1
    assert "`--no-check` subscribes it all the same" in refused.err
    assert refused.err.count("\n") == 1


OLD, NEW = "https://old.example/rss", "https://new.example/rss"


def moved_feed(database: Database) -> int:
    now = utc_now()
    with database.begin() as connection:
        known = feeds.find(connection, OLD)
        assert moving.move(connection, known.feed_id, NEW, now, "moved: 301")
        connection.execute(update(feed_schedule).values(etag='"theirs"', next_poll_at=None))
    return known.feed_id


@pytest.mark.usefixtures("config")
def test_a_feed_that_moved_goes_back_and_stays_there(cli: Cli, database: Database) -> None:
    cli("feeds", "add", "--no-check", OLD, "--name", "one")
    feed_id = moved_feed(database)
    assert OLD in cli("feeds", "explain", "one").out
    reverted = cli("feeds", "revert", "one")
    assert (reverted.code, reverted.err) == (0, f"one is polled at {OLD} again\n")
    assert urls(cli) == [OLD]
    with database.begin() as connection:
        row = feeds.get(connection, feed_id).schedule
        assert row.next_poll_at is not None
        assert not moving.move(connection, feed_id, NEW, utc_now(), "moved: 301 again")
    shown = cli("feeds", "explain", "one").out
    assert "moved: 301" in shown
    assert "reverted" in shown


@pytest.mark.usefixtures("config")
def test_a_feed_that_never_moved_cannot_go_back(cli: Cli) -> None:
    cli("feeds", "add", "--no-check", OLD, "--name", "one")
    refused = cli("feeds", "revert", "one")
    assert (refused.code, "has had no other URL" in refused.err) == (2, True)


def test_a_feed_of_the_config_file_stays_where_it_moved_to(
    cli: Cli, config: Path, database: Database
) -> None:
    written = config.read_text()
    config.write_text(f'{written}[[feeds]]\nurl = "{OLD}"\n')
    assert urls(cli) == [OLD]
    feed_id = moved_feed(database)
    assert urls(cli) == [NEW]
    config.write_text(f'{written}[[feeds]]\nurl = "{OLD}"\nlanguage = "fr"\n')
    assert urls(cli) == [NEW]
    with database.connect() as connection:
        assert feeds.get(connection, feed_id).settings == FeedSettings(url=OLD, language="fr")
    config.write_text(f'{written}[[feeds]]\nurl = "{OLD}"\n[[feeds]]\nurl = "{NEW}"\n')
    assert urls(cli) == [NEW]
