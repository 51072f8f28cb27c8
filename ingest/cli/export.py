"""`ingest export`: articles, stories and matches as files for other programs."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

import typer

from ingest.cli.options import AsJson, Since, Until, moment
from ingest.cli.output import print_json
from ingest.cli.progress import Progress
from ingest.cli.session import now, session_of
from ingest.errors import UsageError

FORMATS = ("jsonl", "csv", "parquet")


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("export")(export)


def export(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder: empty, or not there.")],
    written_as: Annotated[
        str, typer.Option("--format", "-f", metavar="FORMAT", help="jsonl, csv or parquet.")
    ] = "jsonl",
    since: Since = None,
    until: Until = None,
    as_json: AsJson = False,
) -> None:
    """Write articles, stories, matches and pins to files.

    One a day and table, with a manifest. The columns are those of the views v_articles, v_stories
    and v_matches; pins are decisions made by hand. manifest.json has the schema version and of each
    file its rows and SHA-256; it is written last. --since and --until are about when an article was
    first seen. Parquet needs the extra: pip install 'ingest[parquet]'.

    Examples:

      ingest export archive/

      ingest export --format parquet --since 2026-03-01 --until 2026-04-01 march/

      duckdb -c "SELECT publisher, count(*) FROM 'march/articles/*.parquet' GROUP BY 1"
    """
    from ingest import archive

    if written_as not in FORMATS:
        raise UsageError(f"--format {written_as}: has to be one of {', '.join(FORMATS)}")
    session = session_of(context)
    at = now()
    with (
        session.opened(for_reading=True) as database,
        Progress("days", is_quiet=session.is_quiet) as progress,
    ):
        files = archive.export(
            database,
            folder,
            archive.Format(written_as),
            at,
            since=moment(since, at),
            until=moment(until, at),
            progress=progress,
        )
    if as_json:
        print_json(dataclasses.asdict(one) for one in files)
    rows: dict[str, int] = {}
    for one in files:
        rows[one.table] = rows.get(one.table, 0) + one.rows
    said = ", ".join(f"{count:,} {table}" for table, count in rows.items()) or "no articles"
    session.say(f"{folder}: {said} in {len(files):,} files")
