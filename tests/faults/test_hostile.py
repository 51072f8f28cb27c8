"""Every fault of the catalogue, polled through the whole pipeline beside healthy feeds."""

from __future__ import annotations

import asyncio
import resource
import time
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

from ingest.model import PollOutcome
from ingest.record import Recorded
from ingest.store.engine import Database
from tests.fault_catalogue import DOCUMENTS, FAULTS
from tests.faults.fleet import LOOPBACK, Fleet, fleet, own_host, rss, stored
from tests.faultserver import FaultServer, serves
from tests.fetch.test_faults import FAILURES

HEALTHY_FEEDS = 12
SETTINGS = replace(
    LOOPBACK,
    fetch=replace(LOOPBACK.fetch, total_timeout_seconds=15.0),
    parse=replace(LOOPBACK.parse, workers=2),
)
# How many entries are read of each hostile document; None: there is no feed in it.
ENTRIES = {
    "huge-item": 2,
    "many-items": 2_000,
    "redos-author": 2,
    "deep-nesting": 2,
    "deep-elements": None,
    "control-characters": 2,
    "utf16-as-utf8": 2,
    "latin1-as-utf8": 1,
    "entity-bomb": 2,
    "external-entity": 1,
    "doctype-subset": 1,
    "doctype-endless": 1,
    "attribute-flood": 2,
}


@dataclass(frozen=True)
class Day:
    """One poll of every fault, and the healthy feeds' polls meanwhile."""

    hostile: dict[str, Recorded]
    healthy: list[Recorded]
    healthy_seconds: list[float]  # of each of their polls
    hostile_seconds: float


async def _poll_all(fleet: Fleet, server: FaultServer) -> Day:
    names = sorted(FAULTS)
    faulty = fleet.subscribe(*(server.url(f"/{name}", host=own_host()) for name in names))
    for number in range(HEALTHY_FEEDS):
        server.on(f"/fine/{number}", serves(rss(*range(10 * number, 10 * number + 10))))
    fine = fleet.subscribe(
        *(server.url(f"/fine/{number}", host=own_host()) for number in range(HEALTHY_FEEDS))
    )
    started = time.monotonic()
    hostile = [
        asyncio.create_task(fleet.pipeline.poll(due), name=name)
        for name, due in zip(names, fleet.claim(faulty), strict=True)
    ]
    healthy: list[Recorded] = []
    seconds: list[float] = []
    for due in fleet.claim(fine):
        begun = time.monotonic()
        healthy.append(await fleet.pipeline.poll(due))
        seconds.append(time.monotonic() - begun)
    recorded = await asyncio.gather(*hostile)
    took = time.monotonic() - started
    return Day(dict(zip(names, recorded, strict=True)), healthy, seconds, took)


def _peak_mebibytes() -> float:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


async def test_every_fault_is_recorded_and_no_healthy_feed_waits_for_it(database: Database) -> None:
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak counts from here
    before = _peak_mebibytes()
    with FaultServer(host="0.0.0.0") as server:
        async with fleet(database, SETTINGS) as one:
            day = await _poll_all(one, server)

    for name, wanted in FAILURES.items():
        assert day.hostile[name].polled.outcome is wanted, name
        assert day.hostile[name].polled.message, name
    for name, entries in ENTRIES.items():
        recorded = day.hostile[name]
        if entries is None:
            assert recorded.polled.outcome is PollOutcome.NOT_A_FEED, name
        else:
            assert recorded.polled.outcome is PollOutcome.OK, (name, recorded.polled.message)
            assert recorded.counts is not None
            assert recorded.counts.entries == entries, name
    for recorded in (*day.hostile.values(), *day.healthy):
        assert recorded.decision is not None
        counts = recorded.counts
        if counts is not None:
            assert counts.entries == (
                counts.new + counts.revised + counts.unchanged + counts.filtered + counts.invalid
            )
    assert [one.polled.outcome for one in day.healthy] == [PollOutcome.OK] * HEALTHY_FEEDS
    assert [one.counts.new for one in day.healthy if one.counts] == [10] * HEALTHY_FEEDS
    # Those who waited for the hostile would wait for their deadline; and that is kept.
    assert median(day.healthy_seconds) < SETTINGS.fetch.total_timeout_seconds
    assert max(day.healthy_seconds) < 60
    assert day.hostile_seconds < 240
    after = stored(database)
    assert after.polls == len(FAULTS) + HEALTHY_FEEDS
    assert after.waiting == 0
    assert after.in_stories == after.articles
    assert _peak_mebibytes() - before < 500
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024 < 700


def test_the_entries_of_every_hostile_document_are_counted() -> None:
    assert ENTRIES.keys() == DOCUMENTS.keys()


async def test_a_document_that_overruns_its_cpu_seconds_is_recorded_and_asked_for_again(
    database: Database,
) -> None:
    # A good document costs a fiftieth of this, all the entries of the endless one many times it.
    tight = replace(
        SETTINGS, parse=replace(SETTINGS.parse, timeout_seconds=0.5, max_entries=1_000_000)
    )
    good, endless = rss(1, 2, 3), DOCUMENTS["many-items"]()
    with FaultServer() as server:
        url = server.on(
            "/feed",
            serves(good, etag='"1"'),
            serves(endless, etag='"2"'),
            serves(rss(1, 2, 3, 4), etag='"3"'),
        )
        async with fleet(database, tight) as one:
            feed_ids = one.subscribe(url)
            recorded = [await one.pipeline.poll(one.claim(feed_ids)[0]) for _ in range(3)]
        asked = [seen.headers.get("if-none-match") for seen in server.asked("/feed")]
    assert [one.polled.outcome for one in recorded] == [
        PollOutcome.OK,
        PollOutcome.PARSE_FAILED,
        PollOutcome.OK,
    ]
    message = recorded[1].polled.message
    assert message is not None
    assert "CPU" in message
    # What could not be read is not taken for read: its validators are never sent.
    assert asked == [None, '"1"', '"1"']
    assert stored(database).articles == 4
