"""The replayed day behind the recipes, on either database."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from sqlalchemy import URL, create_engine, text

from docs.generate.day import make_day, replay
from ingest.record import Recorded
from ingest.store.engine import Database, open_database


@dataclass(frozen=True)
class Day:
    """A database into which the day was replayed. Tests only read it."""

    dialect: str
    url: str
    database: Database
    polls: list[Recorded]


@pytest.fixture(scope="session")
def sqlite_day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    path = tmp_path_factory.mktemp("day") / "day.db"
    polls = make_day(path)
    url = f"sqlite:///{path}"
    database = open_database(url)
    yield Day("sqlite", url, database, polls)
    database.close()


@pytest.fixture(scope="session")
def postgresql_day(postgresql_server: URL) -> Iterator[Day]:
    name = f"ingest_day_{os.getpid()}"
    engine = create_engine(postgresql_server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    url = postgresql_server.set(database=name).render_as_string(hide_password=False)
    database = open_database(url, create=True)
    yield Day("postgresql", url, database, replay(database, url))
    database.close()
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def day(request: pytest.FixtureRequest) -> Day:
    """The day on SQLite, then on PostgreSQL."""
    found: Day = request.getfixturevalue(f"{request.param}_day")
    return found
