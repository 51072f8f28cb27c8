"""What the writer does with finished polls: the two transactions behind every poll.

    record   articles and their rows -> counts -> what the schedule decides -> the poll's rows
    settle   the articles that `record` left in `match_queue` -> matches, stories

They are apart so that of two articles that arrive at once, on two machines, at least one sees the
other: look for matches only after your own article can be seen. What a crash leaves between them
stays in the queue, and the next `settle` takes it up.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from ingest.config import Settings
from ingest.errors import DatabaseUnreachable
from ingest.model import (
    FeedDocument,
    Harvest,
    PollCounts,
    Polled,
    PollOutcome,
    ScheduleDecision,
    ScheduleInput,
)
from ingest.store import leases, polls, site_rows, waiting
from ingest.store.engine import Database
from ingest.store.leases import DueFeed

if TYPE_CHECKING:
    from ingest.store.candidates import Readings
    from ingest.store.engine import Connection
    from ingest.store.identity import Unknown

_SETTLE_LIMIT = 200  # articles looked at in one transaction


@dataclass(frozen=True, slots=True)
class Unrecorded:
    """A finished poll on its way into the database. `is_confirmed`: see `Judgement`."""

    due: DueFeed
    polled: Polled
    is_confirmed: bool = True


@dataclass(frozen=True, slots=True)
class Recorded:
    """A poll as it was stored.

    `is_lost`: another worker had claimed the feed meanwhile, and nothing was written.
    """

    due: DueFeed
    polled: Polled
    counts: PollCounts | None = None
    decision: ScheduleDecision | None = None
    is_lost: bool = False


class Recorder:
    """Writes batches of polls. Called from one thread at a time."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        *,
        decide: Callable[[ScheduleInput], ScheduleDecision],
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._settings = settings
        self._decide = decide
        self._clock = clock
        self._readings: Readings | None = None
        self._unsettled = 0  # articles that were stored and, as far as we know, not looked at

    def knowledge_of(self, due: DueFeed) -> polls.Knowledge:
        """What the pure stages are to know of the feed. Called from the reader's thread."""
        with self._database.connect() as connection:
            return polls.read_knowledge(connection, due, self._clock())

    def paused_until(self, site: str) -> datetime | None:
        """Until when a site is to be left alone. Called from the reader's thread."""
        with self._database.connect() as connection:
            return site_rows.paused_until(connection, site)

    def record(self, batch: Sequence[Unrecorded]) -> list[Recorded]:
        """Store a batch in one transaction. A feed is in a batch once: it has one lease."""
        now = self._clock()
        with self._database.begin() as connection:
            lost = leases.lost(connection, [one.due.lease for one in batch])
            held = [one for one in batch if one.due.feed_id not in lost]
            counts = _save(connection, held, now)
            pushes = self._pushes(connection, held, now)
            decisions = {
                one.due.feed_id: self._decided(
                    one, counts.get(one.due.feed_id), pushes.get(one.due.feed_id), now
                )
                for one in held
            }
            records = [_poll_record(one, counts, decisions[one.due.feed_id]) for one in held]
            polls.record_polls(connection, records, now)
        self._unsettled += sum(one.new + one.revised for one in counts.values())
        return [
            Recorded(
                one.due,
                one.polled,
                counts.get(one.due.feed_id),
                decisions.get(one.due.feed_id),
                is_lost=one.due.feed_id in lost,
            )
            for one in batch
        ]

    def _pushes(
        self, connection: Connection, held: Sequence[Unrecorded], now: datetime
    ) -> Mapping[int, datetime]:
        if self._settings.websub.callback_url is None:
            return {}
        from ingest.store import websub

        return websub.last_pushes(connection, [one.due.feed_id for one in held], now)

    def _decided(
        self, one: Unrecorded, counts: PollCounts | None, pushed_at: datetime | None, now: datetime
    ) -> ScheduleDecision:
        given = _schedule_input(one, counts, now)
        if pushed_at is None:
            return self._decide(given)
        from ingest.pushed import decide_pushed

        return decide_pushed(
            self._decide, given, started_at=one.polled.started_at, pushed_at=pushed_at
        )

    def record_failed(self, one: Unrecorded, error: Exception) -> Recorded:
        """Store the poll without its entries: they could not be stored, and say why.

        The validators stay as they were, so that the document is asked for again.
        """
        message = f"could not be stored: {type(error).__name__}: {error}".splitlines()[0][:500]
        polled = replace(
            one.polled,
            outcome=PollOutcome.PARSE_FAILED,
            message=message,
            harvest=None,
            validators=None,
            body_hash=None,
        )
        (recorded,) = self.record([Unrecorded(one.due, polled)])
        return recorded

    def settle(self) -> bool:
        """Find matches and stories for queued articles; return whether there are more.

        At least for as many as were stored meanwhile: the queue, and the part of the index that
        is kept in memory until then, do not grow while the next batch is always there already.
        The stage that compares texts is only loaded where there is something to compare.
        """
        with self._database.connect() as connection:
            if waiting.is_empty(connection):
                self._unsettled = 0
                return False
        try:
            # However few there were: an edited text queues those it was compared with once more.
            while settled := self._settle(_SETTLE_LIMIT):
                self._unsettled = max(0, self._unsettled - settled)
                if not self._unsettled:
                    break
            return settled > 0
        except DatabaseUnreachable:
            raise
        except Exception:
            return self._settle_one_by_one()

    def _settle(self, limit: int, *, is_alone: bool = False) -> int:
        from ingest.store import candidates, stories

        if self._readings is None:
            self._readings = candidates.Readings()
        dedupe = self._settings.dedupe
        settled = stories.settle(
            self._database,
            now=self._clock(),
            settings=replace(dedupe, enabled=False) if is_alone else dedupe,
            limit=limit,
            readings=self._readings,
        )
        return len(settled)

    def _settle_one_by_one(self) -> bool:
        """Settle until the article is met that no batch can hold, and set that one aside.

        It gets a story of its own, uncompared; or leaves the queue where even that fails.
        """
        for _ in range(_SETTLE_LIMIT):
            with self._database.connect() as connection:
                article_id = waiting.oldest(connection)
            if article_id is None:
                return False
            try:
                if self._settle(1) == 0:
                    return False  # another process is settling
            except DatabaseUnreachable:
                raise
            except Exception:
                fields = {"fields": {"article_id": article_id}}
                logging.getLogger("ingest").exception("article_set_aside", extra=fields)
                self._set_aside(article_id)
                return True
        return True

    def _set_aside(self, article_id: int) -> None:
        try:
            self._settle(1, is_alone=True)
        except DatabaseUnreachable:
            raise
        except Exception:
            with self._database.begin() as connection:
                waiting.give_up(connection, article_id)


