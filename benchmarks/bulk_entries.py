"""Articles stored through the program's own stages, some of them as an older version left them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from sqlalchemy import text

from benchmarks.bulk_fill import START
from benchmarks.scale_fill import Texts
from ingest.config import FeedSettings, Settings
from ingest.harvest import harvest
from ingest.jobs import HarvestJob
from ingest.model import Polled, PollOutcome
from ingest.record import Recorder, Unrecorded
from ingest.schedule.decide import decide
from ingest.store import feeds, leases
from ingest.store.engine import open_database

FEEDS, ITEMS = 20, 25  # items of a document


def fill(path: Path, articles: int, words: int) -> None:
    """Store so many articles of a handful of feeds; one in five is a copy of another outlet's."""
    database = open_database(f"sqlite:///{path}", create=True)
    with database.begin() as connection:
        for number in range(FEEDS):
            feeds.add(
                connection, FeedSettings(url=f"https://outlet{number}.example/rss"), now=START
            )
    settings, texts, now = Settings(), Texts(5), START
    recorder = Recorder(
        database,
        settings,
        decide=lambda given: decide(given, settings.schedule),
        clock=lambda: now,
    )
    stored, past = 0, [texts.write(words)]
    while stored < articles:
        now += timedelta(hours=1)
        with database.begin() as connection:
            due = leases.claim_due(
                connection,
                now=now,
                limit=FEEDS,
                owner="bulk",
                lease_seconds=60,
                feed_ids=range(1, FEEDS + 1),
                site_delay_seconds=0,
            )
        polls = []
        for one in due:
            items = []
            for _ in range(ITEMS):
                stored += 1
                is_copy = stored % 5 == 0
                body = past[stored * 7 % len(past)] if is_copy else texts.write(words)
                past = [*past[-200:], body]
                items.append(
                    f"<item><guid>{stored}</guid><link>{one.url}/{stored}</link>"
                    f"<title>{body[:60]}</title><description>{body}</description></item>"
                )
            document = f'<rss version="2.0"><channel><title>T</title>{"".join(items)}</channel>'
            job = HarvestJob(url=one.url, now=now, publisher=one.publisher)
            polled = Polled(
                started_at=now,
                outcome=PollOutcome.OK,
                status=200,
                harvest=harvest(f"{document}</rss>".encode(), job),
            )
            polls.append(Unrecorded(one, polled))
        recorder.record(polls)
        while recorder.settle():
            pass
    with database.begin() as connection:  # as an older version of the program left them
        connection.execute(text("UPDATE fingerprint SET version = 0"))
        connection.execute(text("DELETE FROM posting"))
        connection.execute(text("DELETE FROM posting_run"))
        connection.execute(text("UPDATE article SET byline = 'before' WHERE id % 10 = 0"))
    database.close()
