"""What a poll costs as feeds and articles grow: `python -m benchmarks.growth [FEEDS:ARTICLES …]`.

One SQLite database is filled step by step and probed at each step: CPU microseconds to claim and
record an unchanged poll, to read a document with news, to store a new article, and to look for its
story. The program itself stores the first articles, from the made-up feeds of `benchmarks.rivals`;
those beyond BY_ITSELF are copies of them (`growth_fill.py`). Best of several probes, as a busy
machine only ever adds. After each figure what it is times the first step's.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from itertools import count, cycle, islice
from pathlib import Path

from benchmarks.growth_fill import Copies
from benchmarks.growth_report import NAMES, Costs, Step, write_plot, write_table
from benchmarks.rivals.newsroom import Newsroom, document_of
from ingest.config import FeedSettings, Settings
from ingest.harvest import harvest
from ingest.jobs import HarvestJob
from ingest.model import Harvest, Polled, PollOutcome
from ingest.record import Recorder, Unrecorded
from ingest.schedule.decider import Decider
from ingest.store import feeds, leases
from ingest.store.engine import Database, open_database
from ingest.store.leases import DueFeed

STEPS = ("100:0", "1000:10000", "10000:100000", "10000:300000", "10000:1000000")
BY_ITSELF = 10_000  # articles that the program stores; more are copies
ENTRIES = 20  # of a made-up feed
PROBES = 8
UNCHANGED = 100  # polls of a probe
NEWS = 10  # feeds with a new document in a probe


class Growing:
    """The database, and a clock that moves with what happens to it."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.now = datetime.now(UTC)
        settings = Settings()
        self._decider = Decider(settings.schedule, clock=lambda: self.now)
        self._recorder = Recorder(
            database, settings, decide=self._decider.decide, clock=lambda: self.now
        )
        self._documents = _documents()
        self._changed = _changed()
        self._copies: Copies | None = None
        self._turn = 0
        self.feeds = 0
        self.articles = 0

    def grow(self, feeds_wanted: int, articles_wanted: int) -> None:
        with self.database.begin() as connection:
            while self.feeds < feeds_wanted:
                url = f"https://h{self.feeds}.example/feed"
                wanted = FeedSettings(url=url, name=f"f{self.feeds}", publisher=f"p{self.feeds}")
                feeds.add(connection, wanted, now=self.now)
                self.feeds += 1
        while self.articles < min(articles_wanted, BY_ITSELF):
            self.store(self.news())
            self.settle()
        if self.articles < articles_wanted:
            if self._copies is None:
                self._copies = Copies(self.database)
            missing = articles_wanted - self.articles
            self.articles += self._copies.write(missing, feeds=self.feeds)

    def close(self) -> None:
        if self._copies is not None:
            self._copies.close()
        self.database.close()

    def claim(self, number: int) -> list[DueFeed]:
        """The next feeds in turn. The clock moves little, so that all articles stay comparable."""
        self.now += timedelta(seconds=10)
        wanted = [(self._turn + step) % self.feeds + 1 for step in range(number)]
        self._turn += number
        with self.database.begin() as connection:
            return leases.claim_due(
                connection,
                now=self.now,
                limit=number,
                owner="growth",
                lease_seconds=600,
                feed_ids=wanted,
            )

    def news(self) -> list[Harvest]:
        """What the next feeds with news bring."""
        return list(islice(self._documents, NEWS))

    def poll_unchanged(self) -> int:
        due = self.claim(UNCHANGED)
        self._recorder.record([Unrecorded(one, _polled(self.now, None)) for one in due])
        return len(due)

    def store(self, harvests: Sequence[Harvest]) -> int:
        due = self.claim(len(harvests))
        self._recorder.record(
            [
                Unrecorded(one, _polled(self.now, made))
                for one, made in zip(due, harvests, strict=True)
            ]
        )
        stored = sum(len(made.entries) for made in harvests)
        self.articles += stored
        return stored

    def settle(self) -> None:
        while self._recorder.settle():
            pass

    def probe(self) -> Costs:
        unchanged, read, stored, settled = [], [], [], []
        for _ in range(PROBES):
            started = time.process_time()
            polls = self.poll_unchanged()
            unchanged.append((time.process_time() - started) / polls)
            jobs = [next(self._changed) for _ in range(NEWS)]
            started = time.process_time()
            for body, job in jobs:
                harvest(body, job)
            read.append((time.process_time() - started) / NEWS)
            news = self.news()
            started = time.process_time()
            articles = self.store(news)
            stored.append((time.process_time() - started) / articles)
            started = time.process_time()
            self.settle()
            settled.append((time.process_time() - started) / articles)
        return Costs(*(min(times) * 1e6 for times in (unchanged, read, stored, settled)))


