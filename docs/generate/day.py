"""A day of the demo's sample feeds, replayed at fixed times: the database behind the recipes.

Everything is the product's own (pipeline, schedule, store) but the clock, which is turned by hand,
and the network, which is a function. Each feed carries an entry from the moment of its publication
on; some are late, edit their headlines or fail for a while, as `TROUBLE` and `EDITS` say.
"""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.cli.demo.outlets import OUTLETS, Outlet, content_type, with_times
from ingest.config import FeedSettings, Settings
from ingest.config.settings import FetchSettings, ParseSettings, ScheduleSettings

if TYPE_CHECKING:
    import httpx

    from ingest.record import Recorded
    from ingest.store.engine import Database

EVENING = datetime(2026, 3, 3, 18, 0, tzinfo=UTC)  # minutes are counted from here
BEGINS, ENDS, EVERY = -720, 30, 30
PATIENCE_SECONDS = 120.0  # for the articles of one poll to be compared
OWN_FEEDS = Path(__file__).parent / "feeds"
DEMO_FEEDS = Path(__file__).parents[2] / "ingest" / "cli" / "demo" / "feeds"
DAY_OUTLETS = (
    *OUTLETS,
    Outlet("sandquay-evening", "Sandquay Evening", "sandquay-evening.xml", "RSS 2.0, a round-up"),
)


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is peculiar about a feed. Minutes as above."""

    late_minutes: int = 0  # an entry comes into the document so long after its publication
    entries: int = 99  # the newest ones that the document holds
    fails_from: int = 99_999
    fails_until: int = 99_999  # in between its server answers 503


TROUBLE = {
    "business-lantern": Trouble(late_minutes=60),
    "courrier-des-sables": Trouble(late_minutes=40),
    "valley-register": Trouble(entries=2, fails_from=-310, fails_until=-185),
    "northfield-post": Trouble(fails_from=-45, fails_until=99_999),
}


@dataclass(frozen=True, slots=True)
class Edit:
    """From this minute on the document says something else."""

    minute: int
    feed: str
    old: str
    new: str


EDITS = (
    Edit(
        -30,
        "harbour-ledger",
        "strands thousands on both sides of the strait",
        "strands 9,000, court to decide on Wednesday",
    ),
    Edit(
        -15,
        "business-lantern",
        "Corvane hands small-business loans to Pellworth, shares jump",
        "Corvane shares jump 8 percent as it leaves small-business lending",
    ),
)


@dataclass
class Clock:
    """The hand-turned clock."""

    minute: int = BEGINS

    def __call__(self) -> datetime:
        """The time it shows."""
        return EVENING + timedelta(minutes=self.minute)


def settings_of(url: str) -> Settings:
    """The settings of the replay."""
    from ingest.config import DatabaseSettings

    return Settings(
        database=DatabaseSettings(url=url),
        fetch=FetchSettings(site_delay_seconds=0.0, contact="docs@news.example"),
        parse=ParseSettings(workers=1),
        schedule=ScheduleSettings(batch_seconds=0.0),
        feeds=tuple(
            FeedSettings(url=address(one), name=one.name, publisher=one.publisher)
            for one in DAY_OUTLETS
        ),
    )


def address(outlet: Outlet) -> str:
    """Where the outlet's feed is: every publisher has a site of its own."""
    host = re.sub(r"\W+", "", outlet.publisher.lower().removeprefix("the "))
    return f"https://{host}.example/{outlet.file or 'feed.xml'}"


def document(outlet: Outlet, minute: int) -> bytes | None:
    """The feed as it is at a minute; None while its server fails."""
    trouble = TROUBLE.get(outlet.name, Trouble())
    if outlet.file is None or trouble.fails_from <= minute < trouble.fails_until:
        return None
    stem, _, ending = outlet.file.rpartition(".")
    later = DEMO_FEEDS / f"{stem}.2.{ending}"
    first = next(
        one / outlet.file for one in (DEMO_FEEDS, OWN_FEEDS) if (one / outlet.file).is_file()
    )
    text = (later if minute >= -3 and later.is_file() else first).read_text(encoding="utf-8")
    for edit in EDITS:
        if edit.feed == outlet.name and minute >= edit.minute:
            assert edit.old in text
            text = text.replace(edit.old, edit.new)
    shown = minute - trouble.late_minutes
    reduce = _json_until if ending == "json" else _xml_until
    return with_times(reduce(text, shown, trouble.entries), EVENING).encode()


