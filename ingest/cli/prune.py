"""`ingest prune`: what has outlived its time, removed now instead of by the daemon."""

from __future__ import annotations

import dataclasses
from typing import Annotated

import typer

from ingest.cli.options import AsJson
from ingest.cli.output import Column, print_rows
from ingest.cli.session import now, session_of

COLUMNS = (
    Column("what", "WHAT"),
    Column("rows", "ROWS", lambda value: f"{value:,}", right=True),
    Column("setting", "KEPT BY"),
)


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("prune")(prune)


def prune(
    context: typer.Context,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would go, and remove nothing.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Remove what has outlived its time, as the config says.

    Raw entries, polls, fingerprints, change events and, only where database.keep_content_days is
    set, article texts. Articles themselves, their keys, stories and matches stay. The daemon does
    the same by itself every hour. It can be stopped at any moment and run again.

    Examples:

      ingest prune --dry-run

      INGEST_DATABASE__KEEP_POLLS_DAYS=7 ingest prune
    """
    from ingest.store import maintenance

    session = session_of(context)
    settings = session.settings
    with session.opened() as database:
        expired = maintenance.prune(
            database, settings.database, settings.dedupe, now(), dry_run=dry_run
        )
    print_rows((dataclasses.asdict(one) for one in expired), COLUMNS, as_json=as_json)
    rows = sum(one.rows for one in expired)
    session.say(f"{rows:,} rows {'would go' if dry_run else 'removed'}")
