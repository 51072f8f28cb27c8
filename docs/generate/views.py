"""views.md: the public views column by column, and the tables behind them in a line each."""

from __future__ import annotations

import inspect
import re
import types
import typing
from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum

from docs.generate.markdown import MADE, row, table_head
from ingest.model import EntryOutcome, FeedState, PollOutcome, PublishedQuality, Relation
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

# Columns that hold one of a fixed set of words.
VALUES: tuple[tuple[str, type[StrEnum]], ...] = (
    ("v_articles.published_quality", PublishedQuality),
    ("v_matches.relation", Relation),
    ("v_feeds.state", FeedState),
    ("v_feeds.last_outcome, v_polls.outcome", PollOutcome),
    ("v_sightings.outcome", EntryOutcome),
)

TABLES = """
## The tables behind them

Not promised to stay as they are, and good to know of. `ingest db current` tells the version of the
schema.

"""


def page() -> str:
    """The whole page."""
    tables = [row(f"`{table.name}`", table.comment or "") for table in metadata.tables.values()]
    return "".join(
        [HEAD, *map(_section, VIEWS), *_values(), TABLES, table_head("table", "is"), *tables]
    )


def meanings(kind: type[StrEnum]) -> dict[str, str]:
    """What each member means: the comment beside it in the source."""
    source = inspect.getsource(kind)
    found: dict[str, str] = dict(re.findall(r'^    [A-Z_]+ = "([^"]+)"  # +(.+)$', source, re.M))
    return {member.value: found.get(member.value, "") for member in kind}


def _values() -> Iterator[str]:
    yield "\n## The words in columns\n"
    for columns, kind in VALUES:
        names = ", ".join(f"`{name}`" for name in columns.split(", "))
        yield f"\n{names}:\n\n" + table_head("word", "means")
        yield from (row(f"`{word}`", meaning) for word, meaning in meanings(kind).items())


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
