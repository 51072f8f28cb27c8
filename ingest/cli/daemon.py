"""`ingest run`: the daemon, in the foreground."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import typer

from ingest.cli.session import session_of
from ingest.config import Settings
from ingest.errors import ConfigError


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("run")(run)


def run(context: typer.Context) -> int:
    """Poll the feeds, each when it is due, until SIGTERM or Ctrl-C.

    With `enabled = true` under [web] it serves the web page, /metrics and /healthz too.
    What is in flight is finished first. SIGHUP reads the config file again; one that is wrong is
    refused and the old one stays.

    Examples:

      ingest run

      ingest --config /etc/ingest/config.toml run
    """
    from ingest.schedule import log
    from ingest.schedule.run import run_daemon

    session = session_of(context)
    log.set_up(session.settings.log)
    with session.opened(create=True, sync=True) as database:
        _check_webhooks(session.settings, session.environ)

        def reload() -> Settings:
            settings = session.reread()
            session.sync_feeds(database)
            return settings

        if session.settings.web.enabled:
            from ingest.web.server import run_with_web

            return asyncio.run(run_with_web(database, session.settings, reload=reload))
        if session.settings.websub.callback_url is not None:
            problem = "needs `enabled = true` under [web]: hubs are answered there"
            raise ConfigError(f"websub.callback_url: {problem}")
        return asyncio.run(run_daemon(database, session.settings, reload=reload))


def _check_webhooks(settings: Settings, environ: Mapping[str, str]) -> None:
    """A secret that is not there is known at once, and not when the first message goes out."""
    if settings.webhooks:
        from ingest.fetch.webhook import secret_of

        for webhook in settings.webhooks:
            secret_of(webhook, environ)
