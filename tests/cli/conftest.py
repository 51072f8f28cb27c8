"""The command line as a user calls it, and a database that it has filled with the sample feeds."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL, create_engine, text

from ingest.cli.demo.server import DemoServer
from ingest.cli.front import run
from tests.once import copied_sqlite, newsroom_folder

_numbers = itertools.count()  # more than one package asks for a newsroom


@dataclass(frozen=True)
class Result:
    """What one call printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The objects that --json printed."""
        return [json.loads(line) for line in self.out.splitlines()]


Cli = Callable[..., Result]


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    """Call `ingest` with these arguments in this process."""

    def call(*arguments: str | Path | int) -> Result:
        capsys.readouterr()
        code = run([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return Result(code, printed.out, printed.err)

    return call


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder in which the commands are run, without settings from outside."""
    for variable in [name for name in os.environ if name.startswith("INGEST_")]:
        monkeypatch.delenv(variable)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@dataclass(frozen=True)
class Newsroom:
    """A config file and the database that the sample feeds were fetched into."""

    config: Path
    url: str
    server: DemoServer

    @property
    def option(self) -> tuple[str, str]:
        return ("--config", str(self.config))


@pytest.fixture(scope="package", params=["sqlite", "postgresql"])
def newsroom(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Newsroom]:
    """The sample feeds fetched twice, so that the edit and the late copy are in the database.

    They were fetched into SQLite and copied from there: that they can be fetched into PostgreSQL
    is for the tests of `fetch`, `run` and the page. Tests that use it only read.
    """
    made = newsroom_folder(tmp_path_factory)
    folder = tmp_path_factory.mktemp("newsroom")
    url = copied_sqlite(made / "ingest.db", folder / "ingest.db")
    if request.param == "postgresql":
        server_url: URL = request.getfixturevalue("postgresql_server")
        name = f"ingest_newsroom_{os.getpid()}_{next(_numbers)}"
        engine = create_engine(server_url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        engine.dispose()
        source, url = url, server_url.set(database=name).render_as_string(hide_password=False)
        assert run(["--quiet", "db", "copy", source, url]) == 0
    config = folder / "config.toml"
    feeds = (made / "config.toml").read_text(encoding="utf-8").partition("\n")[2]
    rest = feeds.partition("\n")[2]
    config.write_text(f'[database]\nurl = "{url}"\n{rest}', encoding="utf-8")
    with DemoServer() as server:
        yield Newsroom(config, url, server)
