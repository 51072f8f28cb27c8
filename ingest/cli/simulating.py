"""`ingest feeds simulate`: what other settings would have cost and brought, by the stored polls."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from ingest.cli.options import AsJson, moment
from ingest.cli.output import Column, print_rows, span
from ingest.cli.progress import Progress
from ingest.cli.rows import row_of
from ingest.cli.session import Session, now, session_of
from ingest.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from ingest.config import ScheduleSettings
    from ingest.schedule.simulate import FeedHistory
    from ingest.store.engine import Connection
    from ingest.store.feeds import Feed

SECTION = "schedule"
FEEDS_AT_ONCE = 50  # whose polls are in memory


def _duration(value: object) -> str:
    return span(value) if isinstance(value, float | int) else ""


def _rate(value: object) -> str:
    return f"{value:.1f}" if isinstance(value, float | int) else ""


COLUMNS = (
    Column("name", "SETTINGS", flexible=True),
    Column("feeds", "FEEDS", right=True),
    Column("requests", "REQUESTS", right=True),
    Column("requests_per_feed_day", "A FEED A DAY", _rate, right=True),
    Column("new_entries", "NEW", right=True),
    Column("median_delay_seconds", "DELAY", _duration, right=True),
    Column("p90_delay_seconds", "9 OF 10", _duration, right=True),
    Column("missed", "MISSED", right=True),
)


def add_to(group: typer.Typer) -> None:
    """Register the command."""
    group.command("simulate")(simulate)


def simulate(
    context: typer.Context,
    wanted: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FEED]...", help="Names of feeds; all without any."),
    ] = None,
    changed: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="schedule.KEY=VALUE; may be repeated."),
    ] = None,
    since: Annotated[
        str, typer.Option("--since", metavar="WHEN", help="From 12h, 14d, 4w ago, or a date.")
    ] = "14d",
    as_json: AsJson = False,
) -> None:
    """Replay the stored polls under other settings.

    What each costs and misses, and how fresh it is. The first row is what was really done, the
    second what the settings of now would have done, the third the same with every --set. DELAY is
    from the appearance of an entry to the poll that found it: the half, and nine of ten, were
    quicker. MISSED fell out of the document unseen. Nothing is changed and nobody is asked.

    Examples:

      ingest feeds simulate

      ingest feeds simulate bbc-world --set schedule.min_interval_seconds=900 --since 4w
    """
    from ingest.schedule import simulate as replaying
    from ingest.store import feeds

    session = session_of(context)
    start = moment(since, now())
    assert start is not None
    columns: list[tuple[str, ScheduleSettings]] = [("settings of now", session.settings.schedule)]
    if changed:
        columns.append(("with " + ", ".join(changed), _changed(session, changed)))
    with session.opened(sync=True) as database, database.connect() as connection:
        listed = (
            [feeds.find(connection, one) for one in dict.fromkeys(wanted)]
            if wanted
            else feeds.list_feeds(connection)
        )
        with Progress("feeds", is_quiet=session.is_quiet) as progress:
            histories = _histories(connection, listed, start, progress)
            rows = replaying.simulate(histories, columns)
    print_rows([row_of(row) for row in rows], COLUMNS, as_json=as_json)
    silent = len(listed) - rows[0].feeds
    if silent:
        session.say(
            f"{silent} of {len(listed)} feeds left out: they were not polled twice"
            f" since {start:%Y-%m-%d %H:%M} UTC"
        )


def _histories(
    connection: Connection, listed: Sequence[Feed], start: datetime, progress: Progress
) -> Iterator[FeedHistory]:
    """The pasts of these feeds, read a few feeds at a time and not kept."""
    from ingest.schedule.simulate import history_of
    from ingest.store import polls

    for first in range(0, len(listed), FEEDS_AT_ONCE):
        some = listed[first : first + FEEDS_AT_ONCE]
        stored = polls.polls_since(connection, [feed.feed_id for feed in some], start)
        for number, feed in enumerate(some, start=first):
            progress(number, len(listed))
            yield history_of(
                feed.feed_id,
                stored.pop(feed.feed_id, ()),
                hints=feed.schedule.hints,
                min_interval_seconds=feed.settings.min_interval_seconds,
            )


def _changed(session: Session, changed: list[str]) -> ScheduleSettings:
    """The settings of now with these on top, checked as those of a config file are."""
    from ingest.config import load

    environ = dict(session.environ)
    if session.database_url is not None:
        environ["INGEST_DATABASE__URL"] = session.database_url
    given: dict[str, str] = {}
    for one in changed:
        name, equals, value = one.partition("=")
        section, dot, key = name.strip().partition(".")
        if not equals or not dot or section != SECTION:
            raise UsageError(f"--set {one}: has to be like schedule.min_interval_seconds=900")
        given[f"INGEST_{SECTION}__{key}".upper()] = value.strip()
    try:
        return load(session.config_path, environ | given).schedule
    except ConfigError as error:
        told = str(error)
        for variable in given:
            key = variable.partition("__")[2].lower()
            told = told.replace(f"environment: {variable}", f"--set {SECTION}.{key}")
        raise UsageError(told) from None
