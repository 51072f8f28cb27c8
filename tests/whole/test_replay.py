"""Recorded polls of real feeds, replayed in order through the whole pipeline."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ingest.config import DedupeSettings, FeedSettings, FetchSettings, Settings
from ingest.model import PollOutcome
from ingest.pipeline import Pipeline
from ingest.record import Recorded
from ingest.schedule.decider import Decider
from ingest.schedule.politeness import SiteGate
from ingest.store import feeds, leases
from ingest.store.engine import Database
from tests.whole.replay import Series, serving

SETTINGS = Settings(
    fetch=FetchSettings(allow_networks=("127.0.0.0/8",), site_delay_seconds=0.0),
    dedupe=DedupeSettings(window_days=3),
)


def series_of(name: str) -> Series:
    folder = os.environ.get("INGEST_CORPORA")
    if not folder or not (Path(folder) / name).is_dir():
        pytest.skip(f"{name}: INGEST_CORPORA names no folder that holds it")
    return Series.read(Path(folder) / name)


class Replay:
    """A clock turned by hand, and one round of polls at a time."""

    def __init__(self, database: Database, series: Series) -> None:
        self.database = database
        self.series = series
        self.now = datetime(2020, 1, 1, tzinfo=UTC)

    def clock(self) -> datetime:
        return self.now

    def pipeline(self) -> Pipeline:
        return Pipeline(
            self.database,
            SETTINGS,
            schedule=Decider(SETTINGS.schedule, clock=self.clock, hold_seconds=0.0),
            gate=SiteGate(connections_per_site=8, delay_seconds=0.0),
            clock=self.clock,
        )

    def subscribe(self, address: str) -> None:
        with self.database.begin() as connection:
            for name in self.series.feeds:
                feeds.add(
                    connection,
                    FeedSettings(url=f"{address}/{name}", name=name, publisher=name),
                    now=self.now,
                )

    async def poll_all(self, pipeline: Pipeline) -> Sequence[Recorded]:
        with self.database.begin() as connection:
            everything = [one.feed_id for one in feeds.list_feeds(connection)]
            due = leases.claim_due(
                connection,
                now=self.now,
                limit=1_000,
                owner="replay",
                lease_seconds=600,
                feed_ids=everything,
                site_delay_seconds=0.0,
            )
        assert len(due) == len(self.series.feeds)
        return await asyncio.gather(*(pipeline.poll(one) for one in due))


def assert_counts_add_up(recorded: Recorded) -> None:
    if recorded.polled.harvest is None:
        assert recorded.counts is None
        return
    counts = recorded.counts
    assert counts is not None
    assert counts.entries == len(recorded.polled.harvest.entries)
    parts = (counts.new, counts.revised, counts.unchanged, counts.filtered, counts.invalid)
    assert sum(parts) == counts.entries


async def replay(database: Database, series: Series, *, every: int) -> Counter[str]:
    """Replay every `every`-th round; return how many polls and entries ended how."""
    run = Replay(database, series)
    ended: Counter[str] = Counter()
    with serving(series) as address:
        run.subscribe(address)
        async with run.pipeline() as pipeline:
            for at in series.rounds(every=every):
                run.now = at
                for recorded in await run.poll_all(pipeline):
                    assert_counts_add_up(recorded)
                    ended[recorded.polled.outcome] += 1
                    if recorded.counts is not None:
                        ended["new"] += recorded.counts.new
                        ended["revised"] += recorded.counts.revised
            again = await run.poll_all(pipeline)
    assert {one.polled.outcome for one in again} <= {
        PollOutcome.SAME_BYTES,
        PollOutcome.NOT_A_FEED,
        PollOutcome.BLOCKED,
    }
    return ended


@pytest.mark.corpora
@pytest.mark.parametrize(("name", "every"), [("poll-series", 20), ("wire-series", 24)])
async def test_recorded_polls_replay_with_every_entry_in_one_outcome(
    name: str, every: int, database: Database
) -> None:
    ended = await replay(database, series_of(name), every=every)
    assert ended[PollOutcome.PARSE_FAILED] == 0
    assert ended["new"] > 500


@pytest.mark.corpora
@pytest.mark.slow
@pytest.mark.parametrize("name", ["poll-series", "wire-series"])
async def test_every_recorded_poll_replays(name: str, database: Database) -> None:
    ended = await replay(database, series_of(name), every=1)
    assert ended[PollOutcome.PARSE_FAILED] == 0
