"""The hot queries on PostgreSQL with tens of thousands of rows: the planner itself takes an index.

Nothing is forbidden to the planner here. `benchmarks.scale` does the same with a million rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Connection, create_engine, text

from benchmarks import scale_fill
from ingest.config import DedupeSettings
from ingest.store import leases, polls, stories
from ingest.store.engine import Database, open_database
from tests.store.build import NOW, a_record, after, an_article, entry, store
from tests.store.test_plans import statements_of

FEEDS, ARTICLES, WRITTEN = 12_000, 8_000, 200
# The tables that are filled. Others have a handful of rows here and may be read whole.
FILLED = {"feed", "feed_schedule", "feed_document", "article", "article_content", "article_key"}
FILLED |= {"fingerprint", "posting", "story", "story_article"}


@pytest.fixture(scope="module")
def filled_url(postgresql_server: object, request: pytest.FixtureRequest) -> Iterator[str]:
    """A database with so much in it that reading a table whole would be folly."""
    template: str = request.getfixturevalue("postgresql_template")
    server = request.getfixturevalue("postgresql_server")
    name = f"{template}_at_size"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
    url = server.set(database=name).render_as_string(hide_password=False)
    database = open_database(url)
    with database.begin() as writer:
        scale_fill.fill_feeds(writer, FEEDS, NOW)
    scale_fill.fill_articles(database, ARTICLES, NOW, written=WRITTEN, words=60)
    with database.begin() as writer:
        writer.execute(text("ANALYZE"))
    database.close()
    yield url
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()


@pytest.fixture
def database(filled_url: str) -> Iterator[Database]:
    opened = open_database(filled_url)
    yield opened
    opened.close()


def _claims(database: Database) -> None:
    with database.begin() as connection:
        claimed = leases.claim_due(
            connection, now=NOW, limit=100, owner="x", lease_seconds=300, site_delay_seconds=1.0
        )
    assert len(claimed) == 100
    with database.begin() as connection:
        leases.release(connection, [due.lease for due in claimed])


def _unchanged_polls(database: Database) -> None:
    with database.begin() as connection:
        claimed = leases.claim_due(
            connection, now=NOW, limit=100, owner="x", lease_seconds=300, site_delay_seconds=1.0
        )
    with database.connect() as connection:
        for due in claimed[:3]:
            polls.read_knowledge(connection, due, NOW)
    with database.begin() as connection:
        polls.record_polls(connection, [a_record(due, None, NOW) for due in claimed], NOW)


def _articles(database: Database) -> None:
    brought = {
        feed_id: [entry(an_article(f"{feed_id}-{n}-{NOW}", text=f"{feed_id} {n} " * 30))]
        for feed_id in range(1, 41)
        for n in range(3)
    }
    store(database, brought, at=after(60))
    store(database, brought, at=after(4_000))


def _matches(database: Database) -> None:
    brought = {feed_id: [entry(an_article(f"matched {feed_id}"))] for feed_id in range(50, 90)}
    store(database, brought, at=after(8_000))
    settled = stories.settle(database, now=after(8_001), settings=DedupeSettings(), limit=200)
    assert len(settled) >= 40


def _whole_reads(connection: Connection, statement: str, parameters: object) -> list[str]:
    if isinstance(parameters, list):  # one statement for many rows: each alike
        parameters = parameters[0] if parameters else ()
    rows = connection.exec_driver_sql("EXPLAIN " + statement, parameters)  # type: ignore[arg-type]
    lines = [str(row[0]).strip() for row in rows]
    whole = [line for line in lines if "Seq Scan on " in line]
    return [line for line in whole if line.split("Seq Scan on ")[1].split()[0] in FILLED]


@pytest.mark.parametrize("work", [_claims, _unchanged_polls, _articles, _matches])
def test_the_planner_reads_no_table_whole(
    database: Database, work: Callable[[Database], None]
) -> None:
    with statements_of(database.engine) as statements:
        work(database)
    assert len(statements) > 3
    with database.connect() as connection:
        # The price on a disk without arms: at this size the other one still favours whole tables.
        connection.execute(text("SET random_page_cost = 1.1"))
        for statement, parameters in statements:
            assert _whole_reads(connection, statement, parameters) == [], statement
