"""Pruning: what has outlived its time goes, identity stays."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Table, func, select, update

from ingest.config import DatabaseSettings, DedupeSettings
from ingest.model import PollCounts
from ingest.store import article_queries, maintenance, search
from ingest.store.engine import Database
from ingest.store.learned import learned_blocks
from ingest.store.tables import (
    article,
    article_content,
    boilerplate_block,
    change,
    fingerprint,
    poll,
    raw_entry,
)
from tests.store.build import NOW, after, an_article, entry, hashed, postings_of, store, subscribe

DAY = 86_400
KEEP = DatabaseSettings(keep_raw_days=30, keep_polls_days=90, keep_content_days=0)
DEDUPE = DedupeSettings(window_days=14)


TALE = "An ancient tale. " + "It is long. " * 9 + "It ends with Methuselah."


def _count(database: Database, table: Table) -> int:
    with database.connect() as connection:
        return connection.scalar(select(func.count()).select_from(table)) or 0


def _fill(database: Database) -> int:
    """One article today, one forty days later."""
    (feed_id,) = subscribe(database, "https://a.org/rss")
    store(database, {feed_id: [entry(an_article("old", text=TALE))]})
    store(database, {feed_id: [entry(an_article("new"))]}, at=after(40 * DAY))
    return feed_id


def _prune(
    database: Database, settings: DatabaseSettings, *, dry_run: bool = False
) -> dict[str, int]:
    reports = maintenance.prune(database, settings, DEDUPE, after(40 * DAY + 60), dry_run=dry_run)
    return {one.what: one.rows for one in reports}


def test_each_kind_goes_by_its_own_setting(database: Database) -> None:
    _fill(database)
    assert _prune(database, KEEP) == {
        "polls": 0,
        "raw entries": 1,
        "fingerprints": 1,
        "change events": 1,
        "text blocks": 1,
    }
    assert _count(database, article) == 2
    assert (_count(database, raw_entry), _count(database, poll)) == (1, 2)
    assert (_count(database, fingerprint), _count(database, change)) == (1, 1)
    with database.connect() as connection:
        assert {article_id for _, article_id in postings_of(connection)} == {2}


def test_a_dry_run_reports_the_same_and_touches_nothing(database: Database) -> None:
    _fill(database)
    settings = DatabaseSettings(keep_raw_days=1, keep_polls_days=1, keep_content_days=1)
    foreseen = _prune(database, settings, dry_run=True)
    assert _count(database, raw_entry) == 2
    assert _prune(database, settings) == foreseen
    assert foreseen["polls"] == foreseen["article texts"] == 1
    assert set(_prune(database, settings).values()) == {0}


def test_a_text_goes_but_the_article_stays_known(database: Database) -> None:
    feed_id = _fill(database)
    _prune(database, DatabaseSettings(keep_content_days=7))
    with database.connect() as connection:
        texts = connection.scalars(
            select(article_content.c.body_text).order_by(article_content.c.article_id)
        ).all()
        assert texts == [None, "The text of new."]
        assert search.search(connection, "Methuselah") == []
        assert len(search.search(connection, "ancient")) == 1  # what is left can be found
        (old, _) = reversed(article_queries.list_articles(connection))
    assert (old.headline, old.summary) == ("Headline of old", TALE[:100])
    again = entry(an_article("old", text=TALE))
    saved = store(database, {feed_id: [again]}, at=after(41 * DAY))[feed_id]
    assert saved.counts == PollCounts(1, unchanged=1)


def test_pruning_goes_on_in_batches_and_stops_when_asked(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    (feed_id,) = subscribe(database, "https://a.org/rss")
    entries = [entry(an_article(f"n{number}")) for number in range(7)]
    store(database, {feed_id: entries})
    monkeypatch.setattr(maintenance, "BATCH_ROWS", 3)
    settings = DatabaseSettings(keep_raw_days=1)
    stopped = maintenance.prune(database, settings, DEDUPE, after(9 * DAY), stop=lambda: True)
    assert sum(one.rows for one in stopped) == 0
    maintenance.prune(database, settings, DEDUPE, after(9 * DAY))
    assert _count(database, raw_entry) == 0


def test_blocks_that_recur_are_learned_and_forgotten_when_they_stop(database: Database) -> None:
    (feed_id,) = subscribe(database, "https://a.org/rss")
    plea, own = hashed("Support us"), hashed("own")
    for number in range(3):
        blocks = (plea, plea, own + number)
        one = entry(an_article(f"n{number}", block_hashes=blocks))
        store(database, {feed_id: [one]}, at=after(number))
    with database.begin() as connection:
        assert learned_blocks(connection, 1, after(DAY)) == {plea}
        assert learned_blocks(connection, 2, after(DAY)) == frozenset()
        assert learned_blocks(connection, 1, NOW + timedelta(days=90)) == frozenset()
        counted = connection.scalars(select(boilerplate_block.c.articles)).all()
        assert sorted(counted) == [1, 1, 1, 3]
        connection.execute(update(boilerplate_block).values(last_seen_at=after(-100 * DAY)))
    _prune(database, KEEP)
    assert _count(database, boilerplate_block) == 0
