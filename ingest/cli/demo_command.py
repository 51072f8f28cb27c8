"""`ingest demo`: registered here, so that its parts are only imported when it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ingest.cli.session import session_of


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("demo")(demo)


def demo(
    context: typer.Context,
    folder: Annotated[
        Path, typer.Option("--folder", metavar="DIR", help="Where the database is made anew.")
    ] = Path(".demo"),
) -> int:
    """Run the real daemon over bundled sample feeds for half a minute, and show what it found.

    Needs no network and no config; everything is in the folder .demo, made anew each time.

    Examples:

      ingest demo
    """
    from ingest.cli.demo.show import run_demo

    return run_demo(folder, is_quiet=session_of(context).is_quiet)
