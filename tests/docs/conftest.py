"""The replayed day behind the recipes, on either database."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from sqlalchemy import URL, create_engine, text

from docs.generate.day import replay
from ingest.record import Recorded
from ingest.store.engine import Database, open_database


@dataclass(frozen=True)
class Day:
    """A database into which the day was replayed. Tests only read it."""

    dialect: str
    url: str
    database: Database
    polls: list[Recorded]


def replayed(dialect: str, url: str) -> Iterator[Day]:
    database = open_database(url, create=True)
    polls = replay(database, url)
    yield Day(dialect, url, database, polls)
    database.close()


@pytest.fixture(scope="session")
def sqlite_day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    yield from replayed("sqlite", f"sqlite:///{tmp_path_factory.mktemp('day')}/day.db")


@pytest.fixture(scope="session")
def postgresql_day(postgresql_server: URL) -> Iterator[Day]:
    name = f"ingest_day_{os.getpid()}"
    engine = create_engine(postgresql_server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    url = postgresql_server.set(database=name).render_as_string(hide_password=False)
    yield from replayed("postgresql", url)
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def day(request: pytest.FixtureRequest) -> Day:
    """The day on SQLite, then on PostgreSQL."""
    found: Day = request.getfixturevalue(f"{request.param}_day")
    return found
