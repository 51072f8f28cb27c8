"""The replayed day behind the recipes, on either database."""

from __future__ import annotations

import os
import pickle
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import URL, create_engine, text

from docs.generate.day import make_day, replay
from ingest.record import Recorded
from ingest.store.engine import Database, open_database
from tests.once import once


@dataclass(frozen=True)
class Day:
    """A database into which the day was replayed. Tests only read it."""

    url: str
    database: Database
    polls: list[Recorded]


@pytest.fixture(scope="session")
def sqlite_day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    def make(folder: Path) -> None:
        polls = make_day(folder / "day.db")
        (folder / "polls.pickle").write_bytes(pickle.dumps(polls))

    folder = once(tmp_path_factory, "day", make)
    polls = pickle.loads((folder / "polls.pickle").read_bytes())
    url = f"sqlite:///{folder}/day.db"
    database = open_database(url)
    yield Day(url, database, polls)
    database.close()


@pytest.fixture(scope="session")
def postgresql_day(postgresql_server: URL) -> Iterator[Day]:
    name = f"ingest_day_{os.getpid()}"
    engine = create_engine(postgresql_server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    url = postgresql_server.set(database=name).render_as_string(hide_password=False)
    database = open_database(url, create=True)
    yield Day(url, database, replay(database, url))
    database.close()
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()
