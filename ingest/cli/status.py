"""`ingest status`: how the whole is doing."""

from __future__ import annotations

import re
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from ingest.cli.options import AsJson
from ingest.cli.output import Style, ago, print_json, printable, span, styled
from ingest.cli.rows import row_of
from ingest.cli.session import now, session_of
from ingest.errors import DatabaseUnreachable
from ingest.model import PollOutcome

if TYPE_CHECKING:
    from datetime import datetime

    from ingest.store.engine import Database
    from ingest.store.status import Hour, Status
    from ingest.store.view_rows import PollRow, StoryRow

BARS = " ▁▂▃▄▅▆▇█"
WATCH_SECONDS = 2.0
ALIVE_SECONDS = 90  # a worker reports every 15 s
WATCHED_POLLS, WATCHED_STORIES = 6, 8
# The terminal's second screen without a cursor, its top left corner, all below, and back again.
OTHER_SCREEN, FIRST_SCREEN = "\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l"
HOME, REST = "\x1b[H", "\n\x1b[J"
_STYLE = re.compile(r"(\x1b\[\d*m)")
GOOD = (PollOutcome.OK, PollOutcome.NOT_MODIFIED, PollOutcome.SAME_BYTES)


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("status")(status)


def status(
    context: typer.Context,
    watch: Annotated[bool, typer.Option("--watch", help="Keep showing it.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show the whole at a glance: feeds, polls, articles, stories.

    And who is polling. With --watch it stays, with the last polls and stories below; Ctrl-C ends
    it.

    Examples:

      ingest status

      ingest status --watch
    """
    with session_of(context).opened() as database:
        if not watch:
            found, hours = _read(database)
            if as_json:
                print_json([row_of(found)])
            else:
                print("\n".join(_lines(found, hours, now())))
        elif as_json:
            while True:
                print_json([row_of(_read(database)[0])])
                sys.stdout.flush()
                time.sleep(WATCH_SECONDS)
        else:
            _watch(database)


def _watch(database: Database) -> None:
    """Show it anew every two seconds, on a screen of its own that is gone at the end."""
    from ingest.store.feed_queries import poll_rows
    from ingest.store.story_queries import StoryFilter, list_stories

    is_terminal = sys.stdout.isatty()
    if is_terminal:
        sys.stdout.write(OTHER_SCREEN)
    try:
        while True:
            try:
                moment = now()
                found, hours = _read(database)
                with database.connect() as connection:
                    polls = poll_rows(connection, limit=WATCHED_POLLS)
                    several = StoryFilter(min_publishers=2)
                    stories = list_stories(connection, several, limit=WATCHED_STORIES)
                lines = [*_lines(found, hours, moment), *_latest(polls, stories, moment)]
            except DatabaseUnreachable as error:
                lines = [styled(printable(f"{error}; trying again"), Style.RED)]
            if is_terminal:
                lines = fitted(lines)
            sys.stdout.write((HOME if is_terminal else "") + "\n".join(lines))
            sys.stdout.write(REST if is_terminal else "\n\n")
            sys.stdout.flush()
            time.sleep(WATCH_SECONDS)
    finally:
        if is_terminal:
            sys.stdout.write(FIRST_SCREEN)
            sys.stdout.flush()


def _latest(
    polls: Sequence[PollRow], stories: Sequence[StoryRow], moment: datetime
) -> Iterator[str]:
    """The last polls, and the stories of several publishers that changed last."""
    when = ago(moment)
    yield ""
    yield styled("Last polls", Style.BOLD)
    for poll in polls:
        is_good = poll.outcome in GOOD
        outcome = styled(f"{poll.outcome:14}", Style.GREEN if is_good else Style.RED)
        new = f"{poll.entries_new} new" if poll.entries_new else ""
        what = printable(poll.detail or new)
        yield f"{when(poll.started_at):>10}  {outcome}  {printable(poll.feed)}  {what}"
    yield ""
    yield styled("Stories of several publishers", Style.BOLD)
    for story in stories:
        counted = f"{story.publishers} publishers"
        yield f"{when(story.last_seen_at):>10}  {counted:14}  {printable(story.headline or '')}"


def fitted(lines: Sequence[str]) -> list[str]:
    """The lines that the terminal has room for, each cut to its width; styles take none."""
    from rich.cells import cell_len, set_cell_size

    columns, rows = shutil.get_terminal_size()
    shown = []
    for line in lines[: rows - 1]:
        room, parts = columns, []
        for part in _STYLE.split(line):
            if part.startswith("\x1b"):
                parts.append(part)
                continue
            kept = set_cell_size(part, room).rstrip() if cell_len(part) > room else part
            room -= cell_len(kept)
            parts.append(kept)
        shown.append("".join(parts) + "\x1b[K")
    return shown


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
