"""A question in SQL, as a person types it: one statement, which may read and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import exc

from ingest.errors import UsageError
from ingest.store.engine import Database

# After so many steps of SQLite's machine Python gets its turn, so that Ctrl-C is heard: some ms.
_STEPS = 200_000
_MAY_PASS_AGAIN = (9,)  # SQLITE_INTERRUPT


@dataclass(frozen=True, slots=True)
class Answer:
    """The first rows of an answer, under the names of its columns."""

    names: tuple[str, ...]
    rows: Sequence[Sequence[Any]]
    has_more: bool  # there were more rows than asked for


def ask(database: Database, statement: str, *, limit: int) -> Answer:
    """Run one statement and return its first `limit` rows, values as the driver gives them.

    Raises UsageError with the database's own words for a statement that is none, that wants to
    write, or that brings no rows; KeyboardInterrupt for one that was interrupted.
    """
    try:
        with database.engine.connect() as connection:
            _allow_reading_only(connection.connection.driver_connection, database.dialect)
            # Without parameters a % and a : mean nothing special.
            result = connection.execution_options(no_parameters=True).exec_driver_sql(statement)
            if not result.returns_rows:
                raise UsageError("the statement has no answer: only questions may be asked")
            names = tuple(result.keys())
            rows = [tuple(row) for row in result.fetchmany(limit + 1)]
    except exc.DBAPIError as error:
        if getattr(error.orig, "sqlite_errorcode", None) in _MAY_PASS_AGAIN:
            raise KeyboardInterrupt from None
        raise UsageError(_in_one_line(error)) from None
    finally:
        database.engine.dispose()  # what was set on the connection ends with it
    return Answer(names, rows[:limit], len(rows) > limit)


def _allow_reading_only(driver: Any, dialect: str) -> None:
    if dialect == "sqlite":
        driver.execute("PRAGMA query_only=ON")
        driver.set_progress_handler(lambda: 0, _STEPS)
    else:
        driver.execute("SET default_transaction_read_only = on")
        driver.execute("SET TRANSACTION READ ONLY")


def _in_one_line(error: exc.DBAPIError) -> str:
    """What the driver says, without the picture of the statement below it."""
    if isinstance(error.orig, Exception):
        lines = str(error.orig).strip().splitlines()
        return lines[0] if lines else type(error.orig).__name__
    return str(error)
