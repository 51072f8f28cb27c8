"""How many polls `ingest fetch` has under way."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from ingest.cli.polling import poll_all
from ingest.cli.session import now
from ingest.config import DatabaseSettings, FeedSettings, FetchSettings, ScheduleSettings, Settings
from ingest.record import Recorded, Recorder, Unrecorded
from ingest.store import feeds
from ingest.store.engine import open_database
from tests.faultserver import FaultServer, serves

FEEDS = 24


async def test_a_poll_that_waits_for_the_writer_holds_up_no_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches: list[int] = []
    record = Recorder.record

    def watched(self: Recorder, batch: Sequence[Unrecorded]) -> list[Recorded]:
        batches.append(len(batch))
        return record(self, batch)

    monkeypatch.setattr(Recorder, "record", watched)
    settings = Settings(
        database=DatabaseSettings(url=f"sqlite:///{tmp_path}/polling.db"),
        fetch=FetchSettings(allow_networks=("127.0.0.0/8",), site_delay_seconds=0.0, concurrency=1),
        # A batch waits for eight polls of two rows, or for longer than anybody will.
        schedule=ScheduleSettings(batch_rows=16, batch_seconds=3_600.0),
    )
    database = open_database(settings.database.url, create=True)
    with FaultServer() as server:
        with database.begin() as connection:
            for number in range(FEEDS):
                url = server.on(f"/feed/{number}", serves(b"not a feed"))
                feeds.add(connection, FeedSettings(url=url, name=f"f{number}"), now=now())
            wanted = feeds.list_names(connection)
        async with asyncio.timeout(120):
            await poll_all(database, settings, wanted, lambda _: None, lambda _: None)
    database.close()
    assert batches == [8, 8, 8]
