"""What `ingest fetch` does with a command line that has been read.

--all, names   -> claimed whether due or not -> polled -> stored, like any other poll
--dry-run      -> polled, nothing stored     -> the articles that would be
an unknown URL -> the same, without a subscription
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from ingest.cli.output import (
    Column,
    Style,
    minute,
    print_json,
    print_rows,
    printable,
    span,
    styled,
)
from ingest.cli.progress import Progress
from ingest.cli.rows import COUNTED, article_row, poll_row
from ingest.errors import UsageError
from ingest.model import PollOutcome

if TYPE_CHECKING:
    from ingest.cli.polling import Target
    from ingest.cli.session import Session
    from ingest.model import Polled
    from ingest.record import Recorded
    from ingest.store.engine import Database

Answer = TypeVar("Answer")

DRAW_SECONDS = 0.1
GOOD = (PollOutcome.OK, PollOutcome.NOT_MODIFIED, PollOutcome.SAME_BYTES)

ARTICLE_COLUMNS = (
    Column("published_at", "PUBLISHED", minute),
    Column("language", "LANG"),
    Column("word_count", "WORDS", right=True),
    Column("headline", "HEADLINE", flexible=True),
)


@dataclass
class Tally:
    """What came of the polls, in numbers: a poll holds all its entries and is not kept."""

    polls: int = 0
    failed: int = 0
    new: int = 0
    revised: int = 0

    def add(self, recorded: Recorded) -> None:
        """Count a poll."""
        self.polls += 1
        self.failed += recorded.polled.outcome not in GOOD
        if recorded.counts is not None:
            self.new += recorded.counts.new
            self.revised += recorded.counts.revised

    def __str__(self) -> str:
        failed = f", {self.failed} failed" if self.failed else ""
        return f"{self.polls} polled{failed}: {self.new} articles new, {self.revised} revised"


def fetch_feeds(
    session: Session, wanted: Sequence[str], *, dry_run: bool = False, as_json: bool = False
) -> int:
    """Poll these feeds, or all; the exit code: 1 if a poll failed."""
    if session.has_no_database and (dry_run or _are_all_foreign(session, wanted)):
        with session.scratch() as scratch:
            return _fetch(scratch, wanted, dry_run=dry_run, as_json=as_json)
    return _fetch(session, wanted, dry_run=dry_run, as_json=as_json)


def _are_all_foreign(session: Session, wanted: Sequence[str]) -> bool:
    """Whether only addresses are wanted that the config file does not have."""
    own = {feed.url for feed in session.settings.feeds}
    return bool(wanted) and all("://" in one and one not in own for one in wanted)


def _fetch(session: Session, wanted: Sequence[str], *, dry_run: bool, as_json: bool) -> int:
    from ingest.cli.polling import all_feeds, poll_all, preview_all, targets_of

    with session.opened(create=True, sync=True) as database:
        targets = targets_of(database, wanted) if wanted or dry_run else []
        shown = [one for one in targets if dry_run or not one.is_subscribed]
        stored = {
            one.due.feed_id: one.due.name for one in targets if not dry_run and one.is_subscribed
        }
        if not wanted and not dry_run:
            stored = all_feeds(database)
        if not shown and not stored:
            raise UsageError("no feed is subscribed: `ingest feeds add URL`, or [[feeds]]")
        outcomes: Counter[PollOutcome] = Counter()
        if shown:
            polled: list[tuple[Target, Polled]] = []
            preview = preview_all(
                database, session.settings, shown, lambda one, got: polled.append((one, got))
            )
            with Progress("feeds", is_quiet=session.is_quiet) as progress:
                asyncio.run(drawing(progress, preview, lambda: (len(polled), len(shown))))
            for target, got in polled:
                outcomes[got.outcome] += 1
                _show_preview(session, database, target, got, as_json=as_json)
        if stored:
            tally = Tally()

            with Progress("feeds", is_quiet=session.is_quiet) as progress:

                def seen(one: Recorded) -> None:
                    tally.add(one)
                    outcomes[one.polled.outcome] += 1
                    if as_json or not session.is_quiet or one.polled.outcome not in GOOD:
                        progress.clear()
                        _show_poll(one, as_json=as_json)

                told: str | None = None

                def held_up(trouble: str | None) -> None:
                    nonlocal told
                    if trouble is not None and trouble != told:
                        progress.clear()
                        session.say(f"{trouble}: trying again")
                    told = trouble

                polling = poll_all(database, session.settings, stored, seen, held_up)
                held = asyncio.run(drawing(progress, polling, lambda: (tally.polls, len(stored))))
            for name in held:
                session.say(f"{name}: a daemon is polling it just now")
            if not as_json:
                session.say(str(tally))
            if outcomes[PollOutcome.OWN_OUTAGE]:
                session.say("No blame to these feeds: our own network is down (`ingest doctor`)")
    return 0 if set(outcomes) <= set(GOOD) else 1


async def drawing(
    progress: Progress,
    work: Coroutine[Any, Any, Answer],
    so_far: Callable[[], tuple[int, int]],
) -> Answer:
    """Do the work, and draw how far it has come: also while nothing comes of it."""
    if not sys.stderr.isatty():
        return await work

    async def draw() -> None:
        while True:
            progress(*so_far())
            await asyncio.sleep(DRAW_SECONDS)

    drawing = asyncio.create_task(draw(), name="ingest-progress")
    try:
        return await work
    finally:
        drawing.cancel()


def _show_preview(
    session: Session, database: Database, target: Target, polled: Polled, *, as_json: bool
) -> None:
    from ingest.cli.polling import known_entries

    if polled.harvest is None:
        session.say(f"{target.due.name}: {_failure(polled)}")
        return
    known = known_entries(database, target)
    entries = [
        one
        for one in polled.harvest.entries
        if one.article is not None and known.get(one.entry_key) != one.entry_hash
    ]
    rows = [article_row(target, one.article) for one in entries if one.article is not None]
    document = polled.harvest.document
    if not as_json:
        title = document.title or target.due.name
        total = len(polled.harvest.entries)
        print(styled(printable(f"{title} ({document.format}): {total} entries"), Style.BOLD))
        if len(rows) < total:
            print(f"{total - len(rows)} of them are known and unchanged, or not usable")
    print_rows(rows, ARTICLE_COLUMNS, as_json=as_json)
    sys.stdout.flush()


def _show_poll(recorded: Recorded, *, as_json: bool) -> None:
    polled, counts = recorded.polled, recorded.counts
    is_good = polled.outcome in GOOD
    if as_json:
        print_json([poll_row(recorded)])
    else:
        entries = ""
        if counts is not None:
            parts = {name: getattr(counts, name) for name in COUNTED}
            told = ", ".join(f"{number} {name}" for name, number in parts.items() if number)
            entries = f"{counts.entries} entries: {told}" if told else "no entries"
        outcome = styled(f"{polled.outcome.value:14}", Style.GREEN if is_good else Style.RED)
        what = entries if is_good else _failure(polled)
        took = span(polled.elapsed_seconds) if polled.elapsed_seconds >= 1 else ""
        print(f"{printable(recorded.due.name):24}  {outcome}  {printable(what)}  {took}".rstrip())
    sys.stdout.flush()


def _failure(polled: Polled) -> str:
    return polled.message or f"{polled.outcome.value} (status {polled.status})"
