"""INSERT … ON CONFLICT, which both databases have and SQLAlchemy keeps in their dialects.

Statements are made once: building one costs as much as storing ten rows with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, TypeAlias

from sqlalchemy import Connection, Executable, Table
from sqlalchemy.dialects import postgresql, sqlite

Upsert: TypeAlias = sqlite.Insert | postgresql.Insert


def insert_or(connection: Connection, table: Table) -> Upsert:
    """An insert into `table` that has `on_conflict_do_nothing` and `on_conflict_do_update`."""
    return _insert(connection.dialect.name, table)


def _insert(dialect: str, table: Table) -> Upsert:
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


def upsert(
    connection: Connection, table: Table, rows: Sequence[dict[str, Any]], keep: tuple[str, ...] = ()
) -> None:
    """Write rows, all with the same columns; where the primary key is there already, replace them
    but for the columns in `keep`.
    """
    if rows:
        names = tuple(rows[0])
        connection.execute(_replacing(connection.dialect.name, table, names, keep), rows)


def insert_missing(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Write those rows whose primary key is not there yet."""
    if rows:
        connection.execute(_ignoring(connection.dialect.name, table), rows)


@cache
def _replacing(
    dialect: str, table: Table, names: tuple[str, ...], keep: tuple[str, ...]
) -> Executable:
    statement = _insert(dialect, table)
    keys = [column.name for column in table.primary_key]
    replaced = [name for name in names if name not in keys and name not in keep]
    return statement.on_conflict_do_update(
        index_elements=keys, set_={name: statement.excluded[name] for name in replaced}
    )


@cache
def _ignoring(dialect: str, table: Table) -> Executable:
    return _insert(dialect, table).on_conflict_do_nothing()
