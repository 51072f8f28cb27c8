"""`ingest doctor`: is anything wrong, and what to do about it."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from ingest.cli.options import AsJson
from ingest.cli.output import Style, print_json, printable, span, styled, terminal_width
from ingest.cli.progress import Waiting
from ingest.cli.rows import row_of
from ingest.cli.session import Session, now, session_of
from ingest.errors import ConfigError, DatabaseUnreachable, IngestError
from ingest.model import ChangeKind, FeedState, PollOutcome

if TYPE_CHECKING:
    from datetime import datetime

    from ingest.store.engine import Connection, Database

INDENT = 18  # columns before what was found
LITTLE_BYTES = 2_000_000_000  # free on the database's disk: worth saying
TOO_LITTLE_BYTES = 200_000_000  # SQLite's journal and a checkpoint may need that much
SLOW_WRITE_SECONDS = 1.0
LATE_SECONDS = 900.0
SILENT_SECONDS = 90.0  # a worker reports every 15 s
CLOCK_SECONDS = 60.0
MANY_SITES = 4  # so many servers that agree about our clock or our network are not all wrong
LONG_QUEUE = 5_000  # articles that wait to be compared
_OURS = (PollOutcome.OWN_OUTAGE, PollOutcome.NAME_ERROR, PollOutcome.CONNECT_ERROR)


class Level(StrEnum):
    """How bad it is. Only FAIL makes the command exit 1."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: what was found, and what to do about it where it is not well."""

    about: str
    level: Level
    found: str
    remedy: str | None = None


STYLES = {Level.OK: Style.GREEN, Level.WARN: Style.YELLOW, Level.FAIL: Style.RED}


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("doctor")(doctor)


def doctor(context: typer.Context, as_json: AsJson = False) -> int:
    """Look for what is not well: config, database, network, feeds.

    Disk, clock, workers and every feed in trouble too. Says what to do about each thing that is not
    well. Exits 1 where something has failed; a warning alone leaves 0. Nothing is changed, and no
    feed is asked.

    Examples:

      ingest doctor

      ingest doctor --json | jq 'select(.level != "ok")'
    """
    session = session_of(context)
    worst = Level.OK
    for finding in examine(session):
        if finding.level is Level.FAIL or worst is Level.OK:
            worst = finding.level
        if as_json:
            print_json([row_of(finding)])
        elif finding.level is not Level.OK or not session.is_quiet:
            _print(finding)
    return 1 if worst is Level.FAIL else 0


def _print(finding: Finding) -> None:
    level = styled(f"{finding.level:4}", STYLES[finding.level])
    first, *rest = _wrapped(finding.found)
    print(f"{level}  {finding.about:10}  {first}")
    for line in rest:
        print(f"{'':{INDENT}}{line}")
    for line in _wrapped(finding.remedy) if finding.remedy is not None else ():
        print(f"{'':{INDENT}}{styled(line, Style.DIM)}")


def _wrapped(text: str) -> list[str]:
    width = terminal_width()
    if width is None:
        return [printable(text)]
    return textwrap.wrap(printable(text), max(20, width - INDENT)) or [""]


def examine(session: Session) -> Iterator[Finding]:
    """Look at one thing after the other; what cannot be looked at is a finding too."""
    try:
        settings = session.settings
    except ConfigError as error:
        yield Finding("config", Level.FAIL, str(error), "Mend this line; nothing runs until then.")
        return
    if session.config_path is None:
        yield Finding("config", Level.WARN, "none: defaults alone", "`ingest init` writes one.")
    else:
        feeds = len(settings.feeds)
        yield Finding("config", Level.OK, f"{session.config_path}, {feeds} feeds")
    if not settings.fetch.contact:
        yield Finding(
            "config",
            Level.WARN,
            "fetch.contact is empty",
            "Give publishers an address: who cannot be asked is blocked sooner.",
        )
    yield from _disk(settings.database.url)
    try:
        with session.opened() as database:
            yield from _database(database, session.is_quiet)
            yield from _webhooks(database, session)
            yield from _websub(database, session)
    except DatabaseUnreachable as error:
        waits = "A daemon that runs waits and tries again; none can be started. Nothing is stored."
        remedy = None if session.has_no_database else waits
        yield Finding("database", Level.FAIL, str(error), remedy)
    except IngestError as error:
        yield Finding("database", Level.FAIL, str(error))


