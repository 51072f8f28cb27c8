"""What follows from a batch is done before the next one: matches keep up with articles."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ingest.config import FeedSettings, Settings
from ingest.harvest import harvest
from ingest.jobs import HarvestJob
from ingest.model import Polled, PollOutcome
from ingest.record import Recorder, Unrecorded
from ingest.schedule.decide import decide
from ingest.store import feeds, leases, waiting
from ingest.store.engine import Database

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
MANY = 250  # entries: more than one transaction looks at


def test_looking_for_matches_keeps_up_with_storing(database: Database) -> None:
    """Each batch brings more articles than a transaction looks at; after each is one turn."""
    settings = Settings()
    recorder = Recorder(
        database,
        settings,
        decide=lambda given: decide(given, settings.schedule),
        clock=lambda: NOW + timedelta(seconds=1),
    )
    with database.begin() as connection:
        for number in range(3):
            url = f"https://velna{number}.example/rss"
            feeds.add(connection, FeedSettings(url=url), now=NOW)
        due = leases.claim_due(connection, now=NOW, limit=3, owner="test", lease_seconds=60)
    assert len(due) == 3
    for number, one in enumerate(due):
        read = harvest(document(number), HarvestJob(url=one.url, now=NOW))
        polled = Polled(started_at=NOW, outcome=PollOutcome.OK, status=200, harvest=read)
        (recorded,) = recorder.record([Unrecorded(one, polled)])
        assert recorded.counts is not None
        assert recorded.counts.new == MANY
        recorder.settle()
        with database.connect() as connection:
            assert waiting.is_empty(connection)


def document(number: int) -> bytes:
    items = "".join(
        f"<item><guid>{number}-{entry}</guid><title>Titla {number} {entry}</title></item>"
        for entry in range(MANY)
    )
    return f'<rss version="2.0"><channel><title>Velna</title>{items}</channel></rss>'.encode()
