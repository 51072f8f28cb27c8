"""Moving a whole database to another one: SQLite to PostgreSQL, back, or between two of a kind.

    table by table, parents first; rows in the order of their key, a batch in a transaction
        -> counters of the ids -> both sides read again: counts and checksums

What is there already is seen by the last key of each table, so an interrupted copy is gone on with
by asking for the same one again. A row of `meta` marks a target as unfinished until it is verified.

The full-text index is built anew. The change stream's transactions belong to the database that
wrote them; copied events get 0, so that they come before all later ones, and in their order.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Table,
    delete,
    func,
    literal,
    literal_column,
    select,
    text,
    tuple_,
)
from sqlalchemy.types import Text
from xxhash import xxh3_64_intdigest

from ingest.errors import DatabaseError, UsageError
from ingest.store import partitions
from ingest.store.columns import Json
from ingest.store.engine import Database
from ingest.store.lists import among
from ingest.store.schedule_rows import AnyRow
from ingest.store.search import Searchable, index_articles
from ingest.store.tables import article, article_content, change, meta, metadata
from ingest.store.upsert import insert_rows, upsert

BATCH_ROWS = 2_000
MARK = "copied_from"  # the row of `meta` that an unfinished target has

_MOST_DAYS = 400  # that get a part of their own: polls are kept for a year at most

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Copied:
    """One table after the copy: the same number of rows with the same content on both sides."""

    table: str
    rows: int
    checksum: int  # of all rows, whatever their order


def copy(
    source: Database,
    target: Database,
    *,
    batch_rows: int = BATCH_ROWS,
    progress: Progress = lambda _done, _of: None,
) -> list[Copied]:
    """Copy every row; return the tables as verified.

    Raises UsageError where the target holds something else, and DatabaseError where the sides
    differ afterwards: then the source was changed between two runs of one copy. The source is read
    as it was at the beginning, whatever is written to it meanwhile.
    """
    _begin(source, target)
    with source.connect() as reader:
        if source.dialect == "postgresql":
            reader = reader.execution_options(isolation_level="REPEATABLE READ")
        tables = metadata.sorted_tables
        rows_of = {table: _count(reader, table) for table in tables}
        done, total = 0, 2 * sum(rows_of.values())
        _make_parts(reader, target)
        for table in tables:
            for rows in _copy_table(reader, target, table, batch_rows):
                progress(done + rows, total)
            done += rows_of[table]
        with target.begin() as writer:
            for table in tables:
                if "id" in table.c:
                    set_counter(writer, table, _counter(reader, table))
        copied = []
        for table in tables:
            copied.append(_verified(reader, target, table, batch_rows))
            done += rows_of[table]
            progress(done, total)
    with target.begin() as writer:
        writer.execute(delete(meta).where(meta.c.key == MARK))
    return copied


def unfinished_copy_of(connection: Connection) -> str | None:
    """The address of the database of which this one is an unfinished copy."""
    return connection.scalar(select(meta.c.value).where(meta.c.key == MARK))


def _begin(source: Database, target: Database) -> None:
    if source.url == target.url:
        raise UsageError(f"{source.url}: cannot be copied onto itself")
    with target.begin() as connection:
        begun = unfinished_copy_of(connection)
        if begun is None:
            for table in metadata.sorted_tables:
                if table is not meta and connection.execute(select(table).limit(1)).first():
                    raise UsageError(
                        f"{target.url}: not empty (there are rows in {table.name});"
                        " copy into a new database"
                    )
            upsert(connection, meta, [{"key": MARK, "value": source.url}])
        elif begun != source.url:
            raise UsageError(
                f"{target.url}: an unfinished copy of {begun}; go on with that one,"
                " or copy into a new database"
            )


def _make_parts(reader: Connection, target: Database) -> None:
    """Make the days that the rows to come belong to."""
    for table, column in partitions.DAILY.items():
        at = table.c[column]
        first, last = reader.execute(select(func.min(at), func.max(at))).one()
        if first is not None:
            days = [first.date() + timedelta(days=n) for n in range((last - first).days + 2)]
            with target.begin() as writer:
                partitions.ensure_days(writer, table, days[:_MOST_DAYS])


def _copy_table(
    reader: Connection, target: Database, table: Table, batch_rows: int
) -> Iterator[int]:
    """Copy what is missing, and tell after each batch how many rows are there."""
    if _has_text_key(table):  # the two databases sort text differently; these tables are small
        rows = [dict(row._mapping) for row in reader.execute(_select(table))]
        with target.begin() as writer:
            upsert(writer, table, rows)
        yield len(rows)
        return
    keys = list(table.primary_key)
    with target.connect() as connection:
        last: Sequence[Any] | AnyRow | None = connection.execute(
            select(*keys).order_by(*(key.desc() for key in keys)).limit(1)
        ).first()
        there = _count(connection, table)
    while True:
        rows = [dict(row._mapping) for row in _next(reader, table, last, batch_rows)]
        if not rows:
            return
        with target.begin() as writer:
            insert_rows(writer, table, rows)
            if table is article_content:
                _index(writer, [row["article_id"] for row in rows])
        there += len(rows)
        last = tuple(rows[-1][key.name] for key in keys)
        yield there


def _next(
    connection: Connection, table: Table, last: Sequence[Any] | AnyRow | None, limit: int
) -> Sequence[AnyRow]:
    keys = list(table.primary_key)
    query = _select(table).order_by(*keys).limit(limit)
    if last is not None:
        given = [literal(value, key.type) for key, value in zip(keys, last, strict=True)]
        query = query.where(tuple_(*keys) > tuple_(*given))
    return connection.execute(query).all()


def _select(table: Table) -> Any:
    if table is change:
        columns = [
            literal_column("0").label(column.name) if column.name == "transaction_id" else column
            for column in table.c
        ]
        return select(*columns)
    return select(table)


def _index(connection: Connection, article_ids: Sequence[int]) -> None:
    rows = connection.execute(
        select(
            article.c.id,
            article.c.headline,
            article.c.alternative_headline,
            article_content.c.summary,
            article_content.c.body_text,
        )
        .join_from(article, article_content, article_content.c.article_id == article.c.id)
        .where(among(connection, article.c.id, article_ids))
    )
    index_articles(connection, [Searchable(*row) for row in rows])


def _verified(reader: Connection, target: Database, table: Table, batch_rows: int) -> Copied:
    own = _sum_up(reader, table, batch_rows)
    with target.connect() as connection:
        theirs = _sum_up(connection, table, batch_rows)
    if own != theirs:
        raise DatabaseError(
            f"{target.url}: {table.name} has {theirs.rows:,} rows and the source {own.rows:,}"
            if own.rows != theirs.rows
            else f"{target.url}: {table.name} differs from the source;"
            " was it written to meanwhile? Copy into a new database"
        )
    return own


def _sum_up(connection: Connection, table: Table, batch_rows: int) -> Copied:
    """Count and checksum: the sum of the hashes of the rows, so that order does not matter."""
    if _has_text_key(table):
        rows = connection.execute(_select(table)).all()
        kept = [row for row in rows if table is not meta or row.key != MARK]
        return Copied(table.name, len(kept), _checksum(table, kept))
    count, total = 0, 0
    last: Sequence[Any] | None = None
    positions = [list(table.c).index(key) for key in table.primary_key]
    while batch := _next(connection, table, last, batch_rows):
        count += len(batch)
        total += _checksum(table, batch)
        last = [batch[-1][at] for at in positions]
    return Copied(table.name, count, total % (1 << 64))


def _checksum(table: Table, rows: Sequence[AnyRow]) -> int:
    is_json = [isinstance(column.type, type(Json)) for column in table.c]
    return sum(
        xxh3_64_intdigest(
            repr([_plain(value, one) for value, one in zip(row, is_json, strict=True)]).encode(
                "utf-8", "surrogatepass"
            )
        )
        for row in rows
    ) % (1 << 64)


def _plain(value: Any, is_json: bool) -> object:
    """A value as both databases give it back: they differ in the order of keys and in types."""
    if value is None:
        return None
    if is_json:
        return json.dumps(value, sort_keys=True, ensure_ascii=True)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    return value


def _has_text_key(table: Table) -> bool:
    keys: list[Column[Any]] = list(table.primary_key)
    return any(isinstance(key.type, Text) for key in keys)


def _count(connection: Connection, table: Table) -> int:
    return connection.scalar(select(func.count()).select_from(table)) or 0


def _counter(connection: Connection, table: Table) -> int:
    """The highest id ever given out: ids are never reused, also those of rows that are gone."""
    highest: int = connection.scalar(select(func.max(table.c.id))) or 0
    if connection.dialect.name == "sqlite":
        given = connection.scalar(
            text("SELECT seq FROM sqlite_sequence WHERE name = :name"), {"name": table.name}
        )
    else:
        sequence = connection.scalar(
            text("SELECT pg_get_serial_sequence(:name, 'id')"), {"name": table.name}
        )
        given = connection.scalar(
            text(f"SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {sequence}")
        )
    return max(highest, given or 0)


def set_counter(connection: Connection, table: Table, value: int) -> None:
    """Let the next id of `table` be the one after `value`."""
    if value == 0:
        return
    if connection.dialect.name == "postgresql":
        connection.execute(
            text("SELECT setval(pg_get_serial_sequence(:name, 'id'), :value)"),
            {"name": table.name, "value": value},
        )
    elif table.dialect_options["sqlite"]["autoincrement"]:
        given = {"name": table.name, "value": value}
        connection.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), given)
        connection.execute(
            text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :value)"), given
        )
