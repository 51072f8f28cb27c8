"""How late are healthy feeds polled while others misbehave? The real daemon, over loopback.

    python -m benchmarks.faults --feeds 300 --seconds 150

Starts the fault server with every fault of its catalogue, each on a site of its own, beside a
server of healthy feeds whose documents change, runs `ingest run` over an empty database, and prints
how long after their due time the healthy feeds were asked. To see many polls in little time, every
feed is put back to its turn every `--every` seconds, as if the publisher's floor were that low.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import random
import resource
import tempfile
import time
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import text

from ingest.config import FeedSettings, FetchSettings, ScheduleSettings, Settings
from ingest.schedule.daemon import Daemon
from ingest.schedule.run import run_daemon
from ingest.store import feeds
from ingest.store.engine import Database, open_database
from tests.fault_catalogue import FAULTS
from tests.faultserver import Exchange, FaultServer

_FLOOR_SECONDS = 15


class _News:
    """A feed of which every answer has something new in it."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._answers = 0

    async def __call__(self, exchange: Exchange) -> None:
        self._answers += 1
        items = "".join(
            f"<item><guid>{n}</guid><title>Piece {self._number}.{n}</title>"
            f"<link>https://h{self._number}.example/{n}</link>"
            f"<description>{_words(self._number * 100_000 + n)}</description></item>"
            for n in range(self._answers + 20, self._answers, -1)
        )
        body = f'<rss version="2.0"><channel><title>T</title>{items}</channel></rss>'
        await exchange.answer(200, body.encode(), [("content-type", "application/rss+xml")])


def _words(seed: int) -> str:
    luck = random.Random(seed)
    return " ".join("".join(luck.choices("abdeilmnorstu", k=6)) for _ in range(60))


def _hosts(prefix: int) -> Iterable[str]:
    return (f"127.{prefix}.{a}.{b}" for a in range(250) for b in range(1, 250))


def _settings(url: str, every: int) -> Settings:
    return replace(
        Settings(),
        database=replace(Settings().database, url=url),
        fetch=FetchSettings(allow_networks=("127.0.0.0/8",)),
        schedule=ScheduleSettings(
            min_interval_seconds=every,
            default_interval_seconds=every,
            max_interval_seconds=every,
        ),
    )


def _subscribe(database: Database, faults: FaultServer, fine: FaultServer, count: int) -> None:
    now = datetime.now(UTC)
    with database.begin() as connection:
        for name, host in zip(FAULTS, _hosts(2), strict=False):
            url = faults.url(f"/{name}", host=host)
            feeds.add(connection, FeedSettings(url=url, name=f"fault-{name}"), now=now)
        for number, host in zip(range(count), _hosts(3), strict=False):
            url = fine.on(f"/{number}", _News(number)).replace(fine.host, host)
            feeds.add(connection, FeedSettings(url=url, name=f"fine-{number}"), now=now)


async def _run(database: Database, settings: Settings, seconds: float) -> None:
    def started(daemon: Daemon) -> None:
        asyncio.get_running_loop().call_later(seconds, daemon.stop)

    await run_daemon(database, settings, started=started)


class _Lateness(logging.Handler):
    """Collects `late_seconds` of the canonical lines, healthy feeds' first polls aside."""

    def __init__(self) -> None:
        super().__init__()
        self.late: list[float] = []
        self.first: list[float] = []
        self.outcomes: dict[str, int] = {}
        self.errors: list[str] = []
        self._seen: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno >= logging.ERROR:
            self.errors.append(f"{record.getMessage()} {record.__dict__.get('fields', '')}")
        if record.getMessage() != "poll":
            return
        fields = record.__dict__["fields"]
        name = str(fields["feed"])
        kind = "fault" if name.startswith("fault-") else "fine"
        key = f"{kind} {fields['outcome']}"
        self.outcomes[key] = self.outcomes.get(key, 0) + 1
        if kind == "fine" and fields["late_seconds"] is not None:
            (self.late if name in self._seen else self.first).append(fields["late_seconds"])
            self._seen.add(name)


def _percentiles(values: list[float]) -> str:
    if not values:
        return "none"
    ordered = sorted(values)

    def at(share: float) -> float:
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    marks = ((0.5, "median"), (0.9, "90 %"), (0.99, "99 %"), (1.0, "worst"))
    return ", ".join(f"{name} {at(share):.1f} s" for share, name in marks)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--feeds", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=150.0)
    parser.add_argument("--every", type=int, default=_FLOOR_SECONDS)
    options = parser.parse_args()
    heard = _Lateness()
    logger = logging.getLogger("ingest")
    logger.addHandler(heard)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder)}/ingest.db"
        database = open_database(url, create=True)
        with FaultServer(host="0.0.0.0") as faults, FaultServer(host="0.0.0.0") as fine:
            _subscribe(database, faults, fine, options.feeds)
            started, before = time.monotonic(), time.process_time()
            settings = _settings(url, options.every)
            asyncio.run(_run(database, settings, options.seconds))
            wall, cpu = time.monotonic() - started, time.process_time() - before
        with database.connect() as connection:
            articles = connection.scalar(text("SELECT count(*) FROM article"))
        database.close()
    print(f"{len(FAULTS)} faulty and {options.feeds} healthy feeds, {wall:.0f} s")
    print(f"healthy polls: {len(heard.first)} first, {len(heard.late)} later; {articles} articles")
    print(f"late, first polls: {_percentiles(heard.first)}")
    print(f"late, later polls: {_percentiles(heard.late)}")
    workers = resource.getrusage(resource.RUSAGE_CHILDREN)
    beside = workers.ru_utime + workers.ru_stime
    print(f"CPU: {cpu:.1f} s here, servers included, {beside:.1f} s workers")
    print(f"memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB here,")
    print(f"        {workers.ru_maxrss / 1024:.0f} MiB the largest worker")
    print("errors said:", heard.errors or "none")
    for key, number in sorted(heard.outcomes.items()):
        print(f"  {key}: {number}")


if __name__ == "__main__":
    main()
