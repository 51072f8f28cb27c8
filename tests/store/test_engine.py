"""Opening databases: what comes back, and what is said when it cannot be."""

from __future__ import annotations

import sqlite3
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import pytest
from sqlalchemy import text
from sqlalchemy.exc import StatementError

from ingest.errors import (
    ConfigError,
    DatabaseError,
    DatabaseNotReady,
    DatabaseTooNew,
    DatabaseUnreachable,
)
from ingest.store.engine import Database, open_database
from ingest.store.tables import meta, publisher


def test_a_file_that_is_not_there_is_not_made_unless_asked(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/deep/ingest.db"
    with pytest.raises(DatabaseUnreachable, match="no such database"):
        open_database(url)
    assert not (tmp_path / "deep").exists()
    open_database(url, create=True).close()
    open_database(url).close()


def test_what_sqlite_cannot_open_is_named_with_the_likely_cause(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnreachable, match=r"unable to open .* \(is its folder writable\?"):
        open_database(f"sqlite:///{tmp_path}")


def test_a_query_that_is_interrupted_leaves_nothing_in_the_log(
    sqlite_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    def read(database: Database) -> None:
        with database.connect() as connection:
            driver = cast(sqlite3.Connection, connection.connection.driver_connection)
            driver.row_factory = interrupt
            with connection.execution_options(yield_per=1).execute(text("SELECT 1")) as rows:
                rows.all()

    database = open_database(sqlite_url, create=True)
    with pytest.raises(KeyboardInterrupt):
        read(database)
    database.close()
    assert caplog.text == ""


def test_a_file_that_is_no_database_is_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("these are my notes and no database at all\n" * 100)
    with pytest.raises(DatabaseError) as caught:
        open_database(f"sqlite:///{path}")
    assert "\n" not in str(caught.value)
    assert path.read_text().startswith("these are my notes")


def test_a_url_of_another_kind_is_a_config_error() -> None:
    with pytest.raises(ConfigError, match="mysql"):
        open_database("mysql://root@localhost/news")
    with pytest.raises(ConfigError, match="sqlite:///"):
        open_database("ingest.db")


def test_an_unreachable_server_is_named_without_the_password() -> None:
    with pytest.raises(DatabaseUnreachable) as caught:
        open_database("postgresql://reader:secret@127.0.0.1:1/news")
    message = str(caught.value)
    assert "127.0.0.1" in message
    assert "secret" not in message
    assert "\n" not in message


def test_a_database_of_a_later_version_is_not_touched(database_url: str) -> None:
    database = open_database(database_url)
    with database.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()
    for options in ({}, {"create": True}, {"upgrade": True}):
        with pytest.raises(DatabaseTooNew, match="9999"):
            open_database(database_url, **options)


def test_a_database_without_our_schema_names_what_makes_it(tmp_path: Path) -> None:
    path = tmp_path / "empty.db"
    path.touch()
    with pytest.raises(DatabaseNotReady, match="`ingest fetch --all` or `ingest run` makes them"):
        open_database(f"sqlite:///{path}")


def test_a_transaction_that_fails_leaves_nothing(database: Database) -> None:
    def fail_half_way() -> None:
        with database.begin() as connection:
            connection.execute(meta.insert(), {"key": "a", "value": "1"})
            raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError):
        fail_half_way()
    with database.connect() as connection:
        assert connection.execute(meta.select()).all() == []


def test_writers_wait_for_one_another(database: Database) -> None:
    def add_one() -> None:
        for _ in range(10):
            with database.begin() as connection:
                value = connection.scalar(
                    meta.select().with_only_columns(meta.c.value).with_for_update()
                )
                connection.execute(meta.update(), {"value": str(int(value or 0) + 1)})

    with database.begin() as connection:
        connection.execute(meta.insert(), {"key": "counter", "value": "0"})
    threads = [threading.Thread(target=add_one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.connect() as connection:
        assert connection.scalar(meta.select().with_only_columns(meta.c.value)) == "40"


def test_a_database_that_stays_locked_is_unreachable_for_now(sqlite_url: str) -> None:
    holder = open_database(sqlite_url)
    waiter = open_database(sqlite_url, busy_timeout_seconds=0.05)
    with (
        holder.begin(),
        pytest.raises(DatabaseUnreachable, match="locked"),
        waiter.begin(),
    ):
        pass


def test_times_come_back_aware_and_in_utc(database: Database) -> None:
    at = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
    with database.begin() as connection:
        connection.execute(publisher.insert(), {"name": "x", "created_at": at})
        assert connection.scalar(publisher.select().with_only_columns(publisher.c.created_at)) == at
        with pytest.raises(StatementError, match="without a zone"):
            connection.execute(
                publisher.insert(), {"name": "y", "created_at": at.replace(tzinfo=None)}
            )
