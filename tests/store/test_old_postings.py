"""The index of fingerprints loses what left the window, a stretch at a time."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, insert, select

from ingest.store import old_postings
from ingest.store.engine import Database
from ingest.store.old_postings import remove_old_postings
from ingest.store.tables import fingerprint, posting
from tests.store.build import NOW, an_article, entry, store, subscribe

ARTICLES = 12
COMMON = -5  # a hash that all of them have
CROWDED = [(COMMON, number) for number in range(1, ARTICLES + 1)]
SPREAD = [(10 * number, number) for number in range(-3, ARTICLES + 1)]


@pytest.fixture
def index(database: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    """Twelve articles, their postings in stretches of three rows."""
    (feed_id,) = subscribe(database, "https://a.org/rss")
    store(database, {feed_id: [entry(an_article(f"n{one}")) for one in range(ARTICLES)]}, at=NOW)
    monkeypatch.setattr(old_postings, "_STRETCH_ROWS", 3)
    with database.begin() as connection:
        connection.execute(delete(posting))
        rows = [{"hash": one, "article_id": article} for one, article in CROWDED + SPREAD]
        connection.execute(insert(posting), rows)
    return database


def _expire_below(database: Database, article_id: int) -> None:
    with database.begin() as connection:
        connection.execute(delete(fingerprint).where(fingerprint.c.article_id < article_id))


def _indexed(database: Database) -> set[int]:
    with database.connect() as connection:
        return set(connection.scalars(select(posting.c.article_id)))


def test_postings_go_with_their_fingerprints_however_many_share_a_hash(index: Database) -> None:
    _expire_below(index, 9)
    remove_old_postings(index)
    assert _indexed(index) == {9, 10, 11, 12}


def test_what_a_stop_left_is_removed_by_the_next_call(index: Database) -> None:
    _expire_below(index, 9)
    answers = iter([False, False, True])
    remove_old_postings(index, stop=lambda: next(answers))
    assert min(_indexed(index)) < 9
    remove_old_postings(index)
    assert _indexed(index) == {9, 10, 11, 12}


def test_the_index_is_not_read_for_less_than_a_hundredth_of_it(
    index: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(old_postings, "_WORTH_A_SWEEP", 0.5)
    _expire_below(index, 9)
    remove_old_postings(index)
    _expire_below(index, 10)  # one of three
    remove_old_postings(index)
    assert _indexed(index) == {9, 10, 11, 12}
    _expire_below(index, 12)
    remove_old_postings(index)
    assert _indexed(index) == {12}
