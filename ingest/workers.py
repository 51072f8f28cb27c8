"""The worker processes in which the pure stages run, each of which can really be killed.

    event loop --frame--> worker: harvest(body, job) --frame--> event loop

A document from outside may take hours in some library's corner, or crash it. So each document is
given CPU seconds, not trust: the kernel ends the worker that overruns them (ITIMER_PROF, whose
signal kills even inside C code), the poll is recorded as failed, and the next document gets a new
worker. Workers are plain subprocesses, each with its own socket: pebble and
concurrent.futures share one queue and its locks among all workers, and a worker killed from
outside while it holds such a lock takes the others with it; their time limits are also of the
wall clock, which steps.

How they begin is told in `beginnings.py`; what happens inside them, and what a frame is, in
`serving.py`.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import pickle
import signal
import socket
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Self

from ingest import beginnings
from ingest.errors import ParseError
from ingest.model import Fetched, Harvest, HarvestedEntry, PollOutcome
from ingest.serving import LENGTH_BYTES

if TYPE_CHECKING:
    from ingest.jobs import HarvestJob
    from ingest.quiet import Quiet

_MAX_TASKS = 2_000  # documents before a worker is replaced: what a library leaks stays bounded
_WALL_FACTOR = 4  # a worker that neither computes nor answers is ended after this × its CPU limit,
_WALL_GRACE_SECONDS = 15  # and this on top: a busy machine is slow to start one
_SLOW_SECONDS = 10.0  # far beyond what an honest document takes on a busy machine
_PATIENCE_SECONDS = 2  # a worker whose pipe broke is given to die of what it is dying of
_READ_AHEAD_BYTES = 1 << 22
_FIRST_LOOK_SECONDS = 0.0005  # whether a worker has ended
_LONGEST_LOOK_SECONDS = 0.05


class WorkerPool:
    """Up to `size` workers, started when there is work for them and ended with the pool.

    A worker that is busy with one document for `slow_seconds` gets a stand-in beside it, so that
    a document that takes its time keeps no other one waiting; one stand-in at a time.

    With `quiet` they begin as copies of this process, which is quick, at moments in which nothing
    else is at work in it. Of work that does not go through `quiet`, only what the copy has no use
    for may be under way: name lookups, say. Not so where a feed is read for the first time: then
    mostly others are too, and what a start takes is little beside the memory that two copies have.
    """

    def __init__(
        self,
        size: int,
        *,
        cpu_seconds: float,
        slow_seconds: float = _SLOW_SECONDS,
        quiet: Quiet | None = None,
    ) -> None:
        self._size = size
        self._cpu_seconds = cpu_seconds
        self._slow_seconds = slow_seconds
        self._quiet = quiet if beginnings.CAN_FORK else None
        self._idle: list[_Worker] = []
        self._busy: set[_Worker] = set()
        self._slots = asyncio.Semaphore(size)
        self._stood_in_for: _Worker | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        workers = [*self._idle, *self._busy]
        self._idle.clear()
        await asyncio.gather(*(worker.end() for worker in workers))

    @property
    def busy(self) -> int:
        """How many workers have a document."""
        return len(self._busy)

    async def harvest(self, body: bytes, job: HarvestJob) -> Harvest:
        """Run `harvest(body, job)` in a worker.

        Raises ParseError: the stage's own, or PARSE_FAILED where the worker overran its CPU
        seconds or died.
        """
        quiet = self._quiet if job.known else None
        answer = await self._call("harvest", body, job, quiet=quiet)
        if not isinstance(answer, Harvest):
            raise ParseError(f"the reader failed: {answer}", PollOutcome.PARSE_FAILED)
        return answer

    async def add_page(self, entry: HarvestedEntry, page: Fetched) -> HarvestedEntry:
        """Run `add_page(entry, page)` in a worker. Raises ParseError as `harvest` does."""
        answer = await self._call("add_page", entry, page)
        if not isinstance(answer, HarvestedEntry):
            raise ParseError(f"the reader failed: {answer}", PollOutcome.PARSE_FAILED)
        return answer

    async def _call(self, name: str, *arguments: object, quiet: Quiet | None = None) -> object:
        await self._slots.acquire()
        worker: _Worker | None = None
        try:
            if self._idle:
                worker = self._idle.pop()
            else:
                worker = await _Worker.start(self._cpu_seconds, quiet)
            answer = await self._ask(worker, (name, arguments))
        finally:
            if worker is not None and self._stood_in_for is worker:
                self._stood_in_for = None  # its slot is the stand-in's
            else:
                self._slots.release()
        if isinstance(answer, ParseError):
            raise answer
        return answer

    async def _ask(self, worker: _Worker, question: object) -> object:
        self._busy.add(worker)
        loop = asyncio.get_running_loop()
        slowness = loop.call_later(self._slow_seconds, self._let_stand_in, worker)
        try:
            answer = await worker.ask(question)
        except (EOFError, TimeoutError, ConnectionError) as error:
            status = await worker.end(patience_seconds=_PATIENCE_SECONDS)
            raise ParseError(
                _how_it_died(status, self._cpu_seconds), PollOutcome.PARSE_FAILED
            ) from error
        except BaseException:
            await worker.end()  # cancelled half-way: what it would still answer is nobody's
            raise
        finally:
            slowness.cancel()
            self._busy.discard(worker)
        if worker.tasks < _MAX_TASKS and len(self._busy) + len(self._idle) < self._size:
            self._idle.append(worker)
        else:
            await worker.end()
        return answer

    def _let_stand_in(self, worker: _Worker) -> None:
        """Give a slow worker's slot to another, unless one has been given away already."""
        if self._stood_in_for is None:
            self._stood_in_for = worker
            self._slots.release()


