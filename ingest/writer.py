"""The one writer: finished polls go in, batches go to the database, records come back.

SQLite has one writer and PostgreSQL loves batches, so polls that finish within a short while share
a transaction. A batch is written by a thread, so that the event loop goes on answering; while one
batch is written the next one gathers, which makes batches large exactly when there is much to do.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Generic, Self, TypeVar

from ingest.errors import DatabaseUnreachable
from ingest.quiet import Quiet

Item = TypeVar("Item")
Record = TypeVar("Record")
Result = TypeVar("Result")

_FIRST_PAUSE_SECONDS = 0.25
_LONGEST_PAUSE_SECONDS = 30.0


@dataclass(frozen=True, slots=True, eq=False)
class _Queued(Generic[Item, Record]):
    """An item and whoever waits for its record (or no longer does: a cancelled poll)."""

    item: Item
    future: asyncio.Future[Record]

    def answer(self, record: Record) -> None:
        if not self.future.done():
            self.future.set_result(record)

    def fail(self, error: Exception) -> None:
        if not self.future.done():
            self.future.set_exception(error)


class Writer(Generic[Item, Record]):
    """Gathers items into batches and hands each batch to `write`, in a thread of its own.

    `write` takes a batch and returns one record an item, or raises: DatabaseUnreachable makes the
    writer wait and try the batch again, for as long as `patience_seconds` (None: for ever).
    Anything else is held against a single item: the batch is written again one by one, and an item
    that fails alone is handed to `write_failed` with its error. `after` runs in the same thread
    after each batch: it returns whether there is more for it to do, and is then called again as
    soon as no batch waits.
    """

    def __init__(
        self,
        write: Callable[[Sequence[Item]], Sequence[Record]],
        *,
        write_failed: Callable[[Item, Exception], Record],
        after: Callable[[], bool],
        rows_of: Callable[[Item], int],
        batch_rows: int,
        batch_seconds: float,
        patience_seconds: float | None = None,
        on_trouble: Callable[[str | None], None] = lambda _: None,
        quiet: Quiet | None = None,
    ) -> None:
        self._quiet = quiet or Quiet()
        self._write = write
        self._write_failed = write_failed
        self._after = after
        self._rows_of = rows_of
        self._batch_rows = batch_rows
        self._batch_seconds = batch_seconds
        self._patience_seconds = patience_seconds
        self._on_trouble = on_trouble
        self._queue: deque[_Queued[Item, Record]] = deque()
        self._wake = asyncio.Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ingest-writer")
        self._task: asyncio.Task[None] | None = None
        self._is_ending = False
        self._after_has_more = True  # what an earlier process left behind

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run(), name="ingest-writer")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Write what is queued, finish what follows from it, and end the thread."""
        self._is_ending = True
        self._wake.set()
        assert self._task is not None
        if error is not None and not isinstance(error, Exception):
            self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        self._thread.shutdown(wait=True)

    @property
    def waiting(self) -> int:
        """How many items are queued and in no batch yet."""
        return len(self._queue)

    async def submit(self, item: Item) -> Record:
        """Queue an item; return its record once the item's transaction is committed.

        Raises DatabaseUnreachable where the database stayed away for longer than the patience.
        """
        future: asyncio.Future[Record] = asyncio.get_running_loop().create_future()
        self._queue.append(_Queued(item, future))
        self._wake.set()
        return await future

    async def _run(self) -> None:
        while True:
            batch = await self._gather()
            if batch:
                await self._store(batch)
            if self._after_has_more or batch:
                self._after_has_more = await self._follow_up()
            if self._is_ending and not self._queue and not self._after_has_more:
                return

    async def _gather(self) -> list[_Queued[Item, Record]]:
        """The next batch; an empty one where there is other work, or nothing will come."""
        loop = asyncio.get_running_loop()
        if not self._queue and not self._after_has_more:
            await self._wait_for_more(None)
        deadline = loop.time() + self._batch_seconds
        batch: list[_Queued[Item, Record]] = []
        rows = 0
        while rows < self._batch_rows:
            if self._queue:
                batch.append(self._queue.popleft())
                rows += self._rows_of(batch[-1].item)
            elif not batch or self._is_ending or (left := deadline - loop.time()) <= 0:
                break
            else:
                await self._wait_for_more(left)
        return batch

    async def _wait_for_more(self, seconds: float | None) -> None:
        """Return when something was queued, when the writer is to end, or after `seconds`."""
        self._wake.clear()
        if self._queue or self._is_ending:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()

    async def _store(self, batch: list[_Queued[Item, Record]]) -> None:
        try:
            records = await self.patiently(partial(self._write, [queued.item for queued in batch]))
        except DatabaseUnreachable as error:
            for queued in batch:
                queued.fail(error)
        except Exception as error:
            await self._store_one_by_one(batch, error)
        else:
            for queued, record in zip(batch, records, strict=True):
                queued.answer(record)

    async def _store_one_by_one(self, batch: list[_Queued[Item, Record]], error: Exception) -> None:
        for queued in batch:
            try:
                if len(batch) == 1:
                    raise error
                item = queued.item
                (record,) = await self.patiently(partial(self._write, [item]))
            except DatabaseUnreachable as away:
                queued.fail(away)
                continue
            except Exception as own:
                try:
                    failed = partial(self._write_failed, queued.item, own)
                    record = await self.patiently(failed)
                except Exception as final:
                    queued.fail(final)
                    continue
            queued.answer(record)

    async def _follow_up(self) -> bool:
        try:
            return await self.patiently(self._after)
        except DatabaseUnreachable:
            return False
        except Exception:
            # What follows a batch can be done later; the polls behind it cannot wait for it.
            logging.getLogger("ingest").exception("follow_up_failed")
            return False

    async def patiently(
        self, work: Callable[[], Result], *, thread: ThreadPoolExecutor | None = None
    ) -> Result:
        """Run `work` in a thread, or the writer's own; again and again while the database is away.

        Raises DatabaseUnreachable when the patience is over.
        """
        loop = asyncio.get_running_loop()
        pause = _FIRST_PAUSE_SECONDS
        started = loop.time()
        while True:
            try:
                result = await self._quiet.run(thread or self._thread, work)
            except DatabaseUnreachable as error:
                waited = loop.time() - started
                if self._patience_seconds is not None and waited >= self._patience_seconds:
                    raise
                self._on_trouble(str(error))
                await asyncio.sleep(random.uniform(pause / 2, pause))
                pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
            else:
                self._on_trouble(None)
                return result
