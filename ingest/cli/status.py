"""`ingest status`: how the whole is doing."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

from ingest.cli.options import AsJson
from ingest.cli.output import Style, ago, print_json, printable, span, styled
from ingest.cli.rows import row_of
from ingest.cli.session import now, session_of
from ingest.model import PollOutcome

if TYPE_CHECKING:
    from datetime import datetime

    from ingest.store.engine import Database
    from ingest.store.status import Hour, Status

BARS = " ▁▂▃▄▅▆▇█"
WATCH_SECONDS = 2.0
ALIVE_SECONDS = 90  # a worker reports every 15 s
CLEAR = "\x1b[H\x1b[2J"
GOOD = (PollOutcome.OK, PollOutcome.NOT_MODIFIED, PollOutcome.SAME_BYTES)


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("status")(status)


def status(
    context: typer.Context,
    watch: Annotated[bool, typer.Option("--watch", help="Keep showing it.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show feeds by state, polls of the last hour, articles, stories and who is polling.

    Examples:

      ingest status

      ingest status --watch
    """
    with session_of(context).opened() as database:
        while True:
            found, hours = _read(database)
            if as_json:
                print_json([row_of(found)])
            else:
                print((CLEAR if watch else "") + "\n".join(_lines(found, hours, now())), flush=True)
            if not watch:
                return
            time.sleep(WATCH_SECONDS)


def _read(database: Database) -> tuple[Status, list[Hour]]:
    from ingest.store.status import activity, read_status

    with database.connect() as connection:
        return read_status(connection, now()), activity(connection, now())


def _lines(found: Status, hours: list[Hour], moment: datetime) -> list[str]:
    def fact(name: str, value: str) -> str:
        return f"{styled(f'{name:10}', Style.DIM)} {printable(value)}"

    states = ", ".join(f"{count} {state}" for state, count in sorted(found.feeds_by_state.items()))
    polls = sum(found.polls_last_hour.values())
    failed = sum(n for outcome, n in found.polls_last_hour.items() if outcome not in GOOD)
    lines = [
        fact("feeds", f"{found.feeds} by {found.publishers} publishers: {states or 'none'}"),
        fact(
            "due",
            f"{found.due} now, the longest for {span(found.lag_seconds)}"
            if found.due
            else f"none; next {ago(moment)(found.next_due_at) or 'never'}",
        ),
        fact("polls", f"{polls} in the last hour, {failed} failed"),
        fact("", f"{sparkline([hour.polls for hour in hours])} polls, last {len(hours)} hours"),
        fact("articles", f"{found.articles}, {found.articles_last_day} in the last day"),
        fact("", f"{sparkline([hour.new_articles for hour in hours])} new"),
        fact("revisions", f"{found.revisions}"),
        fact("stories", f"{found.stories}, {found.stories_of_several} by several publishers"),
        fact("to match", f"{found.queued_for_matching}"),
        fact("database", f"{found.database_bytes / 1e6:.1f} MB"),
    ]
    for site in found.paused_sites:
        lines.append(
            fact("waiting", f"{site.name} {ago(moment)(site.paused_until)}: {site.pause_reason}")
        )
    for worker in found.workers:
        silent = (moment - worker.seen_at).total_seconds()
        state = "stopped" if worker.stopped_at else "polling" if silent < ALIVE_SECONDS else "lost"
        lines.append(fact("worker", f"{worker.name} {state}, heard {span(silent)} ago"))
    return lines


def sparkline(values: list[int]) -> str:
    """A row of bars, the highest value as a full one."""
    top = max(values, default=0)
    steps = len(BARS) - 1
    return "".join(BARS[-(-value * steps // top)] if top else BARS[0] for value in values)
