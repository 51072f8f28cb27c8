"""The worker processes in which the pure stages run, each of which can really be killed.

    event loop --frame--> worker: harvest(body, job) --frame--> event loop

A document from outside may take hours in some library's corner, or crash it. So each document is
given CPU seconds, not trust: the kernel ends the worker that overruns them (ITIMER_PROF, whose
signal kills even inside C code), the poll is recorded as failed, and the next document gets a new
worker. Workers are plain subprocesses, each with its own pair of pipes: pebble and
concurrent.futures share one queue and its locks among all workers, and a worker killed from
outside while it holds such a lock takes the others with it; their time limits are also of the
wall clock, which steps.

A frame is a length of 8 bytes, big endian, and a pickle. Pickles go between our own processes
only, never to or from disk or network.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import pickle
import signal
import sys
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import IO, TYPE_CHECKING, Self

from ingest.errors import ParseError
from ingest.model import Fetched, Harvest, HarvestedEntry, PollOutcome

if TYPE_CHECKING:
    from ingest.jobs import HarvestJob

_LENGTH_BYTES = 8
_MAX_TASKS = 2_000  # documents before a worker is replaced: what a library leaks stays bounded
_MAX_MEMORY_BYTES = 2 << 30  # address space of one worker
_WALL_FACTOR = 4  # a worker that neither computes nor answers is ended after this × its CPU limit,
_WALL_GRACE_SECONDS = 15  # and this on top: a busy machine is slow to start one
_PATIENCE_SECONDS = 2  # a worker whose pipe broke is given to die of what it is dying of
_ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


class WorkerPool:
    """Up to `size` workers, started when there is work for them and ended with the pool."""

    def __init__(self, size: int, *, cpu_seconds: float) -> None:
        self._size = size
        self._cpu_seconds = cpu_seconds
        self._idle: list[_Worker] = []
        self._busy: set[_Worker] = set()
        self._slots = asyncio.Semaphore(size)

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

    async def harvest(self, body: bytes, job: HarvestJob) -> Harvest:
        """Run `harvest(body, job)` in a worker.

        Raises ParseError: the stage's own, or PARSE_FAILED where the worker overran its CPU
        seconds or died.
        """
        answer = await self._call("harvest", body, job)
        if not isinstance(answer, Harvest):
            raise ParseError(f"the reader failed: {answer}", PollOutcome.PARSE_FAILED)
        return answer

    async def add_page(self, entry: HarvestedEntry, page: Fetched) -> HarvestedEntry:
        """Run `add_page(entry, page)` in a worker. Raises ParseError as `harvest` does."""
        answer = await self._call("add_page", entry, page)
        if not isinstance(answer, HarvestedEntry):
            raise ParseError(f"the reader failed: {answer}", PollOutcome.PARSE_FAILED)
        return answer

    async def _call(self, name: str, *arguments: object) -> object:
        async with self._slots:
            worker = self._idle.pop() if self._idle else await _Worker.start(self._cpu_seconds)
            self._busy.add(worker)
            try:
                answer = await worker.ask((name, arguments))
            except (EOFError, TimeoutError, ConnectionError) as error:
                status = await worker.end(patience_seconds=_PATIENCE_SECONDS)
                raise ParseError(
                    _how_it_died(status, self._cpu_seconds), PollOutcome.PARSE_FAILED
                ) from error
            except BaseException:
                await worker.end()  # cancelled half-way: what it would still answer is nobody's
                raise
            finally:
                self._busy.discard(worker)
            if worker.tasks < _MAX_TASKS:
                self._idle.append(worker)
            else:
                await worker.end()
        if isinstance(answer, ParseError):
            raise answer
        return answer


class _Worker:
    """One subprocess and its pipes."""

    def __init__(self, process: asyncio.subprocess.Process, cpu_seconds: float) -> None:
        self._process = process
        self._cpu_seconds = cpu_seconds
        self.tasks = 0

    @classmethod
    async def start(cls, cpu_seconds: float) -> Self:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            "from ingest.workers import serve; serve()",
            str(cpu_seconds),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, **_ENVIRONMENT},
            limit=1 << 22,
        )
        return cls(process, cpu_seconds)

    async def ask(self, question: object) -> object:
        """Send one frame and wait for its answer. Raises EOFError where the worker died."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        self.tasks += 1
        payload = pickle.dumps(question, protocol=pickle.HIGHEST_PROTOCOL)
        async with asyncio.timeout(self._cpu_seconds * _WALL_FACTOR + _WALL_GRACE_SECONDS):
            stdin.write(len(payload).to_bytes(_LENGTH_BYTES, "big"))
            stdin.write(payload)
            await stdin.drain()
            length = int.from_bytes(await stdout.readexactly(_LENGTH_BYTES), "big")
            answer: object = pickle.loads(await stdout.readexactly(length))
        return answer

    async def end(self, *, patience_seconds: float = 0) -> int:
        """Kill the worker, whatever it is doing, and return its exit status.

        One that is dying by itself is given `patience_seconds` to do so: `kill` collects the
        status of a process that is already dead, and what it died of would be lost to us.
        """
        if patience_seconds:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(patience_seconds):
                    return await self._process.wait()
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
        return self._process.returncode or 0


def _how_it_died(status: int, cpu_seconds: float) -> str:
    if status == -signal.SIGPROF:
        return f"reading the document took more than {cpu_seconds:g} s of CPU: ended"
    if status == -signal.SIGKILL:
        return "the reader was killed or gave no answer in time"
    return f"the reader died with status {status}"


# --- inside the worker --------------------------------------------------------------------------


def serve() -> None:
    """Answer frames from standard input until it ends."""
    cpu_seconds = float(sys.argv[1])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends us
    _bound_memory()
    source = os.fdopen(os.dup(0), "rb")
    sink = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # a library that prints must not print into the frames

    from ingest.harvest import add_page, harvest

    functions: dict[str, Callable[..., object]] = {"harvest": harvest, "add_page": add_page}
    while (question := _read_frame(source)) is not None:
        signal.setitimer(signal.ITIMER_PROF, cpu_seconds)
        answer = _answer(functions, question)
        signal.setitimer(signal.ITIMER_PROF, 0)
        payload = pickle.dumps(answer, protocol=pickle.HIGHEST_PROTOCOL)
        sink.write(len(payload).to_bytes(_LENGTH_BYTES, "big"))
        sink.write(payload)
        sink.flush()


def _answer(functions: Mapping[str, Callable[..., object]], question: bytes) -> object:
    name, arguments = pickle.loads(question)
    try:
        return functions[name](*arguments)
    except ParseError as error:
        return ParseError(str(error), error.outcome)
    except Exception as error:
        return f"{type(error).__name__}: {error}"[:500]


def _read_frame(source: IO[bytes]) -> bytes | None:
    head = source.read(_LENGTH_BYTES)
    if len(head) < _LENGTH_BYTES:
        return None
    length = int.from_bytes(head, "big")
    payload = source.read(length)
    return payload if len(payload) == length else None


def _bound_memory() -> None:
    import resource

    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (_MAX_MEMORY_BYTES, _MAX_MEMORY_BYTES))
