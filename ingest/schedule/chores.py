"""What the daemon does beside polling, now and then and in small transactions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ingest.config import Settings
    from ingest.store.engine import Database

PRUNE_SECONDS = 3_600.0
RECONCILE_SECONDS = 60.0
_RECONCILE_ARTICLES = 200  # of one transaction


@dataclass(frozen=True, slots=True)
class Chore:
    """Work for a thread. `run` is given the settings of the moment and whether to stop soon.

    It returns what it did, for the log, or None where there was nothing to do.
    """

    name: str
    period_seconds: float
    run: Callable[[Settings, Callable[[], bool]], str | None]
    may_take_seconds: float = 600.0


def usual_chores(database: Database, clock: Callable[[], datetime]) -> tuple[Chore, ...]:
    """Remove what has outlived its time; finish what a process that died left unmatched."""
    from ingest.schedule.webhooks import webhook_chore
    from ingest.schedule.websub import websub_chore
    from ingest.store import maintenance, stories

    def prune(settings: Settings, stop: Callable[[], bool]) -> str | None:
        expired = maintenance.prune(
            database, settings.database, settings.dedupe, clock(), stop=stop
        )
        done = [f"{one.rows} {one.what}" for one in expired if one.rows]
        return ", ".join(done) or None

    def reconcile(settings: Settings, stop: Callable[[], bool]) -> str | None:
        settled = 0
        while settings.dedupe.enabled and not stop():
            batch = stories.settle(
                database, now=clock(), settings=settings.dedupe, limit=_RECONCILE_ARTICLES
            )
            settled += len(batch)
            if len(batch) < _RECONCILE_ARTICLES:
                break
        return f"{settled} articles" if settled else None

    return (
        Chore("prune", PRUNE_SECONDS, prune),
        Chore("reconcile", RECONCILE_SECONDS, reconcile),
        websub_chore(database, clock),
        webhook_chore(database, clock),
    )
