"""Recorded polls, made by hand, and a daemon that stands still."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ingest.config.settings import FeedSettings, WebhookSettings
from ingest.model import (
    FeedDocument,
    FeedSchedule,
    Harvest,
    PollCounts,
    Polled,
    PollOutcome,
    Validators,
)
from ingest.record import Recorded
from ingest.store.leases import DueFeed, Lease

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Running:
    """What the daemon tells of itself."""

    database_is_away: bool = False
    network_is_out: bool = False
    polls_in_flight: int = 0
    waiting_to_be_written: int = 0
    webhooks: tuple[WebhookSettings, ...] = (
        WebhookSettings(name="desk", url="https://desk.example/", secret_env="DESK_SECRET"),
    )


def recorded(outcome: PollOutcome, counts: PollCounts | None = None) -> Recorded:
    """A poll that began five seconds late."""
    due = DueFeed(
        1, Lease(1, "me", 1, NOW), NOW - timedelta(seconds=5), NOW, "http://h.example/f", "f",
        1, "h.example", 1, "H", FeedSettings(url="http://h.example/f"), Validators(), None, False,
        True, FeedSchedule(), 0, None, None, None, None, None, NOW,
    )  # fmt: skip
    harvest = Harvest(FeedDocument("rss20", "fast"), (), stage_seconds={"parse": 0.01})
    return Recorded(
        due,
        Polled(
            started_at=NOW,
            outcome=outcome,
            received_bytes=100,
            elapsed_seconds=0.2,
            harvest=harvest if counts is not None else None,
        ),
        counts,
    )
