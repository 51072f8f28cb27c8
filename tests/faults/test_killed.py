"""`kill -9` at any point: what the database holds in the end is as if nothing had happened.

Rounds of recorded or invented polls are fetched by real `ingest fetch --all` processes. Some of
them, or one of their workers, die at seeded points (see `dying`); each round is repeated until a
process gets through. The reference is the same run without kills. One request at a time, so that
both runs bring the articles in the same order: which of two copies came first is then no accident.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
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
_ROOT = Path(__file__).parents[2]
_LEASE_SECONDS = 1.0
_HANGS_SECONDS = 600.0  # no fetch takes so long, on any machine


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
        self._counts = folder / "counts.json"
        self._log = folder / "log"  # what the processes said
        self.statements = 0  # points at which the last process that got through could have died
        self.documents = 0
        feeds = "".join(
            f'[[feeds]]\nurl = "{address}/{name}"\nname = "{name}"\npublisher = "{name}"\n'
            for name in names
        )
        self.config.write_text(_CONFIG + feeds, encoding="utf-8")
        open_database(url, create=True, upgrade=True).close()

    def fetch(self, plan: str) -> int:
        """Fetch every feed once, or die as planned; the exit status."""
        self._counts.unlink(missing_ok=True)
        command = [sys.executable, "-m", "tests.faults.dying", plan, str(self._counts)]
        command += ["--config", str(self.config), "--database", self.url, "fetch", "--all"]
        with self._log.open("ab") as log:
            status = subprocess.run(
                command,
                stdout=log,
                stderr=subprocess.STDOUT,
                timeout=_HANGS_SECONDS,
                cwd=_ROOT,
                check=False,
            ).returncode
        if self._counts.exists():
            self.statements, self.documents = json.loads(self._counts.read_text(encoding="ascii"))
        # Let what a dead process held run out: a feed still held is passed over, and the articles
        # would come in another order.
        time.sleep(_LEASE_SECONDS)
        return status

    def finish_round(self) -> None:
        """Fetch until a process gets through."""
        for _ in range(5):
            status = self.fetch("count")
            if status == 0:
                return
        said = self._log.read_text(encoding="utf-8", errors="replace")[-2_000:]
        raise AssertionError(f"`ingest fetch --all` ends with {status}:\n{said}")

    def killed(self, luck: random.Random, victims: Sequence[str]) -> bool:
        """Fetch with a planned death; whether the plan came to pass."""
        victim = luck.choice(victims)
        points = self.statements if victim == "self" else self.documents
        if points == 0:
            return False
        status = self.fetch(f"{victim}:{luck.randint(1, points)}")
        # Where a worker alone died the process lives on, and says that something failed.
        return status == (1 if victim == "worker" else -signal.SIGKILL)


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


def compare_with_kills(
    folder: Path,
    series: Series,
    urls: tuple[str, str],
    kills: int,
    victims: Sequence[str] = ("self", "self", "both"),
) -> None:
    """Run the series twice, the second time with kills, and compare what was stored."""
    luck = random.Random(4711)
    names = sorted(series.feeds)
    left = max(map(len, series.feeds.values()))
    hits = 0
    with serving(series) as address:
        for kind in ("reference", "faulty"):
            (folder / kind).mkdir()
        reference = Run(folder / "reference", urls[0], address, names)
        faulty = Run(folder / "faulty", urls[1], address, names)
        for _ in series.rounds():
            reference.finish_round()
            wanted = hits + -(-(kills - hits) // left)
            left -= 1
            for _ in range(4 * (wanted - hits)):
                if hits == wanted:
                    break
                # While nothing of this round is stored, it takes as long as the reference did.
                faulty.statements = faulty.statements or reference.statements
                faulty.documents = faulty.documents or reference.documents
                hits += faulty.killed(luck, victims)
            faulty.finish_round()
            faulty.statements = faulty.documents = 0
    there, got = (_content(url) for url in urls)
    assert hits == kills, "too few processes died at their point"
    assert there.waiting == got.waiting == 0
    assert got.articles == there.articles
    assert got.revisions == there.revisions
    assert got.sightings == there.sightings
    assert got.stories == there.stories


def _content(url: str) -> Content:
    database = open_database(url)
    try:
        return content_of(database)
    finally:
        database.close()


def _urls(folder: Path) -> tuple[str, str]:
    return f"sqlite:///{folder}/reference.db", f"sqlite:///{folder}/faulty.db"


def test_a_run_killed_again_and_again_stores_what_an_unharmed_one_stores(tmp_path: Path) -> None:
    series = invented_series(tmp_path / "feeds", feeds=3, rounds=2)
    compare_with_kills(tmp_path, series, _urls(tmp_path), kills=4)


def test_workers_that_are_killed_under_a_process_that_lives_lose_nothing(tmp_path: Path) -> None:
    """Their polls are recorded as failed, keep the validators of before, and are repeated."""
    series = invented_series(tmp_path / "feeds", feeds=3, rounds=1)
    compare_with_kills(tmp_path, series, _urls(tmp_path), kills=1, victims=("worker",))


@pytest.mark.slow
@pytest.mark.corpora
def test_killed_at_two_hundred_points_of_a_real_replay(tmp_path: Path) -> None:
    compare_with_kills(tmp_path, _recorded_series(feeds=12, rounds=20), _urls(tmp_path), kills=200)


@pytest.mark.slow
@pytest.mark.corpora
def test_killed_at_points_of_a_real_replay_on_postgresql(
    tmp_path: Path, postgresql_url: str
) -> None:
    """The unharmed run is on SQLite: both databases then hold the same, too."""
    urls = (f"sqlite:///{tmp_path}/reference.db", postgresql_url)
    compare_with_kills(tmp_path, _recorded_series(feeds=8, rounds=6), urls, kills=40)


def _recorded_series(*, feeds: int, rounds: int) -> Series:
    """Some feeds of the recorded wire, evenly chosen, and so many documents of each."""
    folder = os.environ.get("INGEST_CORPORA")
    if not folder or not (Path(folder) / "wire-series").is_dir():
        pytest.skip("wire-series: INGEST_CORPORA names no folder that holds it")
    series = Series.read(Path(folder) / "wire-series")
    names = sorted(series.feeds)[:: max(1, len(series.feeds) // feeds)][:feeds]
    chosen = {}
    for name in names:
        documents = series.feeds[name]
        chosen[name] = documents[:: max(1, -(-len(documents) // rounds))]
    return Series(chosen)
