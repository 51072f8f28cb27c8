"""views.md: the public views column by column, and the tables behind them in a line each."""

from __future__ import annotations

import types
import typing
from datetime import datetime

from docs.generate.markdown import MADE, row, table_head
from ingest.store import view_rows
from ingest.store.tables import metadata
from ingest.store.views import VIEWS, VIEWS_VERSION, View

TYPES = {
    int: "integer",
    float: "real",
    str: "text",
    bool: "boolean",
    datetime: "time",
    list: "JSON list",
}

HEAD = f"""# The views

{MADE}

These views are the public interface of the database, the same on SQLite and PostgreSQL: columns
are only ever appended. This is version {VIEWS_VERSION}. On PostgreSQL each comment is in the
database too (`\\d+ v_articles`). [Recipes](queries.md) show them at work.

* **time** is UTC: `timestamptz` on PostgreSQL, on SQLite text that sorts and that its date
  functions read (`2026-03-02 12:00:00.000000`).
* **JSON list** is `jsonb` on PostgreSQL, text for `json_each` on SQLite; **boolean** is 0 or 1
  there.
* A column marked "?" can be null: unknown is null, never invented.
"""

TABLES = """
## The tables behind them

Not promised to stay as they are, and good to know of. `ingest db current` tells the version of the
schema.

"""


def page() -> str:
    """The whole page."""
    tables = [row(f"`{table.name}`", table.comment or "") for table in metadata.tables.values()]
    return "".join([HEAD, *map(_section, VIEWS), TABLES, table_head("table", "is"), *tables])


def _section(view: View) -> str:
    hints = typing.get_type_hints(view_rows.ROWS[view.name])
    lines = [f"\n## {view.name}\n\n{_sentence(view.comment)}\n\n"]
    lines.append(table_head("column", "type", "means"))
    lines += [
        row(f"`{column.name}`", _type(hints[column.name]), column.comment)
        for column in view.columns
    ]
    return "".join(lines)


def _sentence(comment: str) -> str:
    return comment[0].upper() + comment[1:] + "."


def _type(hint: typing.Any) -> str:
    nullable = ""
    if isinstance(hint, types.UnionType):
        (hint,) = (one for one in typing.get_args(hint) if one is not types.NoneType)
        nullable = " ?"
    return TYPES[typing.get_origin(hint) or hint] + nullable
