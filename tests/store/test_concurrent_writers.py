"""Several writers over one PostgreSQL: no article twice, no key lost, nobody stuck."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from sqlalchemy import func, select

from ingest.model import Harvest
from ingest.store import articles
from ingest.store.articles import PolledHarvest, Saved
from ingest.store.engine import Database, open_database
from ingest.store.tables import article, article_key, sighting
from tests.store.build import DOCUMENT, NOW, an_article, claim, entry, subscribe


def _at_once(works: list[Callable[[], None]]) -> None:
    errors: list[BaseException] = []
    start = threading.Barrier(len(works))

    def run(work: Callable[[], None]) -> None:
        try:
            start.wait()
            work()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []
    assert not any(thread.is_alive() for thread in threads)


def test_an_article_that_arrives_in_four_feeds_at_once_is_stored_once(
    database: Database,
) -> None:
    ids = subscribe(database, *(f"https://f{n}.org/rss" for n in range(4)))
    names = [f"article-{n}" for n in range(30)]
    with database.begin() as connection:
        due = claim(connection, *ids)
    saved: dict[int, Saved] = {}

    def writer(number: int) -> Callable[[], None]:
        # Each in another order: locks taken in that order would be a circle.
        order = names[number * 7 :] + names[: number * 7]
        harvest = Harvest(DOCUMENT, tuple(entry(an_article(name)) for name in order))

        def work() -> None:
            with database.begin() as connection:
                (one,) = articles.save(connection, [PolledHarvest(due[number], harvest, NOW)], NOW)
            saved[number] = one

        return work

    _at_once([writer(number) for number in range(4)])
    with database.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(article)) == 30
        assert connection.scalar(select(func.count()).select_from(sighting)) == 120
        unowned = select(func.count()).where(article_key.c.article_id.not_in(select(article.c.id)))
        assert connection.scalar(unowned) == 0
    assert sum(one.counts.new for one in saved.values()) == 30
    assert sum(one.counts.unchanged for one in saved.values()) == 90


def test_who_comes_second_waits_and_then_finds_the_first_ones_article(
    postgresql_url: str,
) -> None:
    database = open_database(postgresql_url)
    first, second = subscribe(database, "https://a.org/rss", "https://b.org/rss")
    with database.begin() as connection:
        due = claim(connection, first, second)
    harvest = Harvest(DOCUMENT, (entry(an_article("shared")),))
    results: list[Saved] = []

    def save_second() -> None:
        with database.begin() as connection:
            results.extend(articles.save(connection, [PolledHarvest(due[1], harvest, NOW)], NOW))

    thread = threading.Thread(target=save_second)
    with database.begin() as connection:
        (won,) = articles.save(connection, [PolledHarvest(due[0], harvest, NOW)], NOW)
        thread.start()
        thread.join(0.3)
        assert thread.is_alive(), "it waits for the key"
    thread.join(30)
    assert (won.counts.new, results[0].counts.new, results[0].counts.unchanged) == (1, 0, 1)
    database.close()


def test_when_the_first_one_fails_the_second_stores_it(postgresql_url: str) -> None:
    database = open_database(postgresql_url)
    first, second = subscribe(database, "https://a.org/rss", "https://b.org/rss")
    with database.begin() as connection:
        due = claim(connection, first, second)
    harvest = Harvest(DOCUMENT, (entry(an_article("shared")),))
    results: list[Saved] = []

    def save_second() -> None:
        with database.begin() as connection:
            results.extend(articles.save(connection, [PolledHarvest(due[1], harvest, NOW)], NOW))

    thread = threading.Thread(target=save_second)

    def fail_first() -> None:
        with database.begin() as connection:
            articles.save(connection, [PolledHarvest(due[0], harvest, NOW)], NOW)
            thread.start()
            thread.join(0.3)
            raise RuntimeError("rolled back")

    with pytest.raises(RuntimeError):
        fail_first()
    thread.join(30)
    assert results[0].counts.new == 1
    database.close()
