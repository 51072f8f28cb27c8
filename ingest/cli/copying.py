"""`ingest db copy`: a database moved to another one."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

import typer

from ingest.cli.options import AsJson
from ingest.cli.output import Column, print_rows
from ingest.cli.progress import Progress
from ingest.cli.session import session_of

COLUMNS = (
    Column("table", "TABLE"),
    Column("rows", "ROWS", lambda value: f"{value:,}", right=True),
    Column("checksum", "CHECKSUM", lambda value: f"{value:016x}"),
)


def add_to(group: typer.Typer) -> None:
    """Register the command under `ingest db`."""
    group.command("copy")(copy)


def copy(
    context: typer.Context,
    source: Annotated[str, typer.Argument(metavar="SRC", help="A URL, or an SQLite file.")],
    target: Annotated[str, typer.Argument(metavar="DST", help="The same: empty, or not there.")],
    as_json: AsJson = False,
) -> None:
    """Copy a database into an empty one, and verify it.

    SQLite or PostgreSQL, either way. Counts and checksums of every table are compared afterwards. A
    copy that was interrupted is gone on with by the same command. Stop `ingest run` first: what it
    writes meanwhile is not copied. Readers of the change stream begin anew at the copy, with the
    cursor 0.0.

    Examples:

      ingest db copy ingest.db postgresql://user@host/news

      ingest db copy postgresql://user@host/news sqlite:///news.db
    """
    from ingest.store import copying
    from ingest.store.engine import open_database

    session = session_of(context)
    reader = open_database(_url(source))
    try:
        writer = open_database(_url(target), create=True)
        try:
            with Progress("rows copied and verified", is_quiet=session.is_quiet) as progress:
                copied = copying.copy(reader, writer, progress=progress)
        finally:
            writer.close()
    finally:
        reader.close()
    print_rows((dataclasses.asdict(one) for one in copied), COLUMNS, as_json=as_json)
    session.say(f"{sum(one.rows for one in copied):,} rows, the same on both sides")


def _url(given: str) -> str:
    return given if "://" in given else f"sqlite:///{Path(given)}"
