"""What one worker process of the scale benchmark does: claim, poll, store, look for matches."""

from __future__ import annotations

import gc
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import xxhash
from sqlalchemy import text

from benchmarks.scale_fill import Texts
from ingest.config import DedupeSettings, Settings
from ingest.dedupe import fingerprint
from ingest.errors import DatabaseUnreachable
from ingest.model import (
    Article,
    FeedDocument,
    Harvest,
    HarvestedEntry,
    Key,
    KeyKind,
    Polled,
    PollOutcome,
    PublishedQuality,
    Validators,
)
from ingest.record import Recorder, Unrecorded
from ingest.schedule.decide import decide
from ingest.store import leases, stories
from ingest.store.candidates import Readings
from ingest.store.engine import Database, open_database
from ingest.store.leases import DueFeed

CLAIM = 100  # feeds of one claim
HELD = 5  # claims of a worker whose polls are in flight
DOCUMENT_ENTRIES = 10  # new articles of a changed document
BATCH_POLLS = 50  # of one transaction: 500 rows, as the writer has it
_DOCUMENT = FeedDocument(format="rss20", lane="fast", title="A feed", language="en")


@dataclass(slots=True)
class Done:
    """What one worker did, and how long each of its steps took, in seconds."""

    count: int = 0
    seconds: list[float] = field(default_factory=list)
    taken: list[tuple[int, float]] = field(default_factory=list)  # feed id, end of the lease
    wall_seconds: float = 0.0
    cpu: list[float] = field(default_factory=list)  # of the worker, in each of these steps
    server: list[float] = field(default_factory=list)  # of the server process that serves it
    backend: int = 0  # that process, where the server is on this machine


@dataclass(frozen=True, slots=True)
class Task:
    """What every worker of a run is told."""

    url: str
    seconds: float = 5.0
    articles: int = 0
    words: int = 200
    settle: bool = False


def run_workers(work: Callable[[Task, int, Any], Done], task: Task, workers: int) -> list[Done]:
    """Run `work` in so many processes, all starting at the same moment."""
    context = get_context("spawn")
    with context.Manager() as manager:
        barrier = manager.Barrier(workers)
        with context.Pool(workers) as pool:
            asked = [pool.apply_async(work, (task, n, barrier)) for n in range(workers)]
            return [each.get() for each in asked]


def claims(task: Task, number: int, barrier: Any) -> Done:
    """Claim feeds as fast as they come. A worker holds five claims; older ones are put back.

    They come due again as after a poll, in one plain statement of which only the effect counts.
    """
    held: deque[list[DueFeed]] = deque()
    with _opened(task.url) as database:
        # The first claim of a process makes its statements ready, 40 ms: once, so not counted.
        _put_back(database, _claim(database, f"w{number}", datetime.now(UTC), CLAIM))
        done = Done()
        barrier.wait()
        _start(done, database)
        while time.perf_counter() - done.wall_seconds < task.seconds:
            now = datetime.now(UTC)
            claimed = _timed(done, partial(_claim, database, f"w{number}", now, CLAIM))
            if not claimed:
                break
            done.count += len(claimed)
            done.taken += [(due.feed_id, now.timestamp()) for due in claimed]
            held.append(list(claimed))
            if len(held) > HELD:
                _put_back(database, held.popleft())
        done = _end(done)
        while held:
            _put_back(database, held.popleft())
        return done


def unchanged_polls(task: Task, number: int, barrier: Any) -> Done:
    """Claim feeds and record a 304 for each, as the daemon's writer does."""
    with _opened(task.url) as database:
        recorder = _recorder(database)
        done = Done()
        barrier.wait()
        _start(done, database)
        while time.perf_counter() - done.wall_seconds < task.seconds:
            claimed = _claim(database, f"w{number}", datetime.now(UTC), CLAIM)
            if not claimed:
                break
            polls = [Unrecorded(due, _unchanged(due)) for due in claimed]
            _timed(done, partial(recorder.record, polls))
            done.count += len(polls)
        return _end(done)


def new_articles(task: Task, number: int, barrier: Any) -> Done:
    """Record changed documents of new articles; what the pure stages do is done beforehand."""
    with _opened(task.url) as database:
        recorder = _recorder(database)
        texts = Texts(1_000_000 + number + int(time.time()))
        entries = [_entry(texts, task.words, number, n) for n in range(task.articles)]
        wanted = len(entries) // DOCUMENT_ENTRIES
        due: list[DueFeed] = []
        while len(due) < wanted:
            more = _claim(database, f"w{number}", datetime.now(UTC), wanted - len(due))
            if not more:
                break
            due += more
        polls = [
            Unrecorded(one, _changed(one, entries[at : at + DOCUMENT_ENTRIES]))
            for at, one in zip(range(0, len(entries), DOCUMENT_ENTRIES), due, strict=False)
        ]
        done = Done()
        barrier.wait()
        _start(done, database)
        for at in range(0, len(polls), BATCH_POLLS):
            batch = polls[at : at + BATCH_POLLS]
            for recorded in _timed(done, partial(_patiently, recorder, batch)):
                done.count += recorded.counts.new if recorded.counts is not None else 0
            if task.settle:
                _timed(done, partial(_settled, recorder))
        while task.settle and _timed(done, partial(_settled, recorder)):
            pass
        return _end(done)