def _save(
    connection: Connection, held: Sequence[Unrecorded], now: datetime
) -> dict[int, PollCounts]:
    """Store the entries of the polls that brought a document; the counts of each feed's.

    What stores entries is loaded when there are some: in most rounds there are none.
    """
    if all(one.polled.harvest is None for one in held):
        return {}
    from ingest.store import articles

    batch = [
        articles.PolledHarvest(one.due, one.polled.harvest, one.polled.started_at)
        for one in held
        if one.polled.harvest is not None
    ]
    saved = articles.save(connection, batch, now, find_reissues=_find_reissues)
    return {result.feed_id: result.counts for result in saved}


def _find_reissues(connection: Connection, entries: Sequence[Unknown]) -> Mapping[int, int]:
    from ingest.store.reissues import find_reissues  # compares texts: loaded where there are new

    return find_reissues(connection, entries)


def _schedule_input(one: Unrecorded, counts: PollCounts | None, now: datetime) -> ScheduleInput:
    due, polled = one.due, one.polled
    harvest = polled.harvest
    return ScheduleInput(
        feed_id=due.feed_id,
        url=due.url,
        site=due.site,
        now=now,
        outcome=polled.outcome,
        previous=due.schedule,
        status=polled.status,
        message=polled.message,
        headers=polled.headers,
        redirects=polled.redirects,
        retry_after_seconds=polled.retry_after_seconds,
        hints=harvest.document.hints if harvest is not None else None,
        counts=counts,
        site_failures=due.site_failures,
        min_interval_seconds=due.settings.min_interval_seconds,
        is_confirmed=one.is_confirmed,
    )


def _poll_record(
    one: Unrecorded, counts: Mapping[int, PollCounts], decision: ScheduleDecision
) -> polls.PollRecord:
    due, polled = one.due, one.polled
    harvest = polled.harvest
    brought = counts.get(due.feed_id)
    return polls.PollRecord(
        due=due,
        started_at=polled.started_at,
        outcome=polled.outcome,
        decision=decision,
        status=polled.status,
        elapsed_seconds=polled.elapsed_seconds,
        received_bytes=polled.received_bytes,
        counts=brought,
        detail=polled.message,
        was_full=polled.was_full,
        validators=polled.validators,
        body_hash=polled.body_hash,
        document=_document(harvest, polled, due) if harvest is not None else None,
        guids_are_trusted=harvest.guids_are_trusted if harvest is not None else None,
        clock_skew_seconds=_clock_skew_seconds(polled),
        validators_lie=_validators_lie(due, polled, brought),
    )


def _document(harvest: Harvest, polled: Polled, due: DueFeed) -> FeedDocument:
    if "link" not in polled.headers:
        return harvest.document
    from ingest.pushed import with_hubs  # few feeds have a hub

    return with_hubs(harvest.document, polled.headers, polled.url or due.url)


def _clock_skew_seconds(polled: Polled) -> int | None:
    """How far the server's clock runs ahead of ours, by its Date header (RFC 9110, 6.6.1)."""
    date = polled.headers.get("date")
    if date is None:
        return None
    try:
        ahead = parsedate_to_datetime(date) - polled.started_at
    except (TypeError, ValueError, OverflowError):
        return None
    seconds = int(ahead.total_seconds())
    return seconds if abs(seconds) >= _NOTICEABLE_SKEW_SECONDS else 0


# A shared cache may hand out a Date some minutes old; clocks that are off are off by hours.
_NOTICEABLE_SKEW_SECONDS = 900


def _validators_lie(due: DueFeed, polled: Polled, counts: PollCounts | None) -> bool | None:
    """Whether a full answer brought news under the very validators the last one had."""
    had = due.validators
    if not polled.was_full or counts is None or polled.validators is None:
        return None
    is_frozen = polled.validators == had and (had.etag or had.last_modified)
    if is_frozen and counts.new + counts.revised > 0:
        return True
    return None
