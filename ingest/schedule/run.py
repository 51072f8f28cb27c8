"""Putting the daemon together: what `ingest run` calls."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ingest.schedule.chores import Chore, usual_chores
from ingest.schedule.daemon import Daemon
from ingest.schedule.decider import Decider
from ingest.schedule.log import say
from ingest.schedule.pipelines import OpenPoller, Poller
from ingest.schedule.politeness import SiteGate

if TYPE_CHECKING:
    from ingest.config import Settings
    from ingest.store.engine import Database


def utc_now() -> datetime:
    """The wall clock, in UTC."""
    return datetime.now(UTC)


async def run_daemon(
    database: Database,
    settings: Settings,
    *,
    clock: Callable[[], datetime] = utc_now,
    chores: Sequence[Chore] | None = None,
    reload: Callable[[], Settings] | None = None,
    started: Callable[[Daemon], None] = lambda _: None,
) -> int:
    """Run until SIGTERM or SIGINT; return the exit code. SIGHUP calls `reload`.

    `chores` is what is done beside polling, the usual where None: retention and reconciling.
    `reload` reads the config again and subscribes what it names; it runs in a thread. `started` is
    given the daemon before it begins, for whoever wants to stop it without a signal.
    """
    decider = Decider(settings.schedule, clock=clock)
    daemon = Daemon(
        database,
        settings,
        decider=decider,
        open_poller=_opener(database, decider, clock),
        clock=clock,
        chores=usual_chores(database, clock) if chores is None else chores,
        reload=reload,
    )
    loop = asyncio.get_running_loop()
    reloads: set[asyncio.Task[None]] = set()

    def on_end(number: signal.Signals) -> None:
        say(logging.INFO, "signal", name=number.name)
        daemon.stop()

    def on_reload() -> None:
        task = asyncio.create_task(daemon.reload(), name="ingest-reload")
        reloads.add(task)
        task.add_done_callback(reloads.discard)

    handled = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    for number in handled[:2]:
        loop.add_signal_handler(number, on_end, number)
    loop.add_signal_handler(signal.SIGHUP, on_reload)
    started(daemon)
    try:
        return await daemon.run()
    finally:
        for number in handled:
            loop.remove_signal_handler(number)


def _opener(database: Database, decider: Decider, clock: Callable[[], datetime]) -> OpenPoller:
    from ingest.pipeline import Pipeline

    def open_poller(
        settings: Settings, on_trouble: Callable[[str | None], None]
    ) -> AbstractAsyncContextManager[Poller]:
        gate = SiteGate(
            connections_per_site=settings.fetch.connections_per_site,
            delay_seconds=settings.fetch.site_delay_seconds,
            concurrency=settings.fetch.concurrency,
        )
        return Pipeline(
            database, settings, schedule=decider, gate=gate, clock=clock, on_trouble=on_trouble
        )

    return open_poller
