"""Writing many rows of one table: INSERT, INSERT … ON CONFLICT, UPDATE by key.

The statements are written once for each table and set of columns; their values go to the driver
directly. Building a statement costs as much as storing ten rows with it, and SQLAlchemy's treatment
of parameters as much as storing the row (half of the time of a batch, measured 2026-11). SQLite is
given the rows one by one, which costs it nothing; PostgreSQL all at once, as arrays (arrays.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

from sqlalchemy import Connection, Dialect, Table
from sqlalchemy.types import TypeEngine

from ingest.store.arrays import Row, ToArray, from_unnest, to_array
from ingest.store.columns import Json
from ingest.store.engine import to_json

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite

Upsert: TypeAlias = "sqlite.Insert | postgresql.Insert"
# Values by column, in the order of the rows: of many rows cheaper to make than a dict for each.
Columns: TypeAlias = Mapping[str, Sequence[Any]]
Rows: TypeAlias = Sequence[Row] | Columns
_Bring: TypeAlias = Callable[[Any], Any]


def insert_or(connection: Connection, table: Table) -> Upsert:
    """An insert into `table` that has `on_conflict_do_nothing` and `on_conflict_do_update`."""
    if connection.dialect.name == "sqlite":
        from sqlalchemy.dialects import sqlite

        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql  # 30 ms that SQLite's users need not wait

    return postgresql.insert(table)


def insert_rows(connection: Connection, table: Table, rows: Rows) -> None:
    """Write rows, all with the same columns; here as below they may come column by column."""
    if given := _by_column(rows):
        _ready_insert(connection.dialect, table, tuple(given), None, ()).send(connection, given)


def upsert(
    connection: Connection,
    table: Table,
    rows: Rows,
    keep: tuple[str, ...] = (),
    add: tuple[str, ...] = (),
) -> None:
    """Write rows, all with the same columns; of two with one primary key the last one counts.

    Where the primary key is there already, the row is replaced but for the columns in `keep`; to
    those in `add` the new value is added.
    """
    if given := _by_column(rows):
        given = _once(given, [column.name for column in table.primary_key])
        _ready_insert(connection.dialect, table, tuple(given), keep, add).send(connection, given)


def insert_missing(connection: Connection, table: Table, rows: Rows) -> int:
    """Write those rows whose primary key is not there yet; how many that were."""
    if not (given := _by_column(rows)):
        return 0
    names = tuple(given)
    return _ready_insert(connection.dialect, table, names, names, ()).send(connection, given)


def update_rows(
    connection: Connection,
    table: Table,
    rows: Rows,
    keys: tuple[str, ...] | None = None,
    *,
    where_different: bool = False,
) -> None:
    """Set columns of stored rows, found by `keys` (None: the primary key); the same in each.

    A row of the table may be named once. Rows that are not there are passed over;
    `where_different`: those that say the same already are not written.
    """
    if given := _by_column(rows):
        found_by = keys or tuple(column.name for column in table.primary_key)
        names = tuple(given)
        ready = _ready_update(connection.dialect, table, names, found_by, where_different)
        ready.send(connection, given)


def _by_column(rows: Rows) -> Columns:
    """The rows column by column; empty where there are none."""
    if isinstance(rows, Mapping):
        return rows if any(map(len, rows.values())) else {}
    return {name: [row[name] for row in rows] for name in rows[0]} if rows else {}


def _once(given: Columns, keys: Sequence[str]) -> Columns:
    """Each key's last row: PostgreSQL refuses to write a row twice in a statement."""
    found = [*zip(*(given[key] for key in keys), strict=True)]
    last = {key: at for at, key in enumerate(found)}
    if len(last) == len(found):
        return given
    return {name: [values[at] for at in last.values()] for name, values in given.items()}


@dataclass(frozen=True, slots=True)
class _OneByOne:
    """A statement for each row: its text, and how each value is brought to the driver."""

    statement: str
    names: tuple[str, ...]
    brought: tuple[tuple[int, _Bring], ...]  # the columns whose values change on the way

    def send(self, connection: Connection, given: Columns) -> int:
        columns: list[Iterable[Any]] = [given[name] for name in self.names]
        for at, bring in self.brought:
            columns[at] = map(bring, columns[at])
        return connection.exec_driver_sql(self.statement, [*zip(*columns, strict=True)]).rowcount


