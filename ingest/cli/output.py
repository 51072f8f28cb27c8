"""Results on stdout: tables for people, one JSON object a line for programs.

Text from feeds is shown without control characters: a headline is no place for terminal commands.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

GAP = "  "
# Columns of the terminal: narrower than the first the text column does not get, and before it gets
# narrower than the second, spare columns are left out.
MIN_FLEXIBLE, READABLE = 12, 28
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")

Row = Mapping[str, object]


class Style(StrEnum):
    """ANSI codes; used on terminals only."""

    BOLD = "1"
    DIM = "2"
    RED = "31"
    GREEN = "32"
    YELLOW = "33"
    CYAN = "36"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table: which key of a row, under which title, and how it is shown."""

    key: str
    title: str
    show: Callable[[object], str] = lambda value: "" if value is None else str(value)
    right: bool = False
    flexible: bool = False  # cut where the terminal is too narrow, the widest of them first
    spare: bool = False  # left out where it is narrower still, the last of them first
    style: Callable[[object], Style | None] = lambda _: None


def printable(text: str) -> str:
    """`text` on one line, without anything a terminal would obey."""
    return _CONTROL.sub(" ", text)


def has_colour() -> bool:
    """Colour is for terminals, and for those who have not said no (https://no-color.org)."""
    return (
        sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    )


def styled(text: str, style: Style | None) -> str:
    """`text` in a style, where there is colour."""
    return f"\x1b[{style}m{text}\x1b[0m" if style is not None and has_colour() else text


def print_json(rows: Iterable[Row]) -> None:
    """One object a line; times are ISO 8601 in UTC, null is unknown."""
    for row in rows:
        line = json.dumps(dict(row), ensure_ascii=False, default=_json_value)
        sys.stdout.write(re.sub(r"[\x7f-\x9f\u2028\u2029]", _escaped, line) + "\n")


def _json_value(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, bytes):
        return value.hex()
    return str(value)


def _escaped(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


def print_rows(rows: Iterable[Row], columns: Sequence[Column], *, as_json: bool) -> int:
    """Print rows as JSON or as a table; return how many there were."""
    listed = list(rows)
    if as_json:
        print_json(listed)
    else:
        for line in table(listed, columns, terminal_width()):
            print(line)
    return len(listed)


def terminal_width() -> int | None:
    """Columns of the terminal; None where the output goes elsewhere and is not cut."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def table(rows: Sequence[Row], columns: Sequence[Column], width: int | None) -> list[str]:
    """The lines of a table, no longer than `width` as far as its columns can give way."""
    from rich.cells import cell_len, set_cell_size

    def cut(text: str, size: int) -> str:
        return text if cell_len(text) <= size else set_cell_size(text, size - 1).rstrip() + "…"

    if not rows:
        return []
    cells = [[printable(column.show(row.get(column.key))) for column in columns] for row in rows]
    sizes = [
        max([cell_len(column.title), *(cell_len(line[at]) for line in cells)])
        for at, column in enumerate(columns)
    ]
    if width is not None:
        kept_at = _fitting(columns, sizes, width)
        columns = [columns[at] for at in kept_at]
        cells = [[line[at] for at in kept_at] for line in cells]
        sizes = [sizes[at] for at in kept_at]
        flexible = [at for at, column in enumerate(columns) if column.flexible]
        for _ in range(sum(sizes) + len(GAP) * (len(sizes) - 1) - width):
            widest = max(flexible, key=sizes.__getitem__, default=None)
            if widest is None or sizes[widest] <= MIN_FLEXIBLE:
                break
            sizes[widest] -= 1

    def laid_out(texts: Sequence[str], styles: Sequence[Style | None]) -> str:
        parts = []
        for at, column in enumerate(columns):
            text = cut(texts[at], sizes[at])
            padding = " " * (sizes[at] - cell_len(text))
            is_last = at == len(columns) - 1
            shown = styled(text, styles[at])
            parts.append(padding + shown if column.right else shown + ("" if is_last else padding))
        return GAP.join(parts).rstrip()

    lines = [laid_out([column.title for column in columns], [Style.BOLD] * len(columns))]
    for row, texts in zip(rows, cells, strict=True):
        lines.append(laid_out(texts, [column.style(row.get(column.key)) for column in columns]))
    return lines


def _fitting(columns: Sequence[Column], sizes: Sequence[int], width: int) -> list[int]:
    """Which columns have room beside a text column that can be read."""
    kept = list(range(len(columns)))

    def needed() -> int:
        least = (min(sizes[at], READABLE) if columns[at].flexible else sizes[at] for at in kept)
        return sum(least) + len(GAP) * (len(kept) - 1)

    for at in reversed(range(len(columns))):
        if columns[at].spare and needed() > width:
            kept.remove(at)
    return kept


# --- how values are shown ----------------------------------------------------------------------


def minute(value: object) -> str:
    """A time to the minute, in UTC."""
    return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M") if isinstance(value, datetime) else ""


def span(seconds: float) -> str:
    """A duration in its largest fitting unit: `40 s`, `12 min`, `3 h`, `5 d`."""
    amount = abs(seconds)
    for unit, size in (("d", 86_400.0), ("h", 3_600.0), ("min", 60.0)):
        if amount >= 2 * size:
            return f"{amount / size:.0f} {unit}"
    return f"{amount:.0f} s"


def ago(moment: datetime) -> Callable[[object], str]:
    """How a time is shown that lies before `moment`, or after it."""

    def show(value: object) -> str:
        if not isinstance(value, datetime):
            return ""
        seconds = (moment - value).total_seconds()
        return f"{span(seconds)} ago" if seconds >= 0 else f"in {span(seconds)}"

    return show


def until(moment: datetime) -> Callable[[object], str]:
    """How a time is shown that something waits for: what is overdue is due now."""
    shown = ago(moment)
    return lambda value: "now" if isinstance(value, datetime) and value <= moment else shown(value)


def share(value: object) -> str:
    """A number between 0 and 1 as a percentage."""
    return f"{value:.0%}" if isinstance(value, float | int) else ""
