"""`kill -9` at any instant: what the database holds in the end is as if nothing had happened.

Rounds of recorded or invented polls are fetched by real `ingest fetch --all` processes. Some of
them, or one of their workers, are killed at seeded moments; each round is repeated until a process
gets through. The reference is the same run without kills. One request at a time, so that both runs
bring the articles in the same order: which of two copies came first is then no accident.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import text

from ingest.store.engine import Database, open_database
from tests.whole.replay import Series, serving

_CONFIG = """
[fetch]
allow_networks = ["127.0.0.0/8"]
site_delay_seconds = 0
concurrency = 1
transport = "httpx"
[parse]
workers = 1
[schedule]
lease_seconds = 1
"""
_LEASE_SECONDS = 1.0


@dataclass(frozen=True)
class Content:
    """What a database holds, without ids and times: equal runs give equal contents."""

    articles: frozenset[tuple[str, ...]]
    revisions: frozenset[tuple[str, ...]]
    sightings: frozenset[tuple[str, ...]]
    stories: frozenset[frozenset[str]]
    waiting: int


def content_of(database: Database) -> Content:
    with database.connect() as connection:

        def rows(query: str) -> list[tuple[str, ...]]:
            return [tuple(map(str, row)) for row in connection.execute(text(query))]

        articles = rows("SELECT coalesce(canonical_url, url), headline, content_hash FROM article")
        assert len(articles) == len(set(articles)), "an article is there twice"
        members: dict[str, set[str]] = defaultdict(set)
        for story, *article in rows(
            "SELECT s.story_id, coalesce(a.canonical_url, a.url), a.headline"
            " FROM story_article s JOIN article a ON a.id = s.article_id"
        ):
            members[story].add("\n".join(article))
        (waiting,) = rows("SELECT count(*) FROM match_queue")[0]
        return Content(
            frozenset(articles),
            frozenset(
                rows(
                    "SELECT coalesce(a.canonical_url, a.url), r.number, r.headline, r.content_hash"
                    " FROM revision r JOIN article a ON a.id = r.article_id"
                )
            ),
            frozenset(
                rows(
                    "SELECT f.name, s.entry_key, s.entry_hash FROM sighting s"
                    " JOIN feed f ON f.id = s.feed_id"
                )
            ),
            frozenset(frozenset(story) for story in members.values()),
            int(waiting),
        )


class Run:
    """One database, and the processes that fetch into it."""

    def __init__(self, folder: Path, url: str, address: str, names: list[str]) -> None:
        self.url = url
        self.config = folder / "config.toml"
        feeds = "".join(
            f'[[feeds]]\nurl = "{address}/{name}"\nname = "{name}"\npublisher = "{name}"\n'
            for name in names
        )
        self.config.write_text(_CONFIG + feeds, encoding="utf-8")
        open_database(url, create=True, upgrade=True).close()

    def start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "ingest", "--config", str(self.config)]
        command += ["--database", self.url, "fetch", "--all"]
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def finish_round(self) -> float:
        """Fetch until a process gets through; return how long the last one took."""
        for _ in range(5):
            time.sleep(_LEASE_SECONDS)  # what a killed process held can be claimed again
            started = time.monotonic()
            status = self.start().wait(timeout=120)
            if status == 0:
                return time.monotonic() - started
        raise AssertionError(f"`ingest fetch --all` ends with {status}")

    def killed(self, after_seconds: float, *, worker: bool) -> bool:
        """Start a fetch and kill it, or one of its workers; whether there was one to kill."""
        process = self.start()
        try:
            process.wait(timeout=after_seconds)
        except subprocess.TimeoutExpired:
            pass
        else:
            return False
        victims = _children(process.pid) if worker else [process.pid]
        for pid in victims:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        if worker:
            time.sleep(0.05)
            process.kill()
        process.wait(timeout=60)
        return bool(victims)


def _children(pid: int) -> list[int]:
    try:
        listed = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    except FileNotFoundError:
        return []
    return [int(one) for one in listed.split()]


def invented_series(folder: Path, *, feeds: int, rounds: int) -> Series:
    """Feeds that share wire stories, edit some and add some each round."""
    luck = random.Random(20260301)
    words = [
        f"{a}{b}"
        for a in ("har", "mel", "dor", "sil", "ven", "tar")
        for b in ("bour", "ton", "wick", "stead", "ford", "ley", "mere", "dale")
    ]
    wire = [" ".join(luck.choices(words, k=90)) for _ in range(6 * rounds)]
    for name in (f"outlet{number}" for number in range(feeds)):
        target = folder / name
        target.mkdir(parents=True)
        for number in range(rounds):
            items = []
            for at in range(max(0, 4 * number - 6), 4 * number + 6):
                body = _body(wire, words, name, at)
                edit = " Updated." if number % 2 and at % 5 == 0 else ""
                items.append(
                    f"<item><guid>{name}-{at}</guid><link>https://{name}.example/{at}</link>"
                    f"<title>{body[:60]}</title><description>{body}.{edit}</description></item>"
                )
            path = target / f"{number:04d}_2026-03-01T{8 + number:02d}0000p0000.xml"
            path.write_text(
                f'<rss version="2.0"><channel><title>{name}</title>'
                f"<link>https://{name}.example/</link>{''.join(items)}</channel></rss>",
                encoding="utf-8",
            )
    return Series.read(folder)


def _body(wire: list[str], words: list[str], name: str, at: int) -> str:
    """An outlet's story: it stays what it is from round to round, the wire's or its own."""
    luck = random.Random(f"{name}{at}")
    if luck.random() < 0.4:
        return wire[at % len(wire)]
    return " ".join(luck.choices(words, k=70)) + f" {name}{at}"


def compare_with_kills(folder: Path, series: Series, urls: tuple[str, str], kills: int) -> None:
    """Run the series twice, the second time with kills, and compare what was stored."""
    luck = random.Random(4711)
    names = sorted(series.feeds)
    rounds = max(map(len, series.feeds.values()))
    with serving(series) as address:
        for kind in ("reference", "faulty"):
            (folder / kind).mkdir()
        reference = Run(folder / "reference", urls[0], address, names)
        faulty = Run(folder / "faulty", urls[1], address, names)
        hit = 0
        for _ in series.rounds():
            seconds = reference.finish_round()
            for _ in range(-(-kills // rounds)):
                hit += faulty.killed(luck.uniform(0.3, 1.0) * seconds, worker=luck.random() < 0.3)
                # Let the dead one's lease run out: a feed still held is passed over, and the articles
                # would come in another order.
                time.sleep(_LEASE_SECONDS)
            faulty.finish_round()
    wanted, got = (_content(url) for url in urls)
    assert hit >= kills // 3, "hardly any kill met a process that was at work"
    assert wanted.waiting == got.waiting == 0
    assert got.articles == wanted.articles
    assert got.revisions == wanted.revisions
    assert got.sightings == wanted.sightings
    assert got.stories == wanted.stories


def _content(url: str) -> Content:
    database = open_database(url)
    try:
        return content_of(database)
    finally:
        database.close()


def test_a_run_killed_again_and_again_stores_what_an_unharmed_one_stores(tmp_path: Path) -> None:
    series = invented_series(tmp_path / "feeds", feeds=4, rounds=2)
    urls = (f"sqlite:///{tmp_path}/reference.db", f"sqlite:///{tmp_path}/faulty.db")
    compare_with_kills(tmp_path, series, urls, kills=6)


@pytest.mark.slow
@pytest.mark.corpora
def test_killed_at_two_hundred_points_of_a_real_replay(tmp_path: Path) -> None:
    folder = os.environ.get("INGEST_CORPORA")
    if not folder or not (Path(folder) / "wire-series").is_dir():
        pytest.skip("wire-series: INGEST_CORPORA names no folder that holds it")
    series = Series.read(Path(folder) / "wire-series")
    for name, documents in series.feeds.items():
        series.feeds[name] = documents[::8]
    urls = (f"sqlite:///{tmp_path}/reference.db", f"sqlite:///{tmp_path}/faulty.db")
    compare_with_kills(tmp_path, series, urls, kills=200)