@dataclass(frozen=True, slots=True)
class _AllAtOnce:
    """A statement for all rows: its text, and how each column becomes an array."""

    statement: str
    columns: tuple[tuple[str, ToArray], ...]

    def send(self, connection: Connection, given: Columns) -> int:
        arrays = tuple([write(given[name]) for name, write in self.columns])
        return connection.exec_driver_sql(self.statement, arrays).rowcount


@cache
def _ready_insert(
    dialect: Dialect,
    table: Table,
    names: tuple[str, ...],
    keep: tuple[str, ...] | None,
    add: tuple[str, ...],
) -> _OneByOne | _AllAtOnce:
    """`keep`: None for a plain insert, else what a conflict leaves as it is."""
    quote = dialect.identifier_preparer.quote
    insert = f"INSERT INTO {quote(table.name)} ({', '.join(map(quote, names))})"
    conflict = "" if keep is None else _on_conflict(dialect, table, names, keep, add)
    if dialect.name == "sqlite":
        values = f"VALUES ({', '.join('?' * len(names))})"
        return _OneByOne(f"{insert} {values}{conflict}", names, _brought(dialect, table, names))
    return _AllAtOnce(
        f"{insert} SELECT * FROM {from_unnest(dialect, table, names)}{conflict}",
        _arrays(dialect, table, names),
    )


def _on_conflict(
    dialect: Dialect,
    table: Table,
    names: tuple[str, ...],
    keep: tuple[str, ...],
    add: tuple[str, ...],
) -> str:
    quote = dialect.identifier_preparer.quote
    keys = [column.name for column in table.primary_key]
    replaced = [
        f"{quote(name)} = {f'{quote(table.name)}.{quote(name)} + ' * (name in add)}"
        f"excluded.{quote(name)}"
        for name in names
        if name not in keys and name not in keep
    ]
    if not replaced:
        return " ON CONFLICT DO NOTHING"
    return f" ON CONFLICT ({', '.join(map(quote, keys))}) DO UPDATE SET {', '.join(replaced)}"


@cache
def _ready_update(
    dialect: Dialect,
    table: Table,
    names: tuple[str, ...],
    keys: tuple[str, ...],
    where_different: bool,
) -> _OneByOne | _AllAtOnce:
    quote = dialect.identifier_preparer.quote
    own = quote(table.name)
    changed = [name for name in names if name not in keys]
    if dialect.name == "sqlite":
        values = ", ".join(f"{quote(name)} = ?" for name in changed)
        where = " AND ".join(f"{quote(name)} = ?" for name in keys)
        order = [*changed, *keys]
        if where_different:
            where += f" AND ({' OR '.join(f'{quote(name)} IS NOT ?' for name in changed)})"
            order += changed
        return _OneByOne(
            f"UPDATE {own} SET {values} WHERE {where}",
            tuple(order),
            _brought(dialect, table, order),
        )
    values = ", ".join(f"{quote(name)} = given.{quote(name)}" for name in changed)
    where = " AND ".join(f"{own}.{quote(name)} = given.{quote(name)}" for name in keys)
    if where_different:
        stored = ", ".join(f"{own}.{quote(name)}" for name in changed)
        wanted = ", ".join(f"given.{quote(name)}" for name in changed)
        where = f"{where} AND ROW({stored}) IS DISTINCT FROM ROW({wanted})"
    return _AllAtOnce(
        f"UPDATE {own} SET {values} FROM {from_unnest(dialect, table, names)}"
        f" AS given({', '.join(map(quote, names))}) WHERE {where}",
        _arrays(dialect, table, names),
    )


def _brought(
    dialect: Dialect, table: Table, names: Sequence[str]
) -> tuple[tuple[int, _Bring], ...]:
    found = (_bring(dialect, table.c[name].type) for name in names)
    return tuple((at, bring) for at, bring in enumerate(found) if bring is not None)


def _bring(dialect: Dialect, type_: TypeEngine[Any]) -> _Bring | None:
    if isinstance(type_, type(Json)):  # its own processor takes longer to ask than to write
        return lambda value: None if value is None else to_json(value)
    bring: _Bring | None = type_.dialect_impl(dialect).bind_processor(dialect)
    return bring


def _arrays(
    dialect: Dialect, table: Table, names: Sequence[str]
) -> tuple[tuple[str, ToArray], ...]:
    return tuple((name, to_array(dialect, table.c[name])) for name in names)