def _disk(url: str) -> Iterator[Finding]:
    scheme, _, path = url.partition(":///")
    if scheme.partition("+")[0] != "sqlite":
        return
    folder = Path(path.partition("?")[0]).absolute().parent
    if not folder.is_dir():
        return
    free = shutil.disk_usage(folder).free
    found = f"{free / 1e9:.1f} GB free in {folder}"
    if free < LITTLE_BYTES:
        level = Level.FAIL if free < TOO_LITTLE_BYTES else Level.WARN
        remedy = "Make room, or keep less: database.keep_raw_days and keep_polls_days."
        yield Finding("disk", level, found, remedy)
    else:
        yield Finding("disk", Level.OK, found)


def _database(database: Database, is_quiet: bool) -> Iterator[Finding]:
    from ingest.store import checkup
    from ingest.store.status import read_status

    moment = now()
    seconds = checkup.seconds_to_write(database)
    with database.connect() as connection:
        with Waiting("reading the whole database", is_quiet=is_quiet):
            fault = checkup.damage(connection)
        if fault is not None:
            remedy = "Stop the daemon, keep a copy, then `sqlite3 FILE .recover` into a new file."
            yield Finding("database", Level.FAIL, fault, remedy)
        found = read_status(connection, moment)
        size = f"{found.database_bytes / 1e6:.1f} MB, {found.articles} articles"
        yield Finding("database", Level.OK, f"{database.url}: {size}")
        if seconds > SLOW_WRITE_SECONDS:
            yield Finding(
                "database",
                Level.WARN,
                f"waited {span(seconds)} for the right to write",
                "Somebody holds it long: an open transaction in another program?",
            )
        if found.queued_for_matching > LONG_QUEUE:
            yield Finding(
                "stories",
                Level.WARN,
                f"{found.queued_for_matching} articles wait to be compared",
                "A running daemon works them off; if the number grows, give it more CPU.",
            )
        yield from _clock(connection, moment)
        yield from _workers(connection, moment)
        yield from _feeds(connection)


def _webhooks(database: Database, session: Session) -> Iterator[Finding]:
    if not session.settings.webhooks:
        return
    from ingest.fetch.webhook import secret_of
    from ingest.store import webhooks

    for one in session.settings.webhooks:
        try:
            secret_of(one, session.environ)
        except ConfigError as error:
            remedy = "`ingest run` refuses to start without it."
            yield Finding("webhook", Level.FAIL, str(error), remedy)
            continue
        with database.connect() as connection:
            found = webhooks.find(connection, one.name, [ChangeKind(kind) for kind in one.kinds])
        if found is None:
            yield Finding("webhook", Level.OK, f"{one.name}: `ingest run` begins with it")
        elif found.failing_since is None:
            yield Finding("webhook", Level.OK, f"{one.name}: {found.events} events taken")
        else:
            since = span((now() - found.failing_since).total_seconds())
            said = f"{one.name} has taken nothing for {since}, {found.attempts} attempts"
            remedy = (
                f"`ingest webhooks test {one.name}` tries it now. Events are kept for 30 days;"
                f" `ingest webhooks skip {one.name}` gives up those that wait."
            )
            yield Finding("webhook", Level.WARN, f"{said}: {found.detail}", remedy)


