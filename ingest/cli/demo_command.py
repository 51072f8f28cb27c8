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
    serve: Annotated[
        bool,
        typer.Option("--serve", help="Only serve the feeds, for an `ingest run` of your own."),
    ] = False,
) -> int:
    """Run the real daemon over bundled sample feeds.

    For a quarter of a minute; then it shows what it found. Needs no network and no config;
    everything is in the folder .demo, made anew each time. With --serve it serves the feeds until
    Ctrl-C, and the folder gets a config file that names them.

    Examples:

      ingest demo

      ingest demo --serve --folder practice
    """
    if serve:
        from ingest.cli.demo.serve import serve_feeds

        return serve_feeds(folder)
    from ingest.cli.demo.show import run_demo

    return run_demo(folder, is_quiet=session_of(context).is_quiet)
