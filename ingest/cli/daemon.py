"""`ingest run`: the daemon, in the foreground."""

from __future__ import annotations

import asyncio

import typer

from ingest.cli.session import Session, session_of
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
    _check(session)
    with session.opened(create=True, sync=True) as database:

        def reload() -> Settings:
            """All of it is checked before anything of it is taken."""
            renewed = session.anew()
            _check(renewed)
            renewed.sync_feeds(database)
            log.set_up(renewed.settings.log)
            return renewed.settings

        if session.settings.web.enabled:
            from ingest.web.server import run_with_web

            return asyncio.run(run_with_web(database, session.settings, reload=reload))
        return asyncio.run(run_daemon(database, session.settings, reload=reload))


def _check(session: Session) -> None:
    """What the config alone cannot tell: known now, and not when it is first needed.

    Raises ConfigError.
    """
    settings = session.settings
    if settings.websub.callback_url is not None and not settings.web.enabled:
        problem = "needs `enabled = true` under [web]: hubs are answered there"
        raise ConfigError(f"websub.callback_url: {problem}")
    if settings.webhooks:
        from ingest.fetch.webhook import secret_of

        for webhook in settings.webhooks:
            secret_of(webhook, session.environ)
