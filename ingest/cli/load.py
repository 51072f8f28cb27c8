"""`ingest load`: an archive of `ingest export` into an empty database."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ingest.cli.progress import Progress
from ingest.cli.session import now, session_of


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("load")(load)


def load(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="What `ingest export` wrote.")],
) -> None:
    """Load an archive into an empty database.

    Articles, their stories and matches, with their ids. The files are checked against the manifest
    first. The feeds of the archive are known afterwards and not polled: subscribe to those you
    want. An interrupted load is gone on with by the same command. A whole database, with polls and
    former versions, moves by `ingest db copy`.

    Examples:

      ingest --database sqlite:///archive.db load archive/
    """
    from ingest import unarchive

    session = session_of(context)
    with (
        session.opened(create=True) as database,
        Progress("rows", is_quiet=session.is_quiet) as progress,
    ):
        counts = unarchive.load(database, folder, session.settings, now(), progress=progress)
    said = ", ".join(f"{count:,} {table}" for table, count in counts.items())
    session.say(f"{database.url}: {said} loaded")
