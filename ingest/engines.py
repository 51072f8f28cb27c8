"""Where bulk work runs: in this process, in processes on all cores, or on a Ray cluster.

    shards, one after the other -> a pure function, many at once -> results in the shards' order

A shard is data, its result depends on nothing else, and results come back in order. So what is made
of them is the same whichever engine ran and however the work was cut into shards; and since only
so many shards are under way at a time, memory is bounded by them and not by the archive.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from itertools import chain, islice
from typing import Any, Protocol, TypeVar

from ingest.errors import IngestError, UsageError

Shard = TypeVar("Shard")
Result = TypeVar("Result")

_FEW = 4  # shards
_AHEAD = 2  # shards for each core: one that is worked at, one that waits for it


class EngineName(StrEnum):
    """The engines by the names the command line has for them."""

    LOCAL = "local"
    RAY = "ray"


class Engine(Protocol):
    """Something that runs a function over shards."""

    @property
    def cores(self) -> int:
        """How many shards it works at at once."""

    def map(
        self, function: Callable[[Shard], Result], shards: Iterable[Shard]
    ) -> Iterator[tuple[Shard, Result]]:
        """Each shard with its result, in the order of the shards."""


class Alone:
    """One shard after the other, in this process."""

    cores = 1

    def map(
        self, function: Callable[[Shard], Result], shards: Iterable[Shard]
    ) -> Iterator[tuple[Shard, Result]]:
        """Each shard with its result, in the order of the shards."""
        for shard in shards:
            yield shard, function(shard)


@dataclass(frozen=True, slots=True)
class Many:
    """Several shards at once, somewhere else."""

    submit: Callable[[Callable[[Any], Any], Any], Any]  # function, shard -> a handle
    collect: Callable[[Any], Any]  # the handle -> the result, when it is there
    cores: int

    def map(
        self, function: Callable[[Shard], Result], shards: Iterable[Shard]
    ) -> Iterator[tuple[Shard, Result]]:
        """Each shard with its result, in the order of the shards."""
        under_way: deque[tuple[Shard, Any]] = deque()
        for shard in shards:
            under_way.append((shard, self.submit(function, shard)))
            if len(under_way) > _AHEAD * self.cores:
                first, handle = under_way.popleft()
                yield first, self.collect(handle)
        while under_way:
            first, handle = under_way.popleft()
            yield first, self.collect(handle)


@dataclass(frozen=True, slots=True)
class _Local:
    """The first shards in this process: processes cost a second to start, little work need not."""

    start: Callable[[], Engine]
    cores: int

    def map(
        self, function: Callable[[Shard], Result], shards: Iterable[Shard]
    ) -> Iterator[tuple[Shard, Result]]:
        given = iter(shards)
        yield from Alone().map(function, islice(given, _FEW))
        for first in given:
            yield from self.start().map(function, chain((first,), given))


@contextlib.contextmanager
def opened(
    name: EngineName, *, address: str | None = None, processes: int | None = None
) -> Iterator[Engine]:
    """An engine. `processes` (None: one a core) is of `local`, `address` (None: here) of `ray`.

    Raises UsageError where Ray is not installed or does not answer.
    """
    if name is EngineName.RAY:
        with _ray(address) as cluster:
            yield cluster
    elif address is not None:
        raise UsageError("--address belongs to --engine ray")
    elif (count := processes or cores()) == 1:
        yield Alone()
    else:
        with contextlib.ExitStack() as stack:
            yield _Local(cache(lambda: stack.enter_context(_pool(count))), count)


def cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextlib.contextmanager
def _pool(count: int) -> Iterator[Engine]:
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import get_context, resource_tracker

    # Not forked: this process has threads, and connections to the database.
    pool = ProcessPoolExecutor(count, mp_context=get_context("spawn"))
    resource_tracker.ensure_running()  # would let Ctrl-C through again while it is started

    def submit(function: Callable[[Any], Any], shard: Any) -> Any:
        """Ctrl-C is for this process alone: those that are started here inherit that it waits."""
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            return pool.submit(function, shard)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    try:
        yield Many(submit, lambda future: future.result(), count)
    except BrokenProcessPool as error:
        raise IngestError("a process that worked at a shard died; run it again") from error
    finally:
        pool.shutdown(cancel_futures=True)


@contextlib.contextmanager
def _ray(address: str | None) -> Iterator[Engine]:
    try:
        import ray
    except ImportError:
        raise UsageError("--engine ray: Ray is not installed; pip install 'ingest[ray]'") from None
    try:
        ray.init(address=address, log_to_driver=False, include_dashboard=None if address else False)
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise UsageError(f"--engine ray: {str(error).splitlines()[0]}") from error
    untyped: Any = ray  # whether it is installed or not, where types are checked
    remotes: dict[Callable[[Any], Any], Any] = {}

    def submit(function: Callable[[Any], Any], shard: Any) -> Any:
        if function not in remotes:
            remotes[function] = ray.remote(function)
        return remotes[function].remote(shard)

    try:
        resources: dict[str, float] = untyped.cluster_resources()
        yield Many(submit, ray.get, max(1, int(resources.get("CPU", 1))))
    finally:
        ray.shutdown()
