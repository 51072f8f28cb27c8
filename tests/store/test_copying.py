"""A database copied to the other kind and back is the same database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from ingest.config import DedupeSettings, FeedSettings
from ingest.errors import DatabaseError, UsageError
from ingest.store import article_queries, changes, copying, feeds, stories
from ingest.store.copying import Copied, copy
from ingest.store.engine import Database, open_database
from ingest.store.maintenance import delete_articles
from ingest.store.tables import article, article_content, change, meta, metadata
from tests.store.build import NOW, after, an_article, entry, store, subscribe


@pytest.fixture
def other(database: Database, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty database of the other kind."""
    if database.dialect == "sqlite":
        url: str = request.getfixturevalue("postgresql_url")
    else:
        url = f"sqlite:///{tmp_path}/other.db"
    opened = open_database(url, create=True)
    yield opened
    opened.close()


@pytest.fixture
def third(tmp_path: Path) -> Iterator[Database]:
    opened = open_database(f"sqlite:///{tmp_path}/third.db", create=True)
    yield opened
    opened.close()


def fill(database: Database) -> None:
    """Three feeds with articles: one revised, two of one story, the last one deleted."""
    first, second, third = subscribe(
        database, "https://a.org/rss", "https://b.org/rss", "https://c.org/rss"
    )
    text = "The very same words about a bridge that was closed on Monday. " * 8
    store(database, {first: [entry(an_article("a", text=text))]})
    store(
        database,
        {
            second: [entry(an_article("b", text=text, headline="Ein Schlüssel — ключ 鍵"))],
            third: [entry(an_article(f"c{number}")) for number in range(7)],
        },
        at=after(60),
    )
    edited = an_article("a", text=text + "It opened again.", guid="https://example.org/a")
    store(database, {first: [entry(edited, name="https://example.org/a")]}, at=after(120))
    while stories.settle(database, now=after(130), settings=DedupeSettings()):
        pass
    with database.begin() as connection:
        highest = connection.scalar(select(func.max(article.c.id)))
        assert highest is not None
        delete_articles(connection, [highest], after(140))


def dump(database: Database) -> dict[str, list[tuple[object, ...]]]:
    with database.connect() as connection:
        return {
            table.name: sorted(map(tuple, connection.execute(select(table))), key=repr)
            for table in metadata.sorted_tables
            if table is not change
        }


def test_every_row_arrives_and_is_verified(database: Database, other: Database) -> None:
    fill(database)
    copied = {one.table: one for one in copy(database, other, batch_rows=3)}
    assert set(copied) == {table.name for table in metadata.sorted_tables}
    assert copied["article"].rows == 8
    assert copied["revision"].rows == 1
    assert dump(other) == dump(database)


def test_there_and_back_is_the_same_again(
    database: Database, other: Database, third: Database
) -> None:
    fill(database)
    there = copy(database, other)
    back = copy(other, third)
    assert there == back
    assert dump(third) == dump(database)


def test_an_interrupted_copy_is_gone_on_with(database: Database, other: Database) -> None:
    fill(database)

    class Interrupted(Exception):
        pass

    def stop(done: int, total: int) -> None:
        if done > total / 4:
            raise Interrupted

    with pytest.raises(Interrupted):
        copy(database, other, batch_rows=2, progress=stop)
    with other.connect() as connection:
        assert copying.unfinished_copy_of(connection) == database.url
    copy(database, other, batch_rows=2)
    assert dump(other) == dump(database)
    with other.connect() as connection:
        assert copying.unfinished_copy_of(connection) is None


def test_ids_go_on_where_the_source_stopped(database: Database, other: Database) -> None:
    """Also where the highest one belongs to a row that is gone: ids are never reused."""
    fill(database)
    with database.connect() as connection:
        highest = connection.scalar(select(func.max(article.c.id))) or 0
    copy(database, other)
    with other.begin() as connection:
        settings = FeedSettings(url="https://d.org/rss")
        feed_id = feeds.add(connection, settings, now=NOW).feed_id
    assert feed_id == 4
    saved = store(other, {feed_id: [entry(an_article("d"))]}, at=after(600))
    assert saved[feed_id].new_articles == (highest + 2,)


def test_the_copy_can_be_searched(database: Database, other: Database) -> None:
    fill(database)
    copy(database, other)
    for words in ("bridge", "ключ", "again"):
        found = []
        for one in (database, other):
            with one.connect() as connection:
                found.append({row.id for row in article_queries.search_articles(connection, words)})
        assert found[0] == found[1] != set()


def test_copied_events_come_before_later_ones(database: Database, other: Database) -> None:
    fill(database)
    copy(database, other)
    with database.connect() as connection:
        events = [(one.kind, one.article_id, one.data) for one in changes.read(connection)]
    with other.connect() as connection:
        copied = changes.read(connection)
        cursor = changes.latest_cursor(connection)
    assert [(one.kind, one.article_id, one.data) for one in copied] == events
    store(other, {1: [entry(an_article("later"))]}, at=after(600))
    with other.connect() as connection:
        (later,) = changes.read(connection, cursor, kinds=[changes.ChangeKind.ARTICLE_NEW])
    assert later.at == after(600)


def test_only_an_empty_database_is_copied_into(database: Database, other: Database) -> None:
    fill(database)
    subscribe(other, "https://z.org/rss")
    before = dump(other)
    with pytest.raises(UsageError, match="not empty"):
        copy(database, other)
    assert dump(other) == before


def test_a_database_is_not_copied_onto_itself(database: Database) -> None:
    with pytest.raises(UsageError, match="onto itself"):
        copy(database, database)


def test_an_unfinished_copy_of_another_source_is_refused(
    database: Database, other: Database
) -> None:
    with other.begin() as connection:
        connection.execute(meta.insert().values(key=copying.MARK, value="sqlite:///else.db"))
    with pytest.raises(UsageError, match=r"unfinished copy of sqlite:///else\.db"):
        copy(database, other)


def test_a_source_that_changed_between_two_runs_is_noticed(
    database: Database, other: Database
) -> None:
    fill(database)

    class Interrupted(Exception):
        pass

    def stop(done: int, total: int) -> None:
        if done > total / 2:
            raise Interrupted

    with pytest.raises(Interrupted):
        copy(database, other, progress=stop)
    with database.begin() as connection:
        connection.execute(update(article_content).values(summary="changed"))
    with pytest.raises(DatabaseError, match="article_content differs"):
        copy(database, other)


def test_an_empty_database_can_be_copied(database: Database, other: Database) -> None:
    assert all(one == Copied(one.table, 0, 0) for one in copy(database, other))
