"""One poll of one feed through all the stages: the only file that knows them all.

    DueFeed --fetch--> bytes --worker: harvest--> Harvest --writer: record--> Recorded
       |                 |
       |                 `-- 304, or the bytes of last time: nothing is parsed
       `-- no document: the error is the outcome

    the writer, one batch of polls at a time (`record.py`):
       first transaction    articles, revisions, keys, sightings, fingerprints,
                            the poll's outcome, the next due time
       second transaction   matches, stories        (what the first left in `match_queue`)

`poll` never raises for what a feed or its server does: whatever happened is the poll's outcome.
Where the database is away the writer waits and tries again, and so does every poll behind it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cached_property, partial
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from ingest.config import Settings
from ingest.errors import ConfigError, FetchError, ParseError
from ingest.fetch import Client, FetchRequest, auth_of
from ingest.fetch.request import NO_VALIDATORS, default_user_agent
from ingest.in_hand import EXPECTED_BYTES, Hand, InHand
from ingest.jobs import HarvestJob
from ingest.model import (
    Fetched,
    Harvest,
    Judgement,
    Polled,
    PollOutcome,
    ScheduleDecision,
    ScheduleInput,
)
from ingest.quiet import Quiet
from ingest.record import Recorded, Recorder, Unrecorded
from ingest.store.engine import Database
from ingest.store.leases import DueFeed
from ingest.store.polls import Knowledge
from ingest.turns import Gate, Turns
from ingest.workers import WorkerPool
from ingest.writer import Writer

if TYPE_CHECKING:
    from ingest.pages import PageReader

# Of inflated bodies; what is made of them takes twice as much. With half of it a round of servers
# that take 200 ms to answer waited for them a quarter of its time (2026-11).
_MOST_IN_HAND_BYTES = 4_000_000
_ROWS_OF_A_POLL = 2  # its own and the schedule's; entries that are known and unchanged have none


class Schedule(Protocol):
    """What the schedule decides about a poll: whose fault an outcome is, and when to ask again."""

    def begin(self) -> None:
        """A poll starts."""

    def end(self) -> None:
        """It is over."""

    async def judge(
        self, site: str, outcome: PollOutcome, *, was_redirected: bool = False
    ) -> Judgement:
        """Whose outcome this is: the feed's, or our own network's."""

    def decide(self, given: ScheduleInput) -> ScheduleDecision:
        """The feed's next row. Pure; called by the writer's thread."""


class Pipeline:
    """Polls feeds. An async context manager, for one event loop and one database.

    Leaving it writes what was read and settles the stories that follow from it.
    `patience_seconds` is how long a poll waits for a database that is away (None: for ever);
    `on_trouble` hears the error when it goes and None when it is back. `is_brief` is for a process
    that polls and ends: its workers begin as copies of it, while it does nothing else.
    """

    def __init__(
        self,
        database: Database,
        settings: Settings,
        *,
        schedule: Schedule,
        gate: Gate,
        clock: Callable[[], datetime],
        client: Client | None = None,
        patience_seconds: float | None = None,
        on_trouble: Callable[[str | None], None] = lambda _: None,
        is_brief: bool = False,
    ) -> None:
        self._settings = settings
        self._schedule = schedule
        self._gate = gate
        self._clock = clock
        self._client = client or Client(settings.fetch, now=clock)
        self._recorder = Recorder(database, settings, decide=schedule.decide, clock=clock)
        quiet = Quiet()
        self._workers = WorkerPool(
            settings.parse.workers or _usual_workers(),
            cpu_seconds=settings.parse.timeout_seconds,
            quiet=quiet if is_brief else None,
        )
        self._writer: Writer[Unrecorded, Recorded] = Writer(
            self._recorder.record,
            write_failed=self._recorder.record_failed,
            after=self._recorder.settle,
            rows_of=_rows_of,
            batch_rows=settings.schedule.batch_rows,
            batch_seconds=settings.schedule.batch_seconds,
            patience_seconds=patience_seconds,
            on_trouble=on_trouble,
            quiet=quiet,
        )
        self._in_hand = InHand(_MOST_IN_HAND_BYTES)
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="ingest-reader")
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        await self._stack.enter_async_context(self._writer)
        await self._stack.enter_async_context(self._workers)
        await self._stack.enter_async_context(self._client)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.__aexit__(kind, error, trace)
        self._reader.shutdown(wait=True)

    @property
    def waiting_to_be_written(self) -> int:
        """How many finished polls wait for the writer."""
        return self._writer.waiting

    async def poll(self, due: DueFeed, *, when_read: Callable[[], None] | None = None) -> Recorded:
        """Poll a claimed feed; return its record once everything of it is committed.

        `when_read` is called once, when only the writer is still to be waited for. Raises
        DatabaseUnreachable where the database stayed away beyond the patience, LeaseLost never: a
        lost lease is told by the record.
        """
        hand = self._in_hand.hand()
        try:
            self._schedule.begin()
            try:
                polled = await self._read(due, hand)
                judgement = await self._schedule.judge(
                    due.site, polled.outcome, was_redirected=bool(polled.redirects)
                )
            finally:
                self._schedule.end()
                if when_read is not None:
                    when_read()
            polled = replace(polled, outcome=judgement.outcome)
            recorded = await self._writer.submit(Unrecorded(due, polled, judgement.is_confirmed))
        finally:
            hand.hold(0)
        if recorded.decision is not None and (pause := recorded.decision.site_pause):
            seconds = (pause.until - self._clock()).total_seconds()
            self._gate.pause(pause.site or due.site, seconds)
        return recorded

    async def preview(self, due: DueFeed) -> Polled:
        """Poll a feed and store nothing: what `--dry-run` and unknown URLs are shown.

        Every entry is brought to an article, known or not.
        """
        hand = self._in_hand.hand()
        try:
            return await self._read(due, hand, is_preview=True)
        finally:
            hand.hold(0)

    async def _read(self, due: DueFeed, hand: Hand, *, is_preview: bool = False) -> Polled:
        now = self._clock()
        is_full = is_preview or self._is_full_due(due, now)
        turns = Turns(
            self._gate,
            due.site,
            wait_seconds=(due.start_not_before - now).total_seconds(),
            paused_elsewhere=self._stored_pause_seconds,
        )
        try:
            request = self._request(due, is_full=is_full, is_preview=is_preview)
            async with turns:
                await hand.take(EXPECTED_BYTES if due.body_hash is None else 0)
                now = self._clock()
                fetched = await self._client.fetch(request, go_on=turns.go_on)
                hand.hold(len(fetched.body or b""))
        except ConfigError as error:
            return Polled(started_at=now, outcome=PollOutcome.REFUSED, message=str(error))
        except FetchError as error:
            return Polled(
                started_at=now,
                outcome=error.outcome,
                status=error.status,
                message=str(error),
                redirects=error.redirects,
                retry_after_seconds=error.retry_after_seconds,
                was_full=is_full,
                elapsed_seconds=max(0.0, (self._clock() - now).total_seconds()),
            )
        if fetched.status == 304:
            return _answered(PollOutcome.NOT_MODIFIED, fetched, now)
        if not is_preview and fetched.body_hash == due.body_hash:
            return _answered(PollOutcome.SAME_BYTES, fetched, now, was_full=is_full)
        try:
            harvest = await self._harvest(due, fetched, now, is_preview=is_preview)
        except ParseError as error:
            return replace(
                _answered(error.outcome, fetched, now, was_full=is_full),
                message=str(error),
                validators=None,  # the next poll asks for the document again, whole
                body_hash=None,
            )
        return replace(_answered(PollOutcome.OK, fetched, now, was_full=is_full), harvest=harvest)

    async def _harvest(
        self, due: DueFeed, fetched: Fetched, now: datetime, *, is_preview: bool
    ) -> Harvest:
        knowledge = Knowledge()
        if not is_preview:
            knowledge = await self._writer.patiently(
                partial(self._recorder.knowledge_of, due), thread=self._reader
            )
        settings = due.settings
        job = HarvestJob(
            url=fetched.url,
            now=now,
            content_type=fetched.headers.get("content-type"),
            site_url=due.site_url,
            publisher=due.publisher,
            language=settings.language or due.language,
            known=knowledge.known,
            learned=knowledge.learned,
            guids_are_trusted=due.guids_are_trusted,
            clock_skew_seconds=due.clock_skew_seconds or 0.0,
            keep_raw=not is_preview,
            include=settings.include,
            exclude=settings.exclude,
            parse=self._settings.parse,
            normalise=self._settings.normalise,
        )
        assert fetched.body is not None
        harvest = await self._workers.harvest(fetched.body, job)
        if settings.text == "page":
            harvest = await self._pages.fill(harvest, due)
        return harvest

    @cached_property
    def _pages(self) -> PageReader:
        from ingest.pages import PageReader  # few feeds want it

        return PageReader(
            self._client,
            self._gate,
            self._workers,
            user_agent=default_user_agent(self._settings.fetch),
            clock=self._clock,
        )

    async def _stored_pause_seconds(self, site: str) -> float:
        """How much longer a site is to be left alone, as the database knows it."""
        until = await self._writer.patiently(
            partial(self._recorder.paused_until, site), thread=self._reader
        )
        return max(0.0, (until - self._clock()).total_seconds()) if until is not None else 0.0

    def _is_full_due(self, due: DueFeed, now: datetime) -> bool:
        """Whether to ask without validators, at a bounded rate, so that one that lies is seen."""
        if due.last_full_at is None:
            return due.validators == NO_VALIDATORS
        age = now - due.last_full_at
        return age >= timedelta(days=self._settings.fetch.force_full_after_days)

    def _request(self, due: DueFeed, *, is_full: bool, is_preview: bool) -> FetchRequest:
        settings = due.settings
        return FetchRequest(
            url=due.url,
            validators=NO_VALIDATORS if is_full else due.validators,
            known_body_hash=None if is_preview else due.body_hash,
            headers=settings.headers,
            user_agent=settings.user_agent,
            auth=auth_of(settings, os.environ),
            proxy=settings.proxy,
            verify_tls=settings.verify_tls,
        )


def _answered(
    outcome: PollOutcome, fetched: Fetched, now: datetime, *, was_full: bool = False
) -> Polled:
    return Polled(
        started_at=now,
        outcome=outcome,
        status=fetched.status,
        url=fetched.url,
        redirects=fetched.redirects,
        headers=fetched.headers,
        validators=fetched.validators,
        body_hash=fetched.body_hash,
        received_bytes=fetched.received_bytes,
        elapsed_seconds=fetched.elapsed_seconds,
        was_full=was_full,
    )


def _usual_workers() -> int:
    """One for each processor that the loop and the writer leave free, two at most.

    What a worker brings in a second takes the writer about as long to store (2026-11).
    """
    return max(1, min((os.cpu_count() or 1) - 1, 2))


def _rows_of(unrecorded: Unrecorded) -> int:
    harvest = unrecorded.polled.harvest
    if harvest is None:
        return _ROWS_OF_A_POLL
    return _ROWS_OF_A_POLL + sum(one.article is not None for one in harvest.entries)
