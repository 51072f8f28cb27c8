"""`ingest run`: a handful of ticks over the feed table, and the polls they start.

    claim      every second   due feeds -> leases -> polls as tasks
    upkeep     every 15 s     heartbeat, leases of long polls, polls that overran
    measure    every minute   how much there is to do; what a stepped clock broke
    chores     as they say    retention, reconciling: handed in, each in a thread

No job per feed: the truth is in the database, so a daemon can die at any instant.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import socket
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

from ingest import __version__
from ingest.config import Settings, WebhookSettings
from ingest.errors import DatabaseError, UsageError
from ingest.model import Polled, PollOutcome
from ingest.record import Recorded, Recorder, Unrecorded
from ingest.schedule.access import Access
from ingest.schedule.chores import Chore
from ingest.schedule.clockwork import Clockwork
from ingest.schedule.decider import Decider
from ingest.schedule.flights import Flight, Flights, end_of
from ingest.schedule.log import logger, say
from ingest.schedule.notify import notify
from ingest.schedule.pace import Pace
from ingest.schedule.pipelines import Generation, OpenPoller, Pipelines
from ingest.schedule.report import report_poll
from ingest.schedule.ticks import TickBook
from ingest.schedule.watchdog import Watchdog
from ingest.store import fleet, leases
from ingest.store.engine import Database
from ingest.store.leases import DueFeed

CLAIMED_PER_REQUEST = 4  # feeds held for each request in flight: some wait for their site's slot
HORIZON_SECONDS = 20.0  # how far ahead the slots of a site are taken
UPKEEP_SECONDS = 15.0
MEASURE_SECONDS = 60.0
PROBE_SECONDS = 15.0  # between the few polls that find out whether our network is back
PROBES = 3
# Further ahead than any interval, backoff, Retry-After or skipDays: only a wrong clock does that.
LONGEST_WAIT_SECONDS = 21 * 86_400.0


class Daemon:
    """Runs until it is told to stop. One per process."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        *,
        decider: Decider,
        open_poller: OpenPoller,
        clock: Callable[[], datetime],
        chores: Sequence[Chore] = (),
        reload: Callable[[], Settings] | None = None,
    ) -> None:
        self._database = database
        self._settings = settings
        self.decider = decider
        self._clock = clock
        self._chores = chores
        self._reload = reload
        self._access = Access(database)
        self._pace = Pace()
        self._stop = asyncio.Event()
        self._started_at = clock()
        self._name = f"{socket.gethostname()}:{os.getpid()}:{int(self._started_at.timestamp())}"
        self._unpolled = 0
        self._was_out = False
        self._probe_at = 0.0
        self._polls = 0
        self.listeners: list[Callable[[Recorded], None]] = []  # told of every recorded poll
        self._flights = Flights()
        self._pipelines = Pipelines(open_poller, on_trouble=self._access.heard)

    @property
    def name(self) -> str:
        """This worker's name: host, process and start."""
        return self._name

    @property
    def polls(self) -> int:
        """How many polls were recorded since the start."""
        return self._polls

    @property
    def polls_in_flight(self) -> int:
        """How many polls are in flight or wait for their slot."""
        return len(self._flights)

    @property
    def waiting_to_be_written(self) -> int:
        """How many finished polls wait for the writer."""
        return self._pipelines.waiting_to_be_written

    @property
    def database_is_away(self) -> bool:
        """Whether the last attempt found no database."""
        return self._access.is_away

    @property
    def network_is_out(self) -> bool:
        """Whether our own network is down."""
        return self.decider.outage.is_out

    @property
    def webhooks(self) -> Sequence[WebhookSettings]:
        """The receivers of the change stream, as the settings of the moment have them."""
        return self._settings.webhooks

    def stop(self) -> None:
        """Finish what is in flight, then return from `run`. May be called more than once."""
        self._stop.set()

    async def run(self) -> int:
        """Poll until `stop`. The exit code: 0 when everything in flight was finished."""
        await self._pipelines.open(self._settings)
        gc.freeze()  # what is loaded stays: a full collection takes 45 ms with it, and holds up all
        book = TickBook()
        clockwork = self._clockwork(book)
        restart = partial(clockwork.restart_all_soon, asyncio.get_running_loop())
        with Watchdog(
            book, clock=self._clock, on_step=lambda _: restart(), on_missed=lambda _: restart()
        ):
            clockwork.start()
            say(logging.INFO, "started", worker=self._name, version=__version__)
            notify("READY=1", "STATUS=polling")
            await self._stop.wait()
            say(logging.INFO, "stopping", in_flight=len(self._flights))
            notify("STOPPING=1")
            await clockwork.stop(self._settings.schedule.drain_timeout_seconds)
            is_drained = await self._drain()
        await self._access.write(lambda c: fleet.stopped(c, self._name, self._clock()))
        self._access.close()
        say(logging.INFO, "stopped", polls=self._polls, drained=is_drained)
        return 0 if is_drained else 1

    async def reload(self) -> None:
        """Take the settings anew: new polls use them, polls in flight end as they began.

        Settings that cannot be read change nothing, and that is said.
        """
        if self._reload is None:
            return
        notify("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")
        try:
            settings = await asyncio.to_thread(self._reload)
        except (UsageError, DatabaseError) as error:
            say(logging.ERROR, "reload_failed", detail=str(error))
            notify("READY=1", "STATUS=polling by the old config: the new one is refused")
            return
        old, self._settings = self._settings, settings
        for name in ("url", "read_url", "busy_timeout_seconds"):
            if getattr(settings.database, name) != getattr(old.database, name):
                detail = f"database.{name} needs a restart"
                say(logging.WARNING, "reload_incomplete", detail=detail)
        if (settings.web, settings.websub) != (old.web, old.websub):
            detail = "[web] and [websub] need a restart"
            say(logging.WARNING, "reload_incomplete", detail=detail)
        self.decider.settings = settings.schedule
        await self._pipelines.open(settings)
        say(logging.INFO, "reloaded")
        notify("READY=1", "STATUS=polling")

    # --- ticks ---------------------------------------------------------------------------------

    def _clockwork(self, book: TickBook) -> Clockwork:
        clockwork = Clockwork(book)
        schedule = self._settings.schedule
        patience = self._settings.database.busy_timeout_seconds + 60.0
        clockwork.add("measure", MEASURE_SECONDS, self._measure, may_take_seconds=patience)
        clockwork.add("claim", schedule.tick_seconds, self._claim, may_take_seconds=patience)
        clockwork.add("upkeep", UPKEEP_SECONDS, self._upkeep, may_take_seconds=patience)
        for chore in self._chores:
            clockwork.add(
                chore.name,
                chore.period_seconds,
                partial(self._do, chore),
                first_seconds=min(60.0, chore.period_seconds),
                may_take_seconds=chore.may_take_seconds,
            )
        return clockwork

    async def _claim(self) -> None:
        """Claim as many due feeds as there is room for, and start their polls."""
        limit = self._limit()
        if limit <= 0 or self._stop.is_set():
            return
        claimed = await self._access.write(
            partial(
                leases.claim_due,
                now=self._clock(),
                limit=limit,
                owner=self._name,
                lease_seconds=self._settings.schedule.lease_seconds,
                site_delay_seconds=self._settings.fetch.site_delay_seconds,
                horizon_seconds=HORIZON_SECONDS,
            )
        )
        self._took(claimed or ())

    def _took(self, claimed: Sequence[DueFeed]) -> None:
        new = sum(1 for due in claimed if due.schedule.last_poll_at is None)
        self._unpolled = max(0, self._unpolled - new)
        self._pace.spend(len(claimed) - new)
        for due in claimed:
            self._start(due)

    def _limit(self) -> int:
        """How many feeds may be claimed now: room, pace, and few while our network is down."""
        settings = self._settings
        room = settings.fetch.concurrency * CLAIMED_PER_REQUEST - len(self._flights)
        now = time.monotonic()
        if self.decider.outage.is_out:
            if not self._was_out:
                self._was_out = True
                say(logging.ERROR, "own_outage", detail="most sites cannot be reached: ours")
            if now < self._probe_at:
                return 0
            self._probe_at = now + PROBE_SECONDS
            return min(room, PROBES)
        if self._was_out:
            self._was_out = False
            self._pace.settle(now)
            say(logging.WARNING, "own_outage_over")
        allowed = self._pace.allow(now)
        # Feeds that were just added are no herd: nobody waits for their first poll.
        return min(room, allowed + self._unpolled)

    async def _upkeep(self) -> None:
        """Heartbeat; renew the leases of long polls; end the polls that overran."""
        now = self._clock()
        for flight in self._flights.overran(now):
            if self._access.is_away:
                break  # they wait for the database, and lose nothing by waiting
            flight.overran = True
            flight.task.cancel()
        seconds = float(self._settings.schedule.lease_seconds)
        long = self._flights.to_renew(now, seconds)
        if long:
            until = now + timedelta(seconds=seconds)
            held = [flight.due.lease for flight in long]
            lost = await self._access.write(lambda c: leases.renew(c, held, until))
            for flight in long if lost is not None else ():
                flight.is_lost = lost is not None and flight.due.feed_id in lost
                flight.lease_until = until
        await self._access.write(
            partial(
                fleet.beat,
                name=self._name,
                host=socket.gethostname(),
                pid=os.getpid(),
                version=__version__,
                started_at=self._started_at,
                now=now,
                status={
                    "in_flight": len(self._flights),
                    "to_write": self._pipelines.current.poller.waiting_to_be_written,
                    "polls": self._polls,
                    "own_outage": self.decider.outage.is_out,
                },
            )
        )
        notify(f"STATUS={len(self._flights)} polls in flight, {self._polls} done")

    async def _measure(self) -> None:
        """See how much there is to do, and undo what a clock that ran ahead has left."""
        load = await self._access.read(lambda c: fleet.load(c, self._clock()))
        if load is not None:
            self._unpolled = load.unpolled
            self._pace.usual(load.polls_per_second / max(1, load.workers))
            self.decider.outage.known_sites = load.sites
        healed = await self._access.write(
            partial(
                fleet.undo_clock_step,
                now=self._clock(),
                longest_wait_seconds=LONGEST_WAIT_SECONDS,
                lease_seconds=float(self._settings.schedule.lease_seconds),
            )
        )
        if healed:
            say(logging.WARNING, "clock_step_undone", feeds=healed)

    async def _do(self, chore: Chore) -> None:
        try:
            done = await asyncio.to_thread(chore.run, self._settings, self._stop.is_set)
        except DatabaseError as error:
            self._access.heard(str(error))
            return
        if done is not None:
            say(logging.INFO, "chore", chore=chore.name, done=done)

    # --- polls ---------------------------------------------------------------------------------

    def _start(self, due: DueFeed) -> None:
        before = self._flights.of(due.feed_id)
        if before is not None:
            before.task.cancel()  # its lease ran out, or the feed could not have been claimed
        generation = self._pipelines.current
        task = asyncio.create_task(self._fly(due, generation), name=f"poll {due.name}")
        generation.add(task)
        end_at = end_of(due, self._clock(), generation.settings.schedule)
        self._flights.add(Flight(due, task, end_at, due.lease.until))

    async def _fly(self, due: DueFeed, generation: Generation) -> None:
        """One poll; whatever happens, it ends here and not in the loop."""
        try:
            recorded = await generation.poller.poll(due)
        except asyncio.CancelledError:
            flight = self._flights.of(due.feed_id)
            if flight is not None and flight.overran:
                await self._record_overrun(due, generation.settings)
            return
        except DatabaseError as error:
            self._access.heard(str(error))
            return
        except Exception:
            logger.exception("poll_failed", extra={"fields": {"feed": due.name}})
            return
        self._tell(recorded)
        if recorded.decision is not None and (pause := recorded.decision.site_pause) is not None:
            # Those that wait for their turn at this site would wait for the whole pause.
            paused = pause.site or due.site
            await self._give_back(
                [
                    one
                    for one in self._flights.all()
                    if one.due.site == paused and one.due.feed_id != due.feed_id
                ]
            )

    async def _record_overrun(self, due: DueFeed, settings: Settings) -> None:
        """Record a poll that was ended as one that timed out, so that it backs off."""
        seconds = settings.schedule.poll_timeout_seconds
        polled = Polled(
            started_at=due.start_not_before,
            outcome=PollOutcome.TIMEOUT,
            message=f"the poll took longer than {seconds:g} s and was ended",
            elapsed_seconds=seconds,
        )
        recorder = Recorder(self._database, settings, decide=self.decider.decide, clock=self._clock)
        try:
            records = await asyncio.to_thread(recorder.record, [Unrecorded(due, polled)])
        except DatabaseError as error:
            self._access.heard(str(error))
            return
        self._tell(records[0])

    def _tell(self, recorded: Recorded) -> None:
        self._polls += 1
        report_poll(recorded)
        for listener in self.listeners:
            listener(recorded)

    async def _drain(self) -> bool:
        """Finish the polls in flight; give back those that have not begun."""
        now = self._clock()
        await self._give_back([one for one in self._flights.all() if not one.has_begun(now)])
        limit = self._settings.schedule.drain_timeout_seconds
        return await self._pipelines.close(limit)

    async def _give_back(self, flights: Sequence[Flight]) -> None:
        """End these polls; their feeds are as due as they were."""
        for flight in flights:
            flight.task.cancel()
        held = [flight.due.lease for flight in flights]
        if held:
            await self._access.write(lambda c: leases.release(c, held))
