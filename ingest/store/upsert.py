"""INSERT for many rows, with or without ON CONFLICT, which SQLAlchemy keeps in its dialects.

The statements are SQLAlchemy's, made and compiled once; their rows go to the driver directly.
Building a statement costs as much as storing ten rows with it, and SQLAlchemy's treatment of
parameters as much as storing the row (half of the time of a batch, measured 2026-11).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

from sqlalchemy import Connection, Dialect, Table
from sqlalchemy.dialects import postgresql, sqlite

Upsert: TypeAlias = sqlite.Insert | postgresql.Insert
Row: TypeAlias = dict[str, Any]


def insert_or(connection: Connection, table: Table) -> Upsert:
    """An insert into `table` that has `on_conflict_do_nothing` and `on_conflict_do_update`."""
    return _insert(connection.dialect, table)


def insert_rows(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Write rows, all with the same columns."""
    if rows:
        _ready(connection.dialect, table, tuple(rows[0]), None).send(connection, rows)


def upsert(
    connection: Connection, table: Table, rows: Sequence[Row], keep: tuple[str, ...] = ()
) -> None:
    """Write rows, all with the same columns; where the primary key is there already, replace them
    but for the columns in `keep`.
    """
    if rows:
        _ready(connection.dialect, table, tuple(rows[0]), keep).send(connection, rows)


def insert_missing(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Write those rows whose primary key is not there yet."""
    if rows:
        names = tuple(rows[0])
        _ready(connection.dialect, table, names, names).send(connection, rows)


@dataclass(frozen=True, slots=True)
class _Ready:
    """A compiled insert: its text, and how each value is brought into the driver's form."""

    statement: str
    columns: tuple[tuple[str, Callable[[Any], Any]], ...]
    is_positional: bool

    def send(self, connection: Connection, rows: Sequence[Row]) -> None:
        if self.is_positional:
            connection.exec_driver_sql(
                self.statement,
                [tuple([bring(row[name]) for name, bring in self.columns]) for row in rows],
            )
        else:
            connection.exec_driver_sql(
                self.statement,
                [{name: bring(row[name]) for name, bring in self.columns} for row in rows],
            )


def _insert(dialect: Dialect, table: Table) -> Upsert:
    return sqlite.insert(table) if dialect.name == "sqlite" else postgresql.insert(table)


def _as_it_is(value: Any) -> Any:
    return value


@cache
def _ready(
    dialect: Dialect, table: Table, names: tuple[str, ...], keep: tuple[str, ...] | None
) -> _Ready:
    """`keep`: None for a plain insert, else what a conflict leaves as it is."""
    statement = _insert(dialect, table)
    if keep is not None:
        keys = [column.name for column in table.primary_key]
        replaced = [name for name in names if name not in keys and name not in keep]
        statement = (
            statement.on_conflict_do_update(
                index_elements=keys, set_={name: statement.excluded[name] for name in replaced}
            )
            if replaced
            else statement.on_conflict_do_nothing()
        )
    compiled = statement.compile(dialect=dialect, column_keys=list(names))
    bring = {
        name: table.c[name].type.dialect_impl(dialect).bind_processor(dialect) or _as_it_is
        for name in names
    }
    order = compiled.positiontup if compiled.positional else names
    assert order is not None
    return _Ready(
        str(compiled), tuple((name, bring[name]) for name in order), bool(compiled.positional)
    )