def _websub(database: Database, session: Session) -> Iterator[Finding]:
    if session.settings.websub.callback_url is None:
        return
    from ingest.store import websub

    with database.connect() as connection:
        found = websub.standing(connection, now())
    for hub in found.lapsed:
        said = f"{hub.hub_url} confirms nothing for {hub.feeds} feeds"
        remedy = "It must reach [websub] callback_url from outside; the feeds are polled as before."
        detail = f": {hub.detail}" if hub.detail else ""
        yield Finding("websub", Level.WARN, f"{said}{detail}", remedy)
    if not found.lapsed:
        active = found.by_state.get("active", 0)
        yield Finding("websub", Level.OK, f"{active} feeds are announced by their hubs")


def _clock(connection: Connection, moment: datetime) -> Iterator[Finding]:
    from ingest.store.checkup import clocks

    seen = clocks(connection, moment)
    remedy = "Let NTP set this machine's clock: `timedatectl set-ntp true`."
    troubles = []
    if seen.database_ahead is not None and abs(seen.database_ahead) > CLOCK_SECONDS:
        troubles.append(f"the database's clock differs by {span(seen.database_ahead)}")
    if seen.latest_poll_ahead is not None and seen.latest_poll_ahead > CLOCK_SECONDS:
        troubles.append(f"the latest poll lies {span(seen.latest_poll_ahead)} ahead of now")
    if (
        seen.servers >= MANY_SITES
        and seen.servers_ahead is not None
        and abs(seen.servers_ahead) > CLOCK_SECONDS
    ):
        troubles.append(f"{seen.servers} servers differ, by {span(seen.servers_ahead)} as a rule")
    for trouble in troubles:
        yield Finding("clock", Level.FAIL, trouble, remedy)
    if not troubles:
        yield Finding("clock", Level.OK, f"{moment:%Y-%m-%d %H:%M:%S} UTC, nobody disagrees")


def _workers(connection: Connection, moment: datetime) -> Iterator[Finding]:
    from ingest.store.status import list_workers
    from ingest.store.web_queries import due_now

    alive = [
        one
        for one in list_workers(connection, moment)
        if one.stopped_at is None and (moment - one.seen_at).total_seconds() < SILENT_SECONDS
    ]
    due = due_now(connection, moment)
    if not alive:
        yield Finding("workers", Level.WARN, "nobody polls", "Start the daemon: `ingest run`.")
        return
    yield Finding("workers", Level.OK, ", ".join(one.name for one in alive))
    if due.lag_seconds > LATE_SECONDS:
        yield Finding(
            "workers",
            Level.WARN,
            f"{due.feeds} feeds are due, one for {span(due.lag_seconds)}",
            "Raise fetch.concurrency, run a second daemon, or look for a site that is slow.",
        )


def _feeds(connection: Connection) -> Iterator[Finding]:
    from ingest.schedule.remedy import remedy
    from ingest.store.feed_queries import feed_rows

    rows = feed_rows(connection)
    if not rows:
        yield Finding("feeds", Level.WARN, "none", "`ingest feeds add SITE` finds a site's feeds.")
        return
    polled = {row.site: row.last_outcome for row in rows if row.last_outcome is not None}
    silent = [site for site, outcome in polled.items() if PollOutcome(outcome) in _OURS]
    if len(polled) >= MANY_SITES and len(silent) > len(polled) / 2:
        yield Finding(
            "network",
            Level.FAIL,
            f"{len(silent)} of {len(polled)} sites could not be reached",
            "It is probably this machine's: look at its names (DNS), routes and firewall.",
        )
    troubled = 0
    for row in rows:
        if row.state == FeedState.OK:
            continue
        troubled += 1
        outcome = PollOutcome(row.last_outcome) if row.last_outcome is not None else None
        said = f"{row.name} is {row.state}"
        evidence = f": {row.state_evidence}" if row.state_evidence else ""
        yield Finding("feed", Level.WARN, said + evidence, remedy(FeedState(row.state), outcome))
    yield Finding("feeds", Level.OK, f"{len(rows) - troubled} of {len(rows)} fare well")
