"""`ingest changes`: what happened to articles, stories and feeds, in an order one can resume."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Annotated

import typer

from ingest.cli.options import AsJson, moment
from ingest.cli.output import Row, Style, minute, print_json, printable, styled
from ingest.cli.session import now, session_of
from ingest.errors import DatabaseUnreachable, UsageError

if TYPE_CHECKING:
    from ingest.store.changes import Change, ChangeKind
    from ingest.store.engine import Database

BATCH = 1_000
FOLLOW_SECONDS = 1.0
AWAY_SECONDS = 5.0  # between two attempts while the database is away
NOW = "now"


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("changes")(changes)


def changes(
    context: typer.Context,
    since: Annotated[
        str,
        typer.Option(
            "--since",
            metavar="CURSOR",
            help='After this cursor; "now": only new ones; or 2d, or a date, like elsewhere.',
        ),
    ] = "0.0",
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Wait for more.")] = False,
    kind: Annotated[
        list[str] | None,
        typer.Option("--kind", metavar="KIND", help="Only these: article.new, story.joined …"),
    ] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", "-n", min=1, help="End after so many events.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Print the change stream, oldest event first: one line an event.

    Every event was written in the transaction of the change it tells of. Keep the cursor of the
    last event you have dealt with and come back with --since: nothing is left out and nothing
    comes twice, with any number of daemons. Events are kept for 30 days.

    Kinds: article.new, article.revised, article.deleted, story.created, story.joined,
    story.merged, story.split, feed.state, feed.moved.

    Examples:

      ingest changes --json

      ingest changes --since 2h --kind feed.state

      ingest changes --since now --follow --kind story.joined

      ingest changes --since 0.4711 --json | while read -r event; do …; done
    """
    session = session_of(context)
    kinds = _kinds(kind or [])
    left = limit
    with session.opened() as database:
        cursor = _start(database, since)
        while left is None or left > 0:
            try:
                found = _read(database, cursor, kinds, min(BATCH, left or BATCH))
            except DatabaseUnreachable as error:
                if not follow:
                    raise
                session.say(f"{error}; trying again")
                time.sleep(AWAY_SECONDS)
                continue
            for one in found:
                _print(one, as_json)
            if found:
                sys.stdout.flush()
                cursor = found[-1].cursor
                left = left - len(found) if left is not None else None
            elif not follow:
                return
            else:
                time.sleep(FOLLOW_SECONDS)


def _kinds(names: list[str]) -> list[ChangeKind]:
    from ingest.store.changes import ChangeKind

    known = [kind.value for kind in ChangeKind]
    for name in names:
        if name not in known:
            raise UsageError(f"--kind {name!r}: has to be one of {', '.join(known)}")
    return [ChangeKind(name) for name in names]


def _start(database: Database, since: str) -> str:
    from ingest.store.changes import cursor_before, is_cursor, latest_cursor

    if is_cursor(since):
        return since
    with database.connect() as connection:
        if since == NOW:
            return latest_cursor(connection)
        try:
            at = moment(since, now())
        except UsageError:
            known = "a cursor like 0.4711, now, 2d or 2026-03-04"
            raise UsageError(f"--since {since!r}: has to be {known}") from None
        assert at is not None
        return cursor_before(connection, at)


def _read(database: Database, cursor: str, kinds: list[ChangeKind], limit: int) -> list[Change]:
    from ingest.store.changes import read

    with database.connect() as connection:
        return read(connection, cursor, limit=limit, kinds=kinds)


def _row(one: Change) -> Row:
    return {
        "cursor": one.cursor,
        "at": one.at,
        "kind": one.kind.value,
        "article_id": one.article_id,
        "story_id": one.story_id,
        "feed_id": one.feed_id,
        "data": one.data,
    }


def _print(one: Change, as_json: bool) -> None:
    if as_json:
        print_json([_row(one)])
        return
    ids = [
        f"{name} {value}"
        for name, value in (
            ("article", one.article_id),
            ("story", one.story_id),
            ("feed", one.feed_id),
        )
        if value is not None
    ]
    more = [f"{key}={value}" for key, value in (one.data or {}).items()]
    cursor = styled(f"{one.cursor:>10}", Style.DIM)
    line = printable(f"{minute(one.at)}  {one.kind.value:15}  {', '.join(ids)}  {' '.join(more)}")
    print(f"{cursor}  {line.rstrip()}")
