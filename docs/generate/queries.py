"""queries.md: written by hand but for the results, which come from the replayed day.

A recipe is a ```sql block and the ```text block of its result. Where the dialects differ there are
two: ```sql sqlite and ```sql postgresql, and one result.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from sqlalchemy import create_engine

WIDEST = 66
_BLOCK = re.compile(r"^```(sql(?: sqlite| postgresql)?|text)\n(.*?)^```$", re.M | re.S)


@dataclass(frozen=True, slots=True)
class Recipe:
    """One question: its statement in either dialect, and the result as the page shows it."""

    title: str
    sqlite: str
    postgresql: str
    shown: str

    def statement(self, dialect: str) -> str:
        """The one for "sqlite" or "postgresql"."""
        return self.sqlite if dialect == "sqlite" else self.postgresql


def recipes(text: str) -> list[Recipe]:
    """The recipes of a page, in its order."""
    found: list[Recipe] = []
    pending: dict[str, str] = {}
    for block in _BLOCK.finditer(text):
        kind, content = block[1], block[2]
        if kind != "text":
            pending[kind.removeprefix("sql").strip()] = content
            continue
        title = re.findall(r"^## (.+)$", text[: block.start()], re.M)[-1]
        both = pending.get("", "")
        sqlite, postgresql = pending.get("sqlite", both), pending.get("postgresql", both)
        assert sqlite, f"{title}: no statement for SQLite before the result"
        assert postgresql, f"{title}: no statement for PostgreSQL before the result"
        found.append(Recipe(title, sqlite, postgresql, content))
        pending = {}
    assert not pending, "the last statement has no result"
    return found


def page(text: str, url: str) -> str:
    """The page with the results as they are on the SQLite database at `url`."""
    results = iter([result(url, recipe.sqlite) for recipe in recipes(text)])

    def filled(block: re.Match[str]) -> str:
        return f"```text\n{next(results)}```" if block[1] == "text" else block[0]

    return _BLOCK.sub(filled, text)


def result(url: str, statement: str) -> str:
    """The rows of a statement, as the page shows them."""
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            # As a person would type it: no parameters, so % and : mean nothing special.
            cursor = connection.connection.cursor()
            cursor.execute(statement)
            titles = [one[0] for one in cursor.description or ()]
            return table(titles, cursor.fetchall())
    finally:
        engine.dispose()


def table(titles: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Columns under their titles, numbers to the right."""
    cells = [[_cell(value) for value in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(titles, *cells, strict=True)]
    is_number = [
        bool(rows) and all(isinstance(row[n], int | float | Decimal | None) for row in rows)
        for n in range(len(titles))
    ]

    def line(values: Sequence[str]) -> str:
        parts = [
            value.rjust(width) if right else value.ljust(width)
            for value, width, right in zip(values, widths, is_number, strict=True)
        ]
        return "  ".join(parts).rstrip() + "\n"

    rule = line(["-" * width for width in widths])
    return line(titles) + rule + "".join(map(line, cells))


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case datetime():
            return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
        case float() | Decimal():
            return f"{value:.0f}" if value == int(value) else f"{value:.2f}"
        case str() if re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}", value):
            return value.partition(".")[0]  # a time as SQLite keeps it
        case _:
            text = " ".join(str(value).split())
            return text if len(text) <= WIDEST else text[: WIDEST - 1] + "…"
