"""The web page beside the daemon: a server in a thread with an event loop of its own.

So pages never delay a poll, and `/healthz` still answers when the daemon's loop hangs. The socket
is bound before the thread starts: an address that cannot be had is one clear line.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

import uvicorn

from ingest.errors import ConfigError
from ingest.schedule.log import say
from ingest.schedule.run import run_daemon, utc_now
from ingest.store.engine import Database, open_database
from ingest.web.app import create_app
from ingest.web.health import Health
from ingest.web.metrics import Metrics
from ingest.web.websub import with_callback

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from ingest.config import Settings, WebSettings
    from ingest.schedule.daemon import Daemon

BEAT_SECONDS = 1.0
END_SECONDS = 5.0  # how long answers that have begun may take at the end


async def run_with_web(
    database: Database,
    settings: Settings,
    *,
    reload: Callable[[], Settings] | None = None,
    clock: Callable[[], datetime] = utc_now,
) -> int:
    """`run_daemon` with the web page beside it, as `[web]` says; the daemon's exit code."""
    health = Health()
    with _read_from(database, settings) as readable:
        metrics = Metrics(readable, health, clock=clock)
        pages = create_app(readable, settings, clock=clock, health=health, metrics=metrics)
        app = with_callback(pages, database, settings, clock=clock)

        def started(daemon: Daemon) -> None:
            health.running = daemon
            daemon.listeners.append(metrics.observe)

        async with _beating(health):
            with serving(app, settings.web):
                return await run_daemon(
                    database, settings, clock=clock, reload=reload, started=started
                )


@contextmanager
def serving(app: ASGIApp, settings: WebSettings) -> Iterator[str]:
    """Serve an application in a thread for as long as this is open; yields its URL.

    Raises ConfigError where the address cannot be bound. Port 0 takes any free one.
    """
    bound = _bind(settings)
    host, port = bound.getsockname()[:2]
    url = f"http://{f'[{host}]' if ':' in host else host}:{port}/"
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        timeout_graceful_shutdown=int(END_SECONDS),
        limit_concurrency=64,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(
        target=server.run, kwargs={"sockets": [bound]}, name="ingest-web", daemon=True
    )
    thread.start()
    say(logging.INFO, "web", url=url)
    try:
        yield url
    finally:
        server.should_exit = True
        thread.join(END_SECONDS + 1.0)
        bound.close()


def _bind(settings: WebSettings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family)
    except OSError as error:
        where = f"{settings.host}:{settings.port}"
        why = (error.strerror or str(error)).partition(" (while ")[0]  # which names it once more
        raise ConfigError(f"web: {where} cannot be served: {why}") from None


@contextmanager
def _read_from(database: Database, settings: Settings) -> Iterator[Database]:
    """The replica that `database.read_url` names, else the database itself."""
    if settings.database.read_url is None:
        yield database
        return
    replica = open_database(
        settings.database.read_url,
        busy_timeout_seconds=settings.database.busy_timeout_seconds,
    )
    try:
        yield replica
    finally:
        replica.close()


@asynccontextmanager
async def _beating(health: Health) -> AsyncIterator[None]:
    """The event loop says every second that it moves."""

    async def beat() -> None:
        while True:
            health.beat()
            await asyncio.sleep(BEAT_SECONDS)

    task = asyncio.create_task(beat(), name="ingest-web-beat")
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
