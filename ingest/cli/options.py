"""Options that several commands share, and how their values are read."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from ingest.engines import EngineName
from ingest.errors import UsageError

UNITS = {"m": 60, "h": 3_600, "d": 86_400, "w": 604_800}  # seconds
MAX_AGE_SECONDS = 100 * 365 * 86_400
MAX_ROWS = 1_000_000

AsJson = Annotated[
    bool, typer.Option("--json", help="One JSON object a line, keys as in the view.")
]
Since = Annotated[
    str | None,
    typer.Option("--since", metavar="WHEN", help="30m, 12h, 2d, 1w ago, or a date: 2026-03-04."),
]
Until = Annotated[str | None, typer.Option("--until", metavar="WHEN", help="The same, the end.")]
Limit = Annotated[
    int, typer.Option("--limit", "-n", min=1, max=MAX_ROWS, help="At most so many rows.")
]
Publisher = Annotated[
    str | None, typer.Option("--publisher", metavar="NAME", help="Of this publisher.")
]
Language = Annotated[
    str | None, typer.Option("--language", metavar="TAG", help="In this language: en, pt-BR.")
]
Agency = Annotated[
    str | None, typer.Option("--agency", metavar="NAME", help="Attributed to this agency.")
]
EngineOption = Annotated[
    EngineName, typer.Option("--engine", help="Where it is worked out: local, or a Ray cluster.")
]
Address = Annotated[
    str | None,
    typer.Option("--address", metavar="ADDRESS", help="Of the Ray cluster: auto, ray://HOST:10001"),
]
Processes = Annotated[
    int | None,
    typer.Option("--processes", min=1, metavar="N", help="Of --engine local; else one a core."),
]


def moment(text: str | None, now: datetime) -> datetime | None:
    """What `--since` names: an age before `now`, or a date or time (UTC where it has no zone).

    Raises UsageError for anything else.
    """
    if text is None:
        return None
    if found := re.fullmatch(r"(\d{1,9})\s*([mhdw])", text.strip().lower()):
        seconds = int(found[1]) * UNITS[found[2]]
        if seconds <= MAX_AGE_SECONDS:
            return now - timedelta(seconds=seconds)
    try:
        parsed = datetime.fromisoformat(text.strip())
    except ValueError:
        raise UsageError(f"{text!r}: has to be like 30m, 12h, 2d, 1w or 2026-03-04") from None
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
