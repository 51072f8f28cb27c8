"""`ingest sql`: a question to the database, without its own client."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated

import typer

from ingest.cli.options import AsJson, Limit
from ingest.cli.output import Column, Row, print_rows
from ingest.cli.session import session_of
from ingest.errors import UsageError

_SQLITE_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}")


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("sql")(sql)


def sql(
    context: typer.Context,
    statement: Annotated[
        str, typer.Argument(metavar="STATEMENT", help="One SELECT; - reads it from stdin.")
    ],
    limit: Limit = 1_000,
    as_json: AsJson = False,
) -> None:
    """Ask the database in SQL. It may be read and nothing else; Ctrl-C ends a long question.

    The views v_articles, v_stories, v_matches, v_feeds, v_polls, v_revisions and v_sightings are
    made for it: docs/views.md has their columns, docs/queries.md recipes.

    Examples:

      ingest sql "SELECT publishers, headline FROM v_stories ORDER BY publishers DESC LIMIT 5"

      ingest sql --json - < lead-and-lag.sql
    """
    from ingest.store.asking import ask

    question = sys.stdin.read() if statement == "-" else statement
    if not question.strip():
        raise UsageError("sql: no statement")
    session = session_of(context)
    with session.opened(for_reading=True) as database:
        answer = ask(database, question, limit=limit)
    answered = [[_plain(value) for value in row] for row in answer.rows]
    rows: list[Row] = [dict(zip(answer.names, row, strict=True)) for row in answered]
    if not print_rows(rows, _columns(answer.names, answered), as_json=as_json):
        session.say("no rows")
    if answer.has_more:
        session.say(f"the first {limit} rows; --limit shows more")


def _columns(names: Sequence[str], rows: Sequence[Sequence[object]]) -> list[Column]:
    """Numbers to the right; the last column that is text gives way on a narrow terminal."""
    is_number = [
        any(row[at] is not None for row in rows)
        and all(isinstance(row[at], int | float | None) for row in rows)
        for at in range(len(names))
    ]
    texts = [at for at, number in enumerate(is_number) if not number]
    show: Callable[[object], str] = _shown
    return [
        Column(name, name, show, right=is_number[at], flexible=bool(texts) and at == texts[-1])
        for at, name in enumerate(names)
    ]


def _plain(value: object) -> object:
    """PostgreSQL's exact numbers, which sums and means are there, as everybody else's."""
    if isinstance(value, Decimal) and value.is_finite():
        return int(value) if value == value.to_integral_value() else float(value)
    return value


def _shown(value: object) -> str:
    match value:
        case None:
            return ""
        case datetime() if value.tzinfo is not None:
            return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
        case float():
            return f"{value:.4f}".rstrip("0").removesuffix(".")
        case list() | dict():
            return json.dumps(value, ensure_ascii=False)
        case bytes():
            return value.hex()
        case str() if _SQLITE_TIME.fullmatch(value):
            return value.partition(".")[0]
        case _:
            return " ".join(str(value).split())
