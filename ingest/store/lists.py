"""Passing long lists of integers to a query as one parameter.

The statement's text then stays the same whatever the length, which keeps SQLAlchemy's and the
driver's statement caches warm and knows no limit on the number of parameters.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    bindparam,
    cast,
    func,
    text,
)
from sqlalchemy import column as sql_column
from sqlalchemy import select as sql_select
from sqlalchemy.types import ARRAY, BigInteger, Text

from ingest.store.arrays import array_of_texts

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def among(
    connection: Connection, column: ColumnElement[int], values: Iterable[int]
) -> ColumnElement[bool]:
    """The predicate `column IN values`."""
    numbers = list(values)
    if connection.dialect.name == "sqlite":
        each = func.json_each(bindparam(None, json.dumps(numbers), type_=Text)).table_valued(
            "value"
        )
        return column.in_(sql_select(each.c.value))
    # As text: the driver's own arrays cost four times as much to write (arrays.py).
    written = bindparam(None, f"{{{','.join(map(str, numbers))}}}", type_=Text)
    return column == func.any(cast(written, ARRAY(BigInteger)))


def among_texts(
    connection: Connection, column: ColumnElement[str], values: Iterable[str]
) -> ColumnElement[bool]:
    """The same for texts."""
    if connection.dialect.name == "sqlite":
        written = bindparam(None, json.dumps(list(values)), type_=Text)
        return column.in_(sql_select(func.json_each(written).table_valued("value").c.value))
    given = bindparam(None, array_of_texts(list(values)), type_=Text)
    return column == func.any(cast(given, ARRAY(Text)))


def pairs(connection: Connection, values: Sequence[tuple[int, int]]) -> FromClause:
    """A table of two integer columns `a` and `b` with these rows, to be joined with."""
    if connection.dialect.name == "sqlite":
        rows = text(
            "SELECT json_extract(value, '$[0]') AS a, json_extract(value, '$[1]') AS b"
            " FROM json_each(:pairs)"
        ).bindparams(pairs=json.dumps(values))
    else:
        rows = text(
            "SELECT a, b FROM unnest(CAST(:a AS bigint[]), CAST(:b AS bigint[])) AS given(a, b)"
        ).bindparams(a=[a for a, _ in values], b=[b for _, b in values])
    return rows.columns(sql_column("a", BigInteger), sql_column("b", BigInteger)).subquery("given")


def of_articles(
    connection: Connection,
    table: str,
    column: str,
    article_ids: Sequence[int],
    key: str = "article_id",
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """An integer column, never null, of the rows of these articles: the articles, and its values.

    Each comes as one text: of thousands a row of Python's own costs as much as finding it.
    """
    import numpy as np  # a fetch that finds nothing new needs it not

    if connection.dialect.name == "sqlite":
        statement = (
            f"SELECT group_concat({key}), group_concat({column}) FROM {table}"
            f" WHERE {key} IN (SELECT value FROM json_each(?))"
        )
        given = json.dumps(article_ids)
    else:
        statement = (
            f"SELECT string_agg({key}::text, ','), string_agg({column}::text, ',')"
            f" FROM {table} WHERE {key} = ANY(%s::bigint[])"
        )
        given = f"{{{','.join(map(str, article_ids))}}}"
    found = connection.exec_driver_sql(statement, (given,)).one()
    articles, values = (np.fromstring(one or "", np.int64, sep=",") for one in found)
    return articles, values