class _Worker:
    """One subprocess and the socket to it."""

    def __init__(
        self,
        pid: int,
        source: asyncio.StreamReader,
        sink: asyncio.StreamWriter,
        cpu_seconds: float,
    ) -> None:
        self._pid = pid
        self._source = source
        self._sink = sink
        self._cpu_seconds = cpu_seconds
        self._status: int | None = None
        self.tasks = 0

    @classmethod
    async def start(cls, cpu_seconds: float, quiet: Quiet | None) -> Self:
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                if quiet is None:
                    pid = beginnings.spawn(theirs, cpu_seconds)
                else:
                    pid = await quiet.alone(partial(beginnings.fork, theirs, cpu_seconds))
            source, sink = await asyncio.open_connection(sock=ours, limit=_READ_AHEAD_BYTES)
        except BaseException:
            ours.close()  # which ends a worker that has begun
            raise
        return cls(pid, source, sink, cpu_seconds)

    async def ask(self, question: object) -> object:
        """Send one frame and wait for its answer. Raises EOFError where the worker died."""
        self.tasks += 1
        payload = pickle.dumps(question, protocol=pickle.HIGHEST_PROTOCOL)
        async with asyncio.timeout(self._cpu_seconds * _WALL_FACTOR + _WALL_GRACE_SECONDS):
            self._sink.write(len(payload).to_bytes(LENGTH_BYTES, "big"))
            self._sink.write(payload)
            await self._sink.drain()
            length = int.from_bytes(await self._source.readexactly(LENGTH_BYTES), "big")
            answer: object = pickle.loads(await self._source.readexactly(length))
        return answer

    def kill(self) -> None:
        """Kill the worker, whatever it is doing."""
        if self._status is None:
            os.kill(self._pid, signal.SIGKILL)

    async def end(self, *, patience_seconds: float = 0) -> int:
        """Kill the worker and return its exit status.

        One that is dying by itself is given `patience_seconds` to do so: what it died of would be
        lost to us.
        """
        if patience_seconds:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(patience_seconds):
                    return await self._ended()
        self.kill()
        return await self._ended()

    async def _ended(self) -> int:
        pause = _FIRST_LOOK_SECONDS
        while self._status is None:  # which whoever else waits may have found out
            self._status = beginnings.status_of(self._pid)
            if self._status is None:
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_LOOK_SECONDS)
        self._sink.close()
        return self._status


def _how_it_died(status: int, cpu_seconds: float) -> str:
    if status == -signal.SIGPROF:
        return f"reading the document took more than {cpu_seconds:g} s of CPU: ended"
    if status == -signal.SIGKILL:
        return "the reader was killed or gave no answer in time"
    return f"the reader died with status {status}"
