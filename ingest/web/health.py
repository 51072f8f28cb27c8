"""Is it alive, is it ready, and if not: why.

Alive is the event loop that polls; ready is a daemon that can do its work: the database answers and
polls are not far behind. The web page has a thread of its own, so it can tell that the loop hangs.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from ingest.errors import DatabaseError
from ingest.store import web_queries
from ingest.store.engine import Database

if TYPE_CHECKING:
    from ingest.config import WebhookSettings

HANGS_SECONDS = 30.0  # a loop that has not moved for so long hangs
LATE_SECONDS = 900.0  # feeds that are due for longer than that are said


class Running(Protocol):
    """What is asked of the daemon. Read from another thread: plain attributes only."""

    @property
    def database_is_away(self) -> bool:
        """Whether the last attempt found no database."""

    @property
    def network_is_out(self) -> bool:
        """Whether our own network is down."""

    @property
    def polls_in_flight(self) -> int:
        """How many polls are in flight."""

    @property
    def waiting_to_be_written(self) -> int:
        """How many finished polls wait for the writer."""

    @property
    def webhooks(self) -> Sequence[WebhookSettings]:
        """The receivers that it delivers the change stream to."""


@dataclass(frozen=True, slots=True)
class Report:
    """What `/healthz` says. `reasons` say why it is not ready, `remarks` what else is amiss."""

    is_alive: bool
    is_ready: bool
    reasons: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass
class Health:
    """Looks at the daemon, when there is one in this process, and at the database."""

    running: Running | None = None
    beaten_at: float | None = None  # time.monotonic() of the loop's last beat; None: no loop here
    monotonic: Callable[[], float] = field(default=time.monotonic)

    def beat(self) -> None:
        """The event loop says that it moves."""
        self.beaten_at = self.monotonic()

    @property
    def silent_seconds(self) -> float:
        """How long the event loop has not moved; 0 where there is none in this process."""
        return self.monotonic() - self.beaten_at if self.beaten_at is not None else 0.0

    @property
    def is_alive(self) -> bool:
        """Whether the event loop moves. Asks no database."""
        return self.silent_seconds <= HANGS_SECONDS

    def report(self, database: Database, now: datetime) -> Report:
        """Look now."""
        reasons: list[str] = []
        remarks: list[str] = []
        is_alive = self.is_alive
        if not is_alive:
            reasons.append(f"the event loop has not moved for {self.silent_seconds:.0f} s")
        if self.running is not None and self.running.network_is_out:
            remarks.append("our own network is down: most sites cannot be reached")
        try:
            with database.connect() as connection:
                due = web_queries.due_now(connection, now)
        except DatabaseError as error:
            reasons.append(f"database: {error}")
        else:
            if self.running is not None and self.running.database_is_away:
                reasons.append("database: it was away at the last attempt to write")
            if due.lag_seconds > LATE_SECONDS:
                remarks.append(f"{due.feeds} feeds are due, one for {due.lag_seconds:.0f} s")
        return Report(is_alive, is_alive and not reasons, tuple(reasons), tuple(remarks))
