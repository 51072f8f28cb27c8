"""`ingest fetch`: polls that are asked for, through the same pipeline as the daemon's."""

from __future__ import annotations

from typing import Annotated

import typer

from ingest.cli.session import session_of
from ingest.errors import UsageError


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("fetch")(fetch)


def fetch(
    context: typer.Context,
    wanted: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FEED|URL]...", help="Names of feeds, or addresses."),
    ] = None,
    all_feeds: Annotated[bool, typer.Option("--all", help="Every subscribed feed.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "-n", help="Store nothing; print the articles.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> int:
    """Poll feeds now, whether they are due or not.

    A URL that is not subscribed is polled and shown, without being stored. Exits 1 if a poll
    failed; with --quiet only those that did are shown.

    Examples:

      ingest fetch --all

      ingest fetch bbc-world guardian-world --dry-run

      ingest fetch https://www.example.org/feed.xml
    """
    if bool(wanted) == all_feeds:
        raise UsageError("fetch: name feeds or URLs, or say --all")
    from ingest.cli.fetching import fetch_feeds

    return fetch_feeds(session_of(context), wanted or (), dry_run=dry_run, as_json=as_json)
