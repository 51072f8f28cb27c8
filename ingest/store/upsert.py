"""Writing many rows of one table: INSERT, INSERT … ON CONFLICT, UPDATE by key.

The statements are made once for each table and set of columns; their rows go to the driver
directly. Building a statement costs as much as storing ten rows with it, and SQLAlchemy's treatment
of parameters as much as storing the row (half of the time of a batch, measured 2026-11). SQLite is
given the rows one by one, which costs it nothing; PostgreSQL all at once, as arrays (arrays.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

from sqlalchemy import Connection, Dialect, Table, bindparam, or_, update
from sqlalchemy.types import TypeEngine

from ingest.store.arrays import Row, ToArray, from_unnest, to_array
from ingest.store.columns import Json
from ingest.store.engine import to_json

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite

Upsert: TypeAlias = "sqlite.Insert | postgresql.Insert"
_Bring: TypeAlias = Callable[[Any], Any]


def insert_or(connection: Connection, table: Table) -> Upsert:
    """An insert into `table` that has `on_conflict_do_nothing` and `on_conflict_do_update`."""
    return _insert(connection.dialect, table)


def insert_rows(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Write rows, all with the same columns."""
    if rows:
        _ready_insert(connection.dialect, table, tuple(rows[0]), None, ()).send(connection, rows)


def upsert(
    connection: Connection,
    table: Table,
    rows: Sequence[Row],
    keep: tuple[str, ...] = (),
    add: tuple[str, ...] = (),
) -> None:
    """Write rows, all with the same columns; of two with one primary key the last one counts.

    Where the primary key is there already, the row is replaced but for the columns in `keep`; to
    those in `add` the new value is added.
    """
    if rows:
        keys = [column.name for column in table.primary_key]
        unique = {tuple([row[key] for key in keys]): row for row in rows}
        if len(unique) < len(rows):  # PostgreSQL refuses to write a row twice in a statement
            rows = list(unique.values())
        _ready_insert(connection.dialect, table, tuple(rows[0]), keep, add).send(connection, rows)


def insert_missing(connection: Connection, table: Table, rows: Sequence[Row]) -> int:
    """Write those rows whose primary key is not there yet; how many that were."""
    if not rows:
        return 0
    names = tuple(rows[0])
    return _ready_insert(connection.dialect, table, names, names, ()).send(connection, rows)


def update_rows(
    connection: Connection,
    table: Table,
    rows: Sequence[Row],
    keys: tuple[str, ...] | None = None,
    *,
    where_different: bool = False,
) -> None:
    """Set columns of stored rows, found by `keys` (None: the primary key); the same in each.

    A row of the table may be named once. Rows that are not there are passed over;
    `where_different`: those that say the same already are not written.
    """
    if rows:
        found_by = keys or tuple(column.name for column in table.primary_key)
        names = tuple(rows[0])
        ready = _ready_update(connection.dialect, table, names, found_by, where_different)
        ready.send(connection, rows)


@dataclass(frozen=True, slots=True)
class _OneByOne:
    """A compiled statement for each row: its text, and how each value is brought to the driver."""

    statement: str
    names: tuple[str, ...]
    brought: tuple[tuple[int, _Bring], ...]  # the columns whose values change on the way

    def send(self, connection: Connection, rows: Sequence[Row]) -> int:
        # Column by column: half of the price of going through each row's values.
        columns: list[Iterable[Any]] = [[row[name] for row in rows] for name in self.names]
        for at, bring in self.brought:
            columns[at] = map(bring, columns[at])
        return connection.exec_driver_sql(self.statement, [*zip(*columns, strict=True)]).rowcount


@dataclass(frozen=True, slots=True)
class _AllAtOnce:
    """A statement for all rows: its text, and how each column becomes an array."""

    statement: str
    columns: tuple[tuple[str, ToArray], ...]

    def send(self, connection: Connection, rows: Sequence[Row]) -> int:
        arrays = tuple([write([row[name] for row in rows]) for name, write in self.columns])
        return connection.exec_driver_sql(self.statement, arrays).rowcount


def _insert(dialect: Dialect, table: Table) -> Upsert:
    if dialect.name == "sqlite":
        from sqlalchemy.dialects import sqlite

        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql  # 30 ms that SQLite's users need not wait

    return postgresql.insert(table)


@cache
def _ready_insert(
    dialect: Dialect,
    table: Table,
    names: tuple[str, ...],
    keep: tuple[str, ...] | None,
    add: tuple[str, ...],
) -> _OneByOne | _AllAtOnce:
    """`keep`: None for a plain insert, else what a conflict leaves as it is."""
    statement = _insert(dialect, table)
    if keep is not None:
        keys = [column.name for column in table.primary_key]
        replaced = [name for name in names if name not in keys and name not in keep]
        given = statement.excluded
        statement = (
            statement.on_conflict_do_update(
                index_elements=keys,
                set_={
                    name: table.c[name] + given[name] if name in add else given[name]
                    for name in replaced
                },
            )
            if replaced
            else statement.on_conflict_do_nothing()
        )
    compiled = statement.compile(dialect=dialect, column_keys=list(names))
    if dialect.name == "sqlite":
        assert compiled.positiontup is not None
        order = compiled.positiontup
        return _OneByOne(str(compiled), tuple(order), _brought(dialect, table, order))
    quote = dialect.identifier_preparer.quote
    # Of SQLAlchemy's statement only what follows the row of values is used.
    conflict = "" if keep is None else str(compiled)[str(compiled).index(" ON CONFLICT") :]
    return _AllAtOnce(
        f"INSERT INTO {quote(table.name)} ({', '.join(map(quote, names))})"
        f" SELECT * FROM {from_unnest(dialect, table, names)}{conflict}",
        _arrays(dialect, table, names),
    )


@cache
def _ready_update(
    dialect: Dialect,
    table: Table,
    names: tuple[str, ...],
    keys: tuple[str, ...],
    where_different: bool,
) -> _OneByOne | _AllAtOnce:
    changed = [name for name in names if name not in keys]
    if dialect.name == "sqlite":
        statement = (
            update(table)
            .where(*(table.c[name] == bindparam(f"b_{name}") for name in keys))
            .values({name: bindparam(name) for name in changed})
        )
        if where_different:
            given = {name: bindparam(f"b_{name}", type_=table.c[name].type) for name in changed}
            statement = statement.where(
                or_(*(table.c[name].is_distinct_from(given[name]) for name in changed))
            )
        compiled = statement.compile(dialect=dialect)
        assert compiled.positiontup is not None
        order = [name.removeprefix("b_") if name not in names else name
                 for name in compiled.positiontup]  # fmt: skip
        return _OneByOne(str(compiled), tuple(order), _brought(dialect, table, order))
    quote = dialect.identifier_preparer.quote
    own = quote(table.name)
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
