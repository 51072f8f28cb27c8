"""Workers do the pure stages, and are ended when a document takes too much."""

from __future__ import annotations

import asyncio
import os
import signal
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Protocol

import pytest

from ingest.beginnings import CAN_FORK
from ingest.errors import ParseError
from ingest.jobs import HarvestJob
from ingest.model import Harvest, PollOutcome
from ingest.quiet import Quiet
from ingest.workers import WorkerPool

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
JOB = HarvestJob(url="https://example.org/feed", now=NOW, publisher="Example", known={1: 1})
FEED = b"""<rss version="2.0"><channel><title>Example</title><link>https://example.org/</link>
<item><guid>1</guid><link>https://example.org/1</link><title>The sluices were opened</title>
<description>At dawn the council had the sluices opened, and nobody objected.</description></item>
</channel></rss>"""


class MakePool(Protocol):
    """A pool whose workers begin in one of the two ways."""

    def __call__(
        self, size: int, *, cpu_seconds: float, slow_seconds: float = 10.0
    ) -> WorkerPool: ...


@pytest.fixture(params=["anew", "as copies"])
def pool_of(request: pytest.FixtureRequest) -> MakePool:
    if request.param == "anew":
        return WorkerPool
    if not CAN_FORK:
        pytest.skip("no process is copied on this system")
    return partial(WorkerPool, quiet=Quiet())


def children() -> list[int]:
    path = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children")
    return [int(pid) for pid in path.read_text().split()]


async def test_a_worker_brings_a_document_to_articles(pool_of: MakePool) -> None:
    async with pool_of(1, cpu_seconds=20) as pool:
        harvest = await pool.harvest(FEED, JOB)
    assert isinstance(harvest, Harvest)
    (entry,) = harvest.entries
    assert entry.article is not None
    assert entry.article.headline == "The sluices were opened"
    assert entry.fingerprint is not None


async def test_no_feed_in_the_bytes_is_a_parse_error_of_the_stage(pool_of: MakePool) -> None:
    async with pool_of(1, cpu_seconds=20) as pool:
        with pytest.raises(ParseError) as caught:
            await pool.harvest(b"<html><body>Not here</body></html>", JOB)
    assert caught.value.outcome is PollOutcome.NOT_A_FEED


async def test_a_worker_that_is_killed_fails_its_document_and_no_other(pool_of: MakePool) -> None:
    others = set(children())
    async with pool_of(1, cpu_seconds=20) as pool:
        await pool.harvest(FEED, JOB)
        (pid,) = set(children()) - others
        killed = asyncio.create_task(pool.harvest(FEED * 2_000, JOB))
        await asyncio.sleep(0.02)
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(ParseError) as caught:
            await killed
        assert caught.value.outcome is PollOutcome.PARSE_FAILED
        assert (await pool.harvest(FEED, JOB)).entries


async def test_a_document_that_takes_too_much_cpu_is_ended(pool_of: MakePool) -> None:
    async with pool_of(1, cpu_seconds=0.2) as pool:
        big = FEED.replace(b"</channel>", b"<item><title>x &amp; y</title></item>" * 200_000)
        with pytest.raises(ParseError, match=r"more than 0\.2 s of CPU"):
            await pool.harvest(big, JOB)


async def test_leaving_the_pool_ends_every_worker(pool_of: MakePool) -> None:
    before = set(children())
    async with pool_of(2, cpu_seconds=20) as pool:
        await asyncio.gather(pool.harvest(FEED, JOB), pool.harvest(FEED, JOB))
        assert len(set(children()) - before) == 2
    assert set(children()) <= before


async def test_a_slow_document_keeps_no_other_one_waiting(pool_of: MakePool) -> None:
    slow = FEED.replace(b"</channel>", b"<item><title>x &amp; y</title></item>" * 100_000)
    async with pool_of(1, cpu_seconds=60, slow_seconds=0.0) as pool:
        first = asyncio.create_task(pool.harvest(slow, JOB))
        while not pool.busy:
            await asyncio.sleep(0)
        assert (await pool.harvest(FEED, JOB)).entries
        assert not first.done()
        first.cancel()


async def test_only_one_document_at_a_time_has_a_stand_in(pool_of: MakePool) -> None:
    before = set(children())
    async with pool_of(1, cpu_seconds=60, slow_seconds=0.0) as pool:
        await asyncio.gather(*(pool.harvest(FEED, JOB) for _ in range(8)))
        assert pool.busy == 0
        assert len(set(children()) - before) <= 2


@pytest.mark.skipif(not CAN_FORK, reason="no process is copied on this system")
async def test_a_worker_that_is_a_copy_keeps_nothing_open_that_is_open_here() -> None:
    others = set(children())
    with tempfile.TemporaryFile() as ours:
        name = Path(f"/proc/self/fd/{ours.fileno()}").readlink()
        async with WorkerPool(1, cpu_seconds=20, quiet=Quiet()) as pool:
            await pool.harvest(FEED, JOB)
            (pid,) = set(children()) - others
            kept = [fd.readlink() for fd in Path(f"/proc/{pid}/fd").iterdir()]
    assert name not in kept
    assert len({one for one in kept if one.name.startswith("socket:")}) == 1


async def test_feeds_that_are_read_for_the_first_time_get_a_worker_of_their_own() -> None:
    others = set(children())
    async with WorkerPool(1, cpu_seconds=20, quiet=Quiet()) as pool:
        assert (await pool.harvest(FEED, replace(JOB, known={}))).entries
        (pid,) = set(children()) - others
        assert "ingest.serving" in Path(f"/proc/{pid}/cmdline").read_text("utf-8")


@pytest.mark.skipif(not CAN_FORK, reason="no process is copied on this system")
async def test_a_worker_that_is_a_copy_begins_when_no_thread_is_at_work() -> None:
    quiet, may_end, ended = Quiet(), threading.Event(), threading.Event()

    def work() -> None:
        may_end.wait(60)
        ended.set()

    with ThreadPoolExecutor(1) as thread:
        async with WorkerPool(1, cpu_seconds=20, quiet=quiet) as pool:
            working = asyncio.create_task(quiet.run(thread, work))
            before = set(children())
            reading = asyncio.create_task(pool.harvest(FEED, JOB))
            for _ in range(100):
                await asyncio.sleep(0)
            assert set(children()) == before
            may_end.set()
            assert (await reading).entries
            assert ended.is_set()
            await working
