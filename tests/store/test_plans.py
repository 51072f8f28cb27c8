"""The hot queries use an index on both databases, however large the tables are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection, Engine, event, text

from ingest.store import article_queries, changes, feed_queries, feeds, leases, polls, story_queries
from ingest.store.article_queries import ArticleFilter
from ingest.store.engine import Database
from ingest.store.story_queries import StoryFilter
from tests.store.build import NOW, after, an_article, claim, entry, store, subscribe

# Read whole on purpose, because they are small: feeds with their names, the queue, workers.
SMALL = {"site", "publisher", "feed", "worker", "meta", "match_queue", "sqlite_sequence"}


@contextmanager
def statements_of(engine: Engine) -> Iterator[list[tuple[str, object]]]:
    found: list[tuple[str, object]] = []

    def note(
        _connection: object, _cursor: object, statement: str, parameters: object, *_: object
    ) -> None:
        if statement.lstrip().upper().startswith(("SELECT", "UPDATE", "DELETE")):
            found.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", note)


def _whole_reads(connection: Connection, statement: str, parameters: object) -> list[str]:
    """The lines of the plan that read a whole table."""
    if isinstance(parameters, list):  # executemany: each alike
        parameters = parameters[0] if parameters else ()
    is_sqlite = connection.dialect.name == "sqlite"
    prefix = "EXPLAIN QUERY PLAN " if is_sqlite else "EXPLAIN "
    rows = connection.exec_driver_sql(prefix + statement, parameters)  # type: ignore[arg-type]
    lines = [str(row[-1]).strip() for row in rows]
    if is_sqlite:
        whole = [line for line in lines if line.startswith("SCAN ")]
        return [line for line in whole if "INDEX" not in line and not _is_small(line.split()[1])]
    whole = [line for line in lines if "Seq Scan on " in line]
    return [line for line in whole if not _is_small(line.split("Seq Scan on ")[1].split()[0])]


def _is_small(name: str) -> bool:
    aliases = {"f": "feed", "p": "publisher", "si": "site", "json_each": "site", "given": "site"}
    known = {*SMALL, *aliases, "(subquery-1)", "(subquery-2)", "1-ROW", "CONSTANT"}
    return name in known


@pytest.fixture
def sizeable(database: Database) -> Database:
    ids = subscribe(database, *(f"https://s{n}.org/rss" for n in range(20)))
    store(
        database,
        {feed_id: [entry(an_article(f"{feed_id}-{n}")) for n in range(5)] for feed_id in ids},
    )
    if database.dialect == "postgresql":
        with database.begin() as connection:
            connection.execute(text("ANALYZE"))
    return database


def _claims(database: Database) -> None:
    with database.begin() as connection:
        leases.claim_due(
            connection, now=after(9999), limit=5, owner="x", lease_seconds=1, site_delay_seconds=0
        )


def _polls_that_change_nothing(database: Database) -> None:
    with database.begin() as connection:
        (due,) = claim(connection, 1, now=after(9999))
    with database.connect() as connection:
        polls.read_knowledge(connection, due, NOW)
    with database.begin() as connection:
        leases.lost(connection, [due.lease])


def _stores(database: Database) -> None:
    changed = [entry(an_article("1-0", text="Changed.")), entry(an_article("brand new"))]
    store(database, {1: changed}, at=after(9999))


def _asks(database: Database) -> None:
    with database.connect() as connection:
        article_queries.list_articles(connection, ArticleFilter(since=NOW), limit=5)
        article_queries.article_page(connection, 1)
        story_queries.list_stories(connection, StoryFilter(since=NOW), limit=5)
        story_queries.story_members(connection, 1)
        feed_queries.poll_rows(connection, feed_id=1, limit=5)
        changes.read(connection, limit=5)
        feeds.get(connection, 1)
        polls.recent_polls(connection, 1, limit=5)


@pytest.mark.parametrize("work", [_claims, _polls_that_change_nothing, _stores, _asks])
def test_no_hot_query_reads_a_whole_table(
    sizeable: Database, work: Callable[[Database], None]
) -> None:
    with statements_of(sizeable.engine) as statements:
        work(sizeable)
    assert statements
    with sizeable.connect() as connection:
        if sizeable.dialect == "postgresql":
            # Small tables are read whole for a reason; the question is whether it could be helped.
            connection.execute(text("SET enable_seqscan = off"))
        for statement, parameters in statements:
            assert _whole_reads(connection, statement, parameters) == [], statement
