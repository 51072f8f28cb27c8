"""`ingest reprocess`: today's rules over yesterday's entries."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from ingest.cli.options import Address, AsJson, EngineOption, Processes, Since, moment
from ingest.cli.output import Column, Row, Style, print_json, print_rows
from ingest.cli.progress import Progress
from ingest.cli.session import now, session_of
from ingest.engines import EngineName

if TYPE_CHECKING:
    from ingest.reprocess import Reworked

LISTED = 50  # rows of the table; --json prints them all

MEANS = {
    "unchanged": "come out as they are stored",
    "no_raw": "without a raw entry: older than database.keep_raw_days",
    "from_page": "left alone: their text came from the article's page, which is not kept",
    "invalid": "left alone: today's rules find no article in the entry",
    "unreadable": "left alone: the raw entry is damaged",
    "overtaken": "left alone: a poll changed them meanwhile",
}
STYLES = {"revised": Style.YELLOW, "unreadable": Style.RED, "invalid": Style.RED}

COLUMNS = (
    Column("article_id", "ID", right=True),
    Column("publisher", "PUBLISHER"),
    Column("effect", "EFFECT", style=lambda value: STYLES.get(str(value))),
    Column("fields", "DIFFERS IN", lambda value: ", ".join(value) if value else ""),  # type: ignore[arg-type]
    Column("new_headline", "HEADLINE", flexible=True),
)


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("reprocess")(reprocess)


def reprocess(
    context: typer.Context,
    since: Since = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would change, and change nothing.")
    ] = False,
    engine: EngineOption = EngineName.LOCAL,
    address: Address = None,
    processes: Processes = None,
    as_json: AsJson = False,
) -> None:
    """Make articles again from the kept raw entries.

    By the rules of this version, without the network. What comes out otherwise is stored: another
    text as a revision (reason `reprocess`), which is compared with other articles anew at the next
    poll; other metadata in place. It can be stopped at any moment and run again, and may run beside
    `ingest run`. It uses all cores, or a Ray cluster; what comes out is the same.

    Examples:

      ingest reprocess --since 2d --dry-run

      ingest reprocess

      ingest reprocess --engine ray --address auto

      ingest reprocess --dry-run --json | jq -r 'select(.effect == "revised") | .article_id'
    """
    from ingest.engines import opened
    from ingest.reprocess import reprocess as run

    session = session_of(context)
    at = now()
    from_when = moment(since, at)
    counted: Counter[str] = Counter()
    shown: list[Row] = []
    with (
        session.opened() as database,
        Progress("articles", is_quiet=session.is_quiet) as progress,
        opened(engine, address=address, processes=processes) as somewhere,
    ):
        results = run(
            database,
            session.settings,
            at,
            since=from_when,
            dry_run=dry_run,
            engine=somewhere,
            progress=progress,
        )
        rows = _altered(results, counted)
        if as_json:
            for row in rows:
                progress.clear()
                print_json([row])
        else:
            shown = [row for at_row, row in enumerate(rows) if at_row < LISTED]
    print_rows(shown, COLUMNS, as_json=False)
    for line in _summary(counted, len(shown), dry_run=dry_run, as_json=as_json):
        session.say(line)


def _altered(results: Iterator[Reworked], counted: Counter[str]) -> Iterator[Row]:
    """The rows to show; every result is counted."""
    for one in results:
        counted[one.effect] += 1
        if one.effect not in ("unchanged", "no_raw", "from_page"):
            row = dataclasses.asdict(one)
            yield {**row, "effect": one.effect.value, "fields": list(one.fields)}


def _summary(counted: Counter[str], shown: int, *, dry_run: bool, as_json: bool) -> Iterator[str]:
    altered = sum(counted.values()) - counted["unchanged"] - counted["no_raw"]
    altered -= counted["from_page"]
    if not as_json and altered > shown:
        yield f"… and {altered - shown:,} more; --json prints them all"
    would = "would be" if dry_run else "were"
    yield (
        f"{counted.total():,} articles: {counted['revised']:,} {would} revised,"
        f" {counted['metadata']:,} {would} given other metadata,"
        f" {counted['fingerprint']:,} a new fingerprint"
    )
    for effect, meaning in MEANS.items():
        if counted[effect]:
            yield f"{counted[effect]:,} {meaning}"