def settle_all(database: Database, limit: int, most: int) -> Done:
    """Look for matches of up to `most` queued articles, `limit` at a time."""
    done, readings = Done(), Readings()
    _start(done, database)
    while done.count < most:
        settle = partial(
            stories.settle,
            database,
            now=datetime.now(UTC),
            settings=DedupeSettings(),
            limit=limit,
            readings=readings,
        )
        settled = _timed(done, settle)
        if not settled:
            break
        done.count += len(settled)
    return _end(done)


class _opened:  # noqa: N801 - a context manager named as it is read
    def __init__(self, url: str) -> None:
        self._database = open_database(url)

    def __enter__(self) -> Database:
        gc.freeze()  # as the daemon does
        with self._database.connect():
            return self._database

    def __exit__(self, *_: object) -> None:
        self._database.close()


def _start(done: Done, database: Database) -> None:
    with database.connect() as connection:  # the worker's only one
        done.backend = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
    done.wall_seconds = time.perf_counter()


def _end(done: Done) -> Done:
    done.wall_seconds = time.perf_counter() - done.wall_seconds
    return done


def _cpu_of(process: int) -> float:
    """Seconds of CPU a process of one thread has used; 0 where it is not on this machine.

    From the scheduler's own account, in nanoseconds: `stat` counts in hundredths of a second.
    """
    try:
        return int(Path(f"/proc/{process}/schedstat").read_text(encoding="ascii").split()[0]) / 1e9
    except OSError:
        return 0.0


def _timed(done: Done, step: Callable[[], Sequence[Any]]) -> Sequence[Any]:
    before = time.perf_counter(), time.process_time(), _cpu_of(done.backend)
    result = step()
    done.seconds.append(time.perf_counter() - before[0])
    done.cpu.append(time.process_time() - before[1])
    done.server.append(_cpu_of(done.backend) - before[2])
    return result


def _patiently(recorder: Recorder, batch: Sequence[Unrecorded]) -> Sequence[Any]:
    """As the writer does: a transaction that a deadlock ended is made again."""
    while True:
        try:
            return recorder.record(batch)
        except DatabaseUnreachable:
            time.sleep(0.05)


def _settled(recorder: Recorder) -> Sequence[bool]:
    """Something where there is more to do."""
    return (True,) if recorder.settle() else ()


def _claim(database: Database, owner: str, now: datetime, limit: int) -> list[DueFeed]:
    with database.begin() as connection:
        return leases.claim_due(
            connection,
            now=now,
            limit=limit,
            owner=owner,
            lease_seconds=300,
            site_delay_seconds=1.0,
        )


def _put_back(database: Database, polled: Sequence[DueFeed]) -> None:
    with database.begin() as connection:
        later = [due.schedule.interval_seconds for due in polled]
        connection.execute(
            text(
                "UPDATE feed_schedule SET lease_until = NULL, lease_owner = NULL,"
                " next_poll_at = now() + after * interval '1 second'"
                " FROM unnest(CAST(:ids AS bigint[]), CAST(:later AS float[])) AS x(id, after)"
                " WHERE feed_id = x.id"
            ),
            {"ids": [due.feed_id for due in polled], "later": later},
        )


def _recorder(database: Database) -> Recorder:
    settings = Settings()
    return Recorder(
        database,
        settings,
        decide=lambda given: decide(given, settings.schedule),
        clock=lambda: datetime.now(UTC),
    )


def _unchanged(due: DueFeed) -> Polled:
    return Polled(
        started_at=datetime.now(UTC),
        outcome=PollOutcome.NOT_MODIFIED,
        status=304,
        url=due.url,
        headers={"content-type": "application/rss+xml", "cache-control": "max-age=300"},
        validators=due.validators,
        elapsed_seconds=0.2,
    )


def _changed(due: DueFeed, entries: Sequence[HarvestedEntry]) -> Polled:
    now = datetime.now(UTC)
    return replace(
        _unchanged(due),
        started_at=now,
        outcome=PollOutcome.OK,
        status=200,
        validators=Validators(f'"{now.timestamp()}"', None),
        body_hash=hash((due.feed_id, now)) >> 1,
        received_bytes=20_000,
        harvest=Harvest(_DOCUMENT, tuple(entries)),
    )


def _entry(texts: Texts, words: int, worker: int, number: int) -> HarvestedEntry:
    body = texts.write(words)
    headline = " ".join(body.split()[:9])
    name = f"{worker}-{number}-{time.time_ns()}"
    url = f"https://s{number}.example/{name}"
    now = datetime.now(UTC)
    article = Article(
        headline=headline,
        url=url,
        canonical_url=url,
        keys=(Key(KeyKind.GUID, name), Key(KeyKind.URL, url)),
        summary=body[:200],
        body_text=body,
        body_html=f"<p>{body}</p>",
        word_count=words,
        language="en",
        published_at=now - timedelta(minutes=10),
        published_raw=now.isoformat(),
        published_quality=PublishedQuality.EXACT,
        authors=("Ann Author",),
        content_hash=_hash(body),
        block_hashes=(_hash(body[:300]), _hash(body[300:])),
    )
    return HarvestedEntry(
        entry_key=_hash(name),
        entry_hash=_hash(body + name),
        article=article,
        fingerprint=fingerprint(headline, body),
        raw=body.encode()[:1000],
    )


def _hash(value: str) -> int:
    return xxhash.xxh3_64_intdigest(value.encode()) - (1 << 63)
