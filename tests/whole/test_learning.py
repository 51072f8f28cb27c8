"""An outlet whose language no phrase list knows: its page furniture is learned by its recurring."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from xml.sax.saxutils import escape

from sqlalchemy import select

from ingest.config import FeedSettings
from ingest.harvest import harvest
from ingest.jobs import HarvestJob
from ingest.model import Article
from ingest.store import articles, feeds, leases
from ingest.store.engine import Database
from ingest.store.learned import FORGET_AFTER_DAYS, learned_blocks
from ingest.store.tables import boilerplate_block, feed

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
URL = "https://velna.example/rss"
ABOVE = ("Velna tamuro ke sindal oru pelas.", "Hunto vel drima: karo ne sulta bem.")
BELOW = (
    "Ke tamuro Velna nel posta elektrika, karo dima sen kosta por ta.",
    "Ola mira ke famba: vel sindal tro, vel sindal nor, vel sindal kem.",
)
STORIES = (
    "Ta konsila de Morvik dekida lundi ke ta porta vella nor serra in mayo.",
    "Tri panara in ta urba supra vende ja pan de yera por ta mita de preso.",
    "Ta barka de nokta no parte dominga, dise ta porta, por ta venta forta.",
    "Un lupa kun sin junya atravesa ta ponte de Karsk ante ta alba jovedi.",
    "Ta skola de Endal ave un maestra nova, ke parla kuatro lingua de ta kosta.",
)


def document(number: int) -> bytes:
    """The outlet's feed when its article `number` is new: one paragraph among its furniture."""
    story = STORIES[number]
    again = story.replace("Ta ", "E ta ", 1)
    text = "".join(f"<p>{line}</p>" for line in (*ABOVE, story, again, *BELOW))
    return (
        '<rss version="2.0"><channel><title>Velna</title><link>https://velna.example/</link>'
        f"<item><guid>{number}</guid><link>https://velna.example/{number}</link>"
        f"<title>Titla {'abcde'[number] * 4}</title><description>{escape(text)}</description>"
        "</item></channel></rss>"
    ).encode()


def poll(database: Database, number: int, at: datetime) -> Article:
    """Poll the feed, with what is known of its publisher by then; return the new article."""
    with database.begin() as connection:
        (due,) = leases.claim_due(connection, now=at, limit=1, owner="test", lease_seconds=60)
        publisher_id = connection.scalar(select(feed.c.publisher_id))
        assert publisher_id is not None
        learned = learned_blocks(connection, publisher_id, at)
        read = harvest(document(number), HarvestJob(url=URL, now=at, learned=learned))
        articles.save(connection, [articles.PolledHarvest(due, read, at)], at)
        leases.release(connection, [due.lease])
        (made,) = read.entries
    assert made.article is not None
    return made.article


def subscribe(database: Database) -> None:
    with database.begin() as connection:
        feeds.add(connection, FeedSettings(url=URL), now=NOW)


def test_an_outlet_nobody_has_seen_is_clean_after_a_few_polls(database: Database) -> None:
    subscribe(database)
    made = [poll(database, number, NOW + timedelta(hours=number)) for number in range(5)]
    for line in (*ABOVE, *BELOW):
        assert line in (made[0].body_text or "")  # nobody knows it yet
    for number in (3, 4):
        story = STORIES[number]
        assert made[number].body_text == f"{story}\n\n{story.replace('Ta ', 'E ta ', 1)}"
        assert [gone.text for gone in made[number].removed if gone.reason == "learned"] == [
            *ABOVE,
            *BELOW,
        ]


def test_a_block_that_is_not_seen_again_is_news_after_a_while(database: Database) -> None:
    subscribe(database)
    for number in range(3):
        poll(database, number, NOW + timedelta(hours=number))
    with database.connect() as connection:
        (publisher_id,) = set(connection.scalars(select(boilerplate_block.c.publisher_id)))
        soon = learned_blocks(connection, publisher_id, NOW + timedelta(days=1))
        late = learned_blocks(connection, publisher_id, NOW + timedelta(days=FORGET_AFTER_DAYS + 1))
    assert (len(soon), len(late)) == (len(ABOVE) + len(BELOW), 0)


def test_what_two_articles_share_is_not_learned_yet(database: Database) -> None:
    subscribe(database)
    poll(database, 0, NOW)
    poll(database, 1, NOW + timedelta(hours=1))
    with database.connect() as connection:
        (publisher_id,) = set(connection.scalars(select(boilerplate_block.c.publisher_id)))
        assert learned_blocks(connection, publisher_id, NOW + timedelta(hours=2)) == frozenset()
