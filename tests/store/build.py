"""Feeds, entries and documents for the store's tests: small, deterministic, one line each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import xxhash
from sqlalchemy import Connection, select

from ingest.config import FeedSettings
from ingest.model import (
    Article,
    EntryOutcome,
    FeedDocument,
    Fingerprint,
    Harvest,
    HarvestedEntry,
    Key,
    KeyKind,
    PollOutcome,
    PublishedQuality,
    ScheduleDecision,
    Validators,
)
from ingest.store import articles, feeds, leases, polls
from ingest.store.articles import PolledHarvest, Saved
from ingest.store.engine import Database
from ingest.store.identity import FindReissues
from ingest.store.leases import DueFeed
from ingest.store.posting_runs import read_runs
from ingest.store.tables import posting, posting_run

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
DOCUMENT = FeedDocument(format="rss20", lane="fast", title="A feed", language="en")


def after(seconds: float) -> datetime:
    """So long after the beginning of the test."""
    return NOW + timedelta(seconds=seconds)


def hashed(text: str) -> int:
    return xxhash.xxh3_64_intdigest(text.encode()) - (1 << 63)


def subscribe(database: Database, *urls: str, publisher: str | None = None) -> list[int]:
    """Subscribe these feeds now; their ids."""
    with database.begin() as connection:
        return [
            feeds.add(connection, FeedSettings(url=url, publisher=publisher), now=NOW).feed_id
            for url in urls
        ]


def claim(connection: Connection, *feed_ids: int, now: datetime = NOW) -> list[DueFeed]:
    """Claim these feeds, due or not, in this order."""
    found = leases.claim_due(
        connection,
        now=now,
        limit=1000,
        owner="test",
        lease_seconds=300,
        feed_ids=feed_ids,
        site_delay_seconds=0,
    )
    return sorted(found, key=lambda due: feed_ids.index(due.feed_id))


def an_article(
    name: str,
    *,
    text: str = "",
    url: str | None = None,
    guid: str | None = None,
    headline: str | None = None,
    words: int | None = None,
    keys: Sequence[Key] = (),
    **more: object,
) -> Article:
    """An article known by its URL and its guid."""
    url = url or f"https://example.org/{name}"
    body = text or f"The text of {name}."
    headline = headline or f"Headline of {name}"
    article = Article(
        headline=headline,
        url=url,
        canonical_url=url,
        keys=tuple(keys) or (Key(KeyKind.GUID, guid or url), Key(KeyKind.URL, url)),
        summary=body[:100],
        body_text=body,
        body_html=f"<p>{body}</p>",
        word_count=len(body.split()) if words is None else words,
        published_at=NOW - timedelta(hours=1),
        published_raw="an hour ago",
        published_quality=PublishedQuality.EXACT,
        authors=("Ann Author",),
        content_hash=hashed(headline + body),
        block_hashes=(hashed(f"block of {name}"),),
    )
    return replace(article, **more)  # type: ignore[arg-type]


def entry(article: Article, name: str | None = None) -> HarvestedEntry:
    """The entry that brings an article; named after its first key."""
    return HarvestedEntry(
        entry_key=hashed(name or article.keys[0].value),
        entry_hash=hashed(f"{article.content_hash}"),
        article=article,
        fingerprint=Fingerprint(1, 10, (hashed(article.headline), 7)),
        raw=b"raw " + article.headline.encode(),
    )


def unchanged(known: HarvestedEntry) -> HarvestedEntry:
    """The same entry as the worker hands it on when it is known."""
    return HarvestedEntry(known.entry_key, known.entry_hash, EntryOutcome.UNCHANGED)


def refused(name: str, outcome: EntryOutcome, reason: str) -> HarvestedEntry:
    """An entry that became no article."""
    return HarvestedEntry(hashed(name), hashed(name + "!"), outcome, reason)


def store(
    database: Database,
    documents: Mapping[int, Iterable[HarvestedEntry]],
    *,
    at: datetime = NOW,
    document: FeedDocument = DOCUMENT,
    find_reissues: FindReissues | None = None,
) -> dict[int, Saved]:
    """Poll these feeds at `at`, all in one batch, and record it as the daemon does."""
    with database.begin() as connection:
        due = claim(connection, *documents, now=at)
    with database.begin() as connection:
        batch = [
            PolledHarvest(one, Harvest(document, tuple(documents[one.feed_id])), at) for one in due
        ]
        saved = articles.save(connection, batch, at, find_reissues=find_reissues)
        polls.record_polls(
            connection, [a_record(one, result, at) for one, result in zip(due, saved, strict=True)],
            at,
        )  # fmt: skip
    return {result.feed_id: result for result in saved}


def postings_of(connection: Connection) -> set[tuple[int, int]]:
    """What the index of fingerprints holds, on whichever level: hashes, an article to each."""
    found = {(one, article_id) for one, article_id in connection.execute(select(posting))}
    names = frozenset(connection.scalars(select(posting_run.c.name)))
    run = read_runs(connection, names)
    return found.union(zip(run.hashes.tolist(), run.articles.tolist(), strict=True))


def a_record(due: DueFeed, saved: Saved | None, at: datetime) -> polls.PollRecord:
    """A poll that went well, or a 304 without `saved`."""
    schedule = replace(
        due.schedule,
        last_poll_at=at,
        last_success_at=at,
        next_poll_at=at + timedelta(minutes=30),
        interval_seconds=1800.0,
        last_outcome=PollOutcome.OK if saved else PollOutcome.NOT_MODIFIED,
    )
    return polls.PollRecord(
        due=due,
        started_at=at,
        outcome=PollOutcome.OK if saved else PollOutcome.NOT_MODIFIED,
        decision=ScheduleDecision(schedule=schedule, site_failures=0),
        status=200 if saved else 304,
        elapsed_seconds=0.25,
        received_bytes=1000,
        counts=saved.counts if saved else None,
        validators=Validators('"v1"', None),
        body_hash=42 if saved else None,
        document=DOCUMENT if saved else None,
    )