def _documents() -> Iterator[Harvest]:
    """New documents, each of a made-up feed of its own."""
    for seed in count():
        for feed in Newsroom(100, entries=ENTRIES, seed=seed).feeds:
            url = f"https://m{seed}-{feed.number}.example/feed"
            job = HarvestJob(url=url, now=datetime.now(UTC))
            yield harvest(document_of(feed, url), job)


def _changed() -> Iterator[tuple[bytes, HarvestJob]]:
    """Documents of which all entries are known but the newest one or two."""
    for number, feed in enumerate(cycle(Newsroom(100, entries=ENTRIES, seed=0).feeds)):
        url = f"https://m0-{feed.number}.example/feed"
        body, job = document_of(feed, url), HarvestJob(url=url, now=datetime.now(UTC))
        entries = harvest(body, job).entries[1 + number % 2 :]
        yield body, replace(job, known={one.entry_key: one.entry_hash for one in entries})


def _polled(now: datetime, made: Harvest | None) -> Polled:
    if made is None:
        return Polled(started_at=now, outcome=PollOutcome.NOT_MODIFIED, status=304)
    return Polled(started_at=now, outcome=PollOutcome.OK, status=200, harvest=made)


def run(steps: Sequence[tuple[int, int]], path: Path, out: Path | None) -> None:
    """Print a line for each step; into the folder `out` go table, JSON and plot."""
    growing = Growing(open_database(f"sqlite:///{path}", create=True))
    print(f"   feeds  articles   MB | CPU us, times the first: {', '.join(NAMES.values())}")
    found: list[Step] = []
    growing.grow(steps[0][0], 0)
    growing.probe()  # modules and statements are loaded now
    for feed_count, article_count in steps:
        growing.grow(feed_count, article_count)
        size_mb = path.stat().st_size / 1e6
        feeds_now, articles_now = growing.feeds, growing.articles
        found.append(Step(feeds_now, articles_now, size_mb, growing.probe()))
        ratios = found[-1].ratios(found[0])
        told = (f"{us:6.0f} x{ratios[name]:.2f}" for name, us in found[-1].costs.parts.items())
        print(f"{feeds_now:8} {articles_now:9} {size_mb:5.0f} | {'  '.join(told)}", flush=True)
        if out is not None:  # after each step: what was measured outlives an interruption
            out.mkdir(parents=True, exist_ok=True)
            (out / "growth.json").write_text(json.dumps([*map(asdict, found)], indent=1) + "\n")
            write_table(out / "growth.md", found)
            write_plot(out / "growth.svg", found)
    growing.close()


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.growth", description=__doc__)
    parser.add_argument("steps", nargs="*", default=STEPS, metavar="FEEDS:ARTICLES")
    parser.add_argument("--temporary", help="where the database is kept meanwhile")
    parser.add_argument("--out", type=Path, help="folder for growth.json, growth.md and growth.svg")
    options = parser.parse_args()
    steps = []
    for step in options.steps:
        feed_count, _, article_count = step.partition(":")
        steps.append((int(feed_count), int(article_count)))
    with tempfile.TemporaryDirectory(prefix="growth-", dir=options.temporary) as folder:
        run(steps, Path(folder) / "growth.db", options.out)


if __name__ == "__main__":
    main()
