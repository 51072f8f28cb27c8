"""A poll that was given up and one that was written after all are not two polls."""

from __future__ import annotations

from datetime import timedelta

from ingest.model import Polled, PollOutcome
from ingest.record import Recorder, Unrecorded
from ingest.schedule.decide import decide
from ingest.store.engine import Database
from tests.faults.fleet import LOOPBACK, fleet, own_host, rss, stored, utc_now
from tests.faultserver import FaultServer, serves


async def test_a_poll_that_overran_while_the_writer_had_it_is_recorded_once(
    database: Database,
) -> None:
    with FaultServer(host="0.0.0.0") as server:
        server.on("/feed", serves(rss(1, 2, 3)))
        async with fleet(database) as one:
            feed_ids = one.subscribe(server.url("/feed", host=own_host()))
            (due,) = one.claim(feed_ids)
            written = await one.pipeline.poll(due)
    assert not written.is_lost
    # What the daemon records of a poll that it ended: the same lease, another start.
    given_up = Polled(
        started_at=written.polled.started_at - timedelta(seconds=1), outcome=PollOutcome.TIMEOUT
    )
    recorder = Recorder(
        database,
        LOOPBACK,
        decide=lambda given: decide(given, LOOPBACK.schedule),
        clock=utc_now,
    )
    (late,) = recorder.record([Unrecorded(due, given_up)])
    assert late.is_lost
    after = stored(database)
    assert (after.polls, after.articles) == (1, 3)
