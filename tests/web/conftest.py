"""The web page over a database that the sample feeds were fetched into, and over a hostile one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from httpx import Client

from ingest.config import Settings, WebSettings
from ingest.model import PollCounts, PollOutcome
from ingest.store.engine import Database, open_database
from ingest.web.app import create_app
from ingest.web.health import Health
from ingest.web.metrics import Metrics
from tests.once import copied_sqlite, fetched, newsroom_folder, once
from tests.web.hostile import HostileServer
from tests.web.polls import NOW, Running, recorded
from tests.web.visitor import visitor

BASE = "http://127.0.0.1:8080"


def client_of(database: Database, web: WebSettings | None = None) -> Client:
    """A browser without scripts, on the page of this database."""
    settings = Settings(web=web or WebSettings())
    app = create_app(database, settings, clock=lambda: datetime.now(UTC), health=Health())
    return visitor(app, BASE)


def config_of(folder: Path, url: str, feeds: list[tuple[str, str, str]]) -> Path:
    """A config file for this database with these feeds (url, name, publisher)."""
    lines = [
        f'[database]\nurl = "{url}"',
        '[fetch]\nallow_networks = ["127.0.0.0/8"]\nsite_delay_seconds = 0.0',
    ]
    for feed_url, name, publisher in feeds:
        lines.append(f'[[feeds]]\nurl = "{feed_url}"\nname = "{name}"\npublisher = "{publisher}"')
    config = folder / "config.toml"
    config.write_text("\n".join(lines), encoding="utf-8")
    return config


@pytest.fixture(scope="session")
def newsroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """The sample feeds: stories, copies, an edit, feeds that fail. Tests only read it."""
    made = newsroom_folder(tmp_path_factory)
    path = tmp_path_factory.mktemp("web") / "ingest.db"
    database = open_database(copied_sqlite(made / "ingest.db", path))
    yield database
    database.close()


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """Articles that try to run a script wherever a feed can write. Tests only read it."""

    def make(folder: Path) -> None:
        with HostileServer() as server:
            feeds = [(f"{server.url}{name}", name, f"Outlet {name}") for name in ("evil", "twin")]
            fetched(config_of(folder, f"sqlite:///{folder}/ingest.db", feeds))

    made = once(tmp_path_factory, "hostile", make)
    path = tmp_path_factory.mktemp("hostile") / "ingest.db"
    database = open_database(copied_sqlite(made / "ingest.db", path))
    yield database
    database.close()


@pytest.fixture
def client(newsroom: Database) -> Client:
    """The page over the sample feeds, on loopback without a token."""
    return client_of(newsroom)


@pytest.fixture(scope="session")
def measured(newsroom: Database) -> set[str]:
    """Every name that a scrape of a working daemon can hold."""
    metrics = Metrics(newsroom, Health(running=Running()), clock=lambda: NOW)
    metrics.observe(recorded(PollOutcome.OK, PollCounts(1, 1, 0, 0, 0, 0)))
    return set(re.findall(r"^(\w+)", metrics.render().decode(), re.MULTILINE)) | {"up"}
