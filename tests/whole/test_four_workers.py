"""Four real daemons over one PostgreSQL, two of them killed: what their users and publishers see.

Which process dies where is told by counting what it does with the database, so no clock decides it.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import text

from ingest.config import DedupeSettings
from ingest.store import stories
from ingest.store.engine import Database, open_database
from tests.faults.fleet import utc_now
from tests.faultserver import RSS, Exchange, FaultServer, Seen

SITES, FEEDS_A_SITE, WORKERS, POLLS = 10, 2, 4, 4
INTERVAL_SECONDS, DELAY_SECONDS = 6.0, 2.0
PATIENCE_SECONDS = 400.0  # only a system that stands still takes so long
_ROOT = Path(__file__).parents[2]
_CONFIG = f"""
[fetch]
allow_networks = ["127.0.0.0/8"]
site_delay_seconds = {DELAY_SECONDS}
transport = "httpx"
[parse]
workers = 1
[schedule]
min_interval_seconds = {INTERVAL_SECONDS:.0f}
default_interval_seconds = {INTERVAL_SECONDS:.0f}
max_interval_seconds = {INTERVAL_SECONDS:.0f}
lease_seconds = 25
poll_timeout_seconds = 20
"""
_WORDS = [
    f"{a}{b}"
    for a in ("har", "mel", "dor", "sil", "ven", "tar", "qui", "ros")
    for b in ("bour", "ton", "wick", "stead", "ford", "ley", "mere", "dale")
]


def _piece(name: str) -> str:
    """A text of ninety words, always the same for the same name."""
    return " ".join(random.Random(name).choices(_WORDS, k=90))


def _document(feed: int, polls: int) -> bytes:
    """One more wire piece at every poll, which all feeds carry, and one more of its own."""
    items = "".join(
        f"<item><guid>{feed}-{name}</guid><link>https://outlet{feed}.example/{name}</link>"
        f"<title>{_piece(text)[:50]}</title><description>{_piece(text)}</description></item>"
        for number in range(polls)
        for name, text in (
            (f"wire{number}", f"wire {number}"),
            (f"own{number}", f"own {feed} {number}"),
        )
    )
    head = f"<title>Outlet {feed}</title><link>https://outlet{feed}.example/</link>"
    return f'<rss version="2.0"><channel>{head}{items}</channel></rss>'.encode()


@contextmanager
def _publisher() -> Iterator[FaultServer]:
    """Serves all feeds, each at a site (a loopback address) that it shares with one other."""
    counts: defaultdict[str, int] = defaultdict(int)

    async def serve(exchange: Exchange) -> None:
        path = exchange.seen.path
        counts[path] += 1
        await exchange.answer(
            200, _document(int(path.rpartition("/")[2]), min(counts[path], POLLS)), [RSS]
        )

    with FaultServer(host="0.0.0.0") as server:  # every loopback address
        server.default = serve
        yield server


class _Canary:
    """Notes when this machine stood still or was short of time: spacing cannot be seen then.

    Who only sleeps is woken at once however busy the machine is, so the canary also works a little.
    """

    def __init__(self) -> None:
        self.late: list[tuple[float, float]] = []  # from, to (monotonic)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> _Canary:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        before = time.monotonic()
        while not self._stop.wait(0.02):
            work_until = time.thread_time() + 0.002
            while time.thread_time() < work_until:
                pass
            now = time.monotonic()
            if now - before > 0.1:
                self.late.append((before, now))
            before = now

    def sang(self, start: float, end: float) -> bool:
        """Whether the machine was at hand all the time."""
        return not any(start < to and since < end for since, to in self.late)


class _Fleet:
    """The daemons, by the name under which each of them introduces itself to servers."""

    def __init__(self, folder: Path, url: str, config: Path) -> None:
        self._folder, self._url, self._config = folder, url, config
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, plan: str) -> None:
        command = [sys.executable, "-m", "tests.faults.dying", plan]
        command += [str(self._folder / f"{name}.counts"), "--config", str(self._config)]
        command += ["--database", self._url, "run"]
        with (self._folder / f"{name}.log").open("wb") as log:
            self.processes[name] = subprocess.Popen(
                command,
                stdout=log,
                stderr=log,
                cwd=_ROOT,
                env={**os.environ, "INGEST_FETCH__USER_AGENT": name, "INGEST_LOG__FORMAT": "json"},
            )

    def log_of(self, name: str) -> str:
        return (self._folder / f"{name}.log").read_text(encoding="utf-8")[-3_000:]

    def end(self) -> None:
        for process in self.processes.values():
            process.kill()
            process.wait(60)


@contextmanager
def _fleet(folder: Path, url: str, config: Path) -> Iterator[_Fleet]:
    started = _Fleet(folder, url, config)
    try:
        yield started
    finally:
        started.end()


def _polls(database: Database) -> dict[str, list[tuple[float, float]]]:
    """Of every feed, by its path: when each poll began, and the interval decided after it."""
    found: dict[str, list[tuple[float, float]]] = defaultdict(list)
    with database.connect() as connection:
        rows = connection.execute(
            text(
                "SELECT f.url, p.started_at, p.interval_seconds FROM poll p"
                " JOIN feed f ON f.id = p.feed_id ORDER BY p.started_at"
            )
        )
        for url, started_at, interval in rows:
            found["/" + url.split("/", 3)[3]].append((started_at.timestamp(), interval))
    return found


@pytest.fixture
def database(postgresql_url: str) -> Iterator[Database]:
    opened = open_database(postgresql_url)
    yield opened
    opened.close()


def test_four_workers_of_which_two_are_killed(
    tmp_path: Path, postgresql_url: str, database: Database
) -> None:
    luck = random.Random(20260302)
    config = tmp_path / "config.toml"
    with _publisher() as server, _Canary() as canary, _fleet(tmp_path, postgresql_url, config) as f:
        paths = [f"/feed/{number}" for number in range(SITES * FEEDS_A_SITE)]
        feeds = "".join(
            f'[[feeds]]\nurl = "http://127.7.0.{1 + number % SITES}:{server.port}{path}"\n'
            f'name = "feed {number}"\npublisher = "outlet {number}"\n'
            for number, path in enumerate(paths)
        )
        config.write_text(_CONFIG + feeds, encoding="utf-8")
        killed = {"worker-0", "worker-1"}
        for name in sorted(killed):
            f.start(name, f"self:{luck.randint(150, 900)}")
        survivors = [f"worker-{number}" for number in range(len(killed), WORKERS)]
        for name in survivors:
            f.start(name, "count")

        for name in sorted(killed):
            assert f.processes[name].wait(PATIENCE_SECONDS) == -signal.SIGKILL, f.log_of(name)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while len(polled := _polls(database)) < len(paths) or min(map(len, polled.values())) < (
            POLLS + 1
        ):
            assert time.monotonic() < deadline, {path: len(p) for path, p in polled.items()}
            assert all(f.processes[name].poll() is None for name in survivors)
            time.sleep(0.2)
        for name in survivors:
            f.processes[name].terminate()
        for name in survivors:
            assert f.processes[name].wait(PATIENCE_SECONDS) == 0, f.log_of(name)
        requests = list(server.requests)

    _every_poll_was_made_by_one_worker_in_its_time(requests, _polls(database), killed)
    _no_site_was_asked_too_soon(requests, canary)
    _nothing_is_doubled_and_copies_are_together(database, len(paths))


def _every_poll_was_made_by_one_worker_in_its_time(
    requests: Sequence[Seen], polled: dict[str, list[tuple[float, float]]], killed: set[str]
) -> None:
    # One that is killed early may not have got to ask anybody; the survivors share what there is.
    assert len({seen.headers["user-agent"] for seen in requests}) > 1, "one did everything"
    for path, polls in polled.items():
        asked = [seen for seen in requests if seen.path == path]
        by_survivors = [seen for seen in asked if seen.headers["user-agent"] not in killed]
        # What a worker asked for and could not record any more is asked for again, nothing else.
        assert len(by_survivors) <= len(polls) <= len(asked), path
        for (before, interval), (after, _) in pairwise(polls):
            assert after >= before + interval, f"{path} was polled before it was due"


def _no_site_was_asked_too_soon(requests: Sequence[Seen], canary: _Canary) -> None:
    sites: defaultdict[str, list[float]] = defaultdict(list)
    for seen in requests:
        sites[seen.headers["host"]].append(seen.at)
    assert len(sites) == SITES
    judged = 0
    for site, times in sites.items():
        for before, after in pairwise(sorted(times)):
            if canary.sang(before - DELAY_SECONDS, after):
                judged += 1
                # A request may leave a little after its turn and the next one on time.
                assert after - before >= DELAY_SECONDS / 2, f"{site}: {after - before:.3f} s"
    assert judged or canary.late


def _nothing_is_doubled_and_copies_are_together(database: Database, feeds: int) -> None:
    while stories.settle(database, now=utc_now(), settings=DedupeSettings()):
        pass  # idle: what the dead ones left on the queue is settled by whoever comes
    with database.connect() as connection:

        def number(query: str) -> int:
            return int(connection.scalar(text(query)) or 0)

        assert number("SELECT count(*) FROM match_queue") == 0
        assert number("SELECT count(*) FROM article") == feeds * POLLS * 2
        assert number("SELECT count(DISTINCT canonical_url) FROM article") == feeds * POLLS * 2
        assert number("SELECT count(*) FROM sighting") == feeds * POLLS * 2
        assert number("SELECT count(*) FROM revision") == 0
        assert number("SELECT count(*) FROM story_article") == feeds * POLLS * 2
        apart = (
            "SELECT count(*) FROM (SELECT a.headline FROM article a JOIN story_article s"
            " ON s.article_id = a.id GROUP BY a.headline HAVING count(DISTINCT s.story_id) > 1) x"
        )
        assert number(apart) == 0, "a copy is in another story"
        stories_with_articles = "SELECT count(DISTINCT story_id) FROM story_article"
        assert number(stories_with_articles) == POLLS + feeds * POLLS
