"""A headline edit that brings a new guid and a new address is a revision."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select

from ingest.config import DedupeSettings, FeedSettings
from ingest.harvest import harvest
from ingest.jobs import HarvestJob
from ingest.model import PollCounts
from ingest.store import articles, feeds, leases, stories
from ingest.store.engine import Database
from ingest.store.identity import Unknown
from ingest.store.reissues import find_reissues
from ingest.store.tables import article, revision
from tests.store.build import postings_of

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
BODY = (
    "The harbour authority of Landsend said on Sunday that the old lighthouse would go dark in "
    "May, after 140 years of service. Shipping has long relied on satellites, the authority "
    "argued, and the lamp room needs repairs that nobody has budgeted for. Fishermen who gathered "
    "at the quay disagreed. Their boats are small, they said, and fog on this coast eats radar. "
    "A petition had 2,300 names by the evening. The town council will hear both sides on Thursday "
    "before it writes to the ministry, which has the last word in such matters."
)
OTHER = (
    "Three bakeries in the upper town have begun to sell yesterday's bread at half its price. "
    "The idea came from a pupil who had counted the sacks behind one of them for a school paper. "
    "Her teacher wrote to the guild, the guild wrote to its members, and within a week a shelf "
    "by the door was as usual as the till. What is left in the evening goes to the swans."
)


def feed_of(*items: tuple[str, str, str]) -> bytes:
    inner = "".join(
        f"<item><guid>{guid}</guid><link>https://ledger.example/{guid}</link>"
        f"<title>{title}</title><description>{body}</description></item>"
        for guid, title, body in items
    )
    return (
        '<rss version="2.0"><channel><title>Ledger</title><link>https://ledger.example/</link>'
        f"{inner}</channel></rss>"
    ).encode()


def store(database: Database, url: str, body: bytes, at: datetime) -> PollCounts:
    with database.begin() as connection:
        feed_id = feeds.find(connection, url).feed_id
        (due,) = leases.claim_due(
            connection, now=at, limit=1, owner="test", lease_seconds=60, feed_ids=[feed_id]
        )
        read = harvest(body, HarvestJob(url=url, now=at, publisher=due.publisher))
        (saved,) = articles.save(
            connection,
            [articles.PolledHarvest(due, read, at)],
            at,
            find_reissues=find_reissues,
        )
        leases.release(connection, [due.lease])
    stories.settle(database, now=at, settings=DedupeSettings())
    return saved.counts


def subscribe(database: Database, *urls: str) -> None:
    with database.begin() as connection:
        for url in urls:
            feeds.add(connection, FeedSettings(url=url), now=NOW)


LEDGER = "https://ledger.example/rss"
OLD = ("darkness-at-landsend", "Landsend to lose its light", BODY)
NEW = ("light-goes-out", "Fishermen fight for the lighthouse of Landsend", BODY)
BREAD = ("bread", "Day-old bread finds its shelf", OTHER)


def test_a_piece_under_a_new_guid_and_address_is_a_revision(database: Database) -> None:
    subscribe(database, LEDGER)
    store(database, LEDGER, feed_of(OLD, BREAD), NOW)
    edited = (NEW[0], NEW[1], BODY.replace("2,300 names", "2,300 names and one paw print"))
    counts = store(database, LEDGER, feed_of(edited, BREAD), NOW + timedelta(hours=1))
    assert (counts.new, counts.revised) == (0, 1)
    with database.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(article)) == 2
        assert connection.scalars(select(revision.c.reason)).all() == ["reissue"]
        headlines = set(connection.scalars(select(article.c.headline)))
    assert headlines == {NEW[1], BREAD[1]}


def test_two_entries_side_by_side_are_two_articles(database: Database) -> None:
    subscribe(database, LEDGER)
    store(database, LEDGER, feed_of(OLD, BREAD), NOW)
    counts = store(database, LEDGER, feed_of(NEW, OLD, BREAD), NOW + timedelta(hours=1))
    assert (counts.new, counts.revised) == (1, 0)


def test_another_publishers_copy_is_no_reissue(database: Database) -> None:
    other = "https://tribune.example/rss"
    subscribe(database, LEDGER, other)
    store(database, LEDGER, feed_of(OLD, BREAD), NOW)
    copy = feed_of(NEW).replace(b"ledger.example", b"tribune.example")
    counts = store(database, other, copy, NOW + timedelta(hours=1))
    assert (counts.new, counts.revised) == (1, 0)


def test_next_weeks_figures_in_the_same_words_are_another_article(database: Database) -> None:
    subscribe(database, LEDGER)
    table = (
        "Wheat closed at {} crowns, barley at {}, oats at {} and rye at {} in Landsend on {}. "
        "Trade was calm, the exchange said, with {} lots sold before noon and {} after it. "
        "Millers bought {} lots, exporters {} and the state reserve {}. The exchange opens again "
        "tomorrow at nine, when lots that were not sold today are called first, as always."
    )
    first = table.format(212, 190, 155, 171, "Monday", 44, 31, 40, 20, 15)
    second = table.format(219, 187, 158, 176, "Tuesday", 52, 18, 35, 25, 10)
    store(database, LEDGER, feed_of(("grain-1", "Grain in Landsend", first)), NOW)
    later = NOW + timedelta(days=1)
    counts = store(database, LEDGER, feed_of(("grain-2", "Grain in Landsend", second)), later)
    assert (counts.new, counts.revised) == (1, 0)


def test_half_of_the_postings_suffice_whichever_half_it_is(database: Database) -> None:
    subscribe(database, LEDGER)
    store(database, LEDGER, feed_of(OLD, BREAD), NOW)
    later = NOW + timedelta(hours=1)
    (entry,) = harvest(feed_of(NEW), HarvestJob(url=LEDGER, now=later)).entries
    assert entry.article is not None
    assert entry.fingerprint is not None
    postings = entry.fingerprint.postings[-20:]  # those of the body: the headlines differ
    with database.connect() as connection:
        (publisher_id, former_id) = connection.execute(
            select(article.c.publisher_id, article.c.id).where(article.c.headline == OLD[1])
        ).one()
        stored = {one for one, _ in postings_of(connection)}
        known = [each for each in postings if each in stored]
        for strange in (range(len(known)), range(-len(known), 0), range(2**47, 2**47 + len(known))):
            for shared, expected in ((known, {0: former_id}), (known[1:], {})):
                mixed = tuple(sorted([*shared, *strange]))
                sketch = replace(entry.fingerprint, postings=mixed)
                unknown = Unknown(1, publisher_id, entry.article, sketch, later)
                assert find_reissues(connection, [unknown]) == expected
                other = replace(unknown, publisher_id=publisher_id + 1)
                assert find_reissues(connection, [other]) == {}