def _published(text: str) -> int:
    return min(int(one) for one in re.findall(r"@@(?:rfc822|iso) (-?\d+)@@", text))


def _xml_until(text: str, minute: int, entries: int) -> str:
    found = re.findall(r"(?s)[ ]*<(?:item|entry)[ >].*?</(?:item|entry)>\n", text)
    kept = sorted(
        (one for one in found if _published(one) <= minute), key=_published, reverse=True
    )[:entries]
    for one in found:
        if one not in kept:
            text = text.replace(one, "")
    return text


def _json_until(text: str, minute: int, entries: int) -> str:
    document = json.loads(text)
    items = [one for one in document["items"] if _published(json.dumps(one)) <= minute]
    return json.dumps({**document, "items": items[:entries]}, ensure_ascii=False)


def make_day(path: Path) -> list[Recorded]:
    """The day as a new SQLite file; its polls in the order of time."""
    from ingest.store.engine import open_database

    url = f"sqlite:///{path}"
    database = open_database(url, create=True)
    try:
        return replay(database, url)
    finally:
        database.close()


def replay(database: Database, url: str) -> list[Recorded]:
    """Poll the whole day into an empty database; the polls in the order of time."""
    return asyncio.run(_replay(database, settings_of(url)))


async def _replay(database: Database, settings: Settings) -> list[Recorded]:
    import httpx

    from ingest.fetch import Client
    from ingest.pipeline import Pipeline
    from ingest.schedule.decider import Decider
    from ingest.schedule.politeness import SiteGate
    from ingest.store import leases
    from ingest.store.config_feeds import Origin, sync_config_feeds

    clock = Clock()
    with database.begin() as connection:
        sync_config_feeds(connection, settings.feeds, clock(), origin=Origin("day", "config.toml"))
    by_url = {address(one): one for one in DAY_OUTLETS}

    def respond(request: httpx.Request) -> httpx.Response:
        return _answer(request, by_url[str(request.url)], clock.minute)

    recorded: list[Recorded] = []
    client = Client(settings.fetch, transport=httpx.MockTransport(respond), now=clock)
    gate = SiteGate(connections_per_site=2, delay_seconds=0.0)
    decider = Decider(settings.schedule, clock=clock, hold_seconds=0.0)
    async with Pipeline(
        database, settings, schedule=decider, gate=gate, clock=clock, client=client
    ) as pipeline:
        for minute in range(BEGINS, ENDS + 1, EVERY):
            clock.minute = minute
            with database.begin() as connection:
                due = leases.claim_due(
                    connection,
                    now=clock(),
                    limit=len(by_url),
                    owner="day",
                    lease_seconds=300,
                    feed_ids=range(1, len(by_url) + 1),
                    site_delay_seconds=0.0,
                )
            # One after the other, so that ids are the same on every machine.
            for one in sorted(due, key=lambda one: one.feed_id):
                recorded.append(await pipeline.poll(one))
                await _settled(database)
    return recorded


async def _settled(database: Database) -> None:
    """Return once every stored article is in a story: the clock stands still until then."""
    from sqlalchemy import text

    question = text("SELECT count(*) FROM v_articles WHERE story_id IS NULL")
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            with database.connect() as connection:
                if connection.execute(question).scalar() == 0:
                    return
            await asyncio.sleep(0.002)


def _answer(request: httpx.Request, outlet: Outlet, minute: int) -> httpx.Response:
    import hashlib

    import httpx

    if outlet.file is None:
        raise httpx.ConnectError("Connection refused", request=request)
    body = document(outlet, minute)
    if body is None:
        return httpx.Response(503, headers={"content-type": "text/plain"})
    tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
    if request.headers.get("if-none-match") == tag:
        return httpx.Response(304, headers={"etag": tag})
    headers = {"etag": tag, "content-type": content_type(outlet.file)}
    return httpx.Response(200, headers=headers, content=body)
