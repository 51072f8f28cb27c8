"""The migrations lead to the schema that tables.py and views.py describe, and back."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine, inspect, text
from sqlalchemy.engine.interfaces import ReflectedIndex

from ingest.errors import DatabaseTooNew, UsageError
from ingest.store import feeds, migrate, schema_version, search, tables, views
from ingest.store.engine import Database, connect_only, open_database
from tests.store.build import an_article, entry, store, subscribe


def _described(connection: Connection) -> dict[str, object]:
    """Tables, columns, keys and indexes as the database itself describes them."""
    found = inspect(connection)
    described: dict[str, object] = {}
    for name in sorted(found.get_table_names()):
        if name == "alembic_version" or name.startswith(("article_search", "poll_")):
            continue
        described[name] = (
            [
                (c["name"], str(c["type"]), c["nullable"], c["default"], c.get("comment"))
                for c in found.get_columns(name)
            ],
            found.get_pk_constraint(name),
            sorted(map(str, found.get_foreign_keys(name))),
            sorted(map(_index, found.get_indexes(name))),
            sorted(map(str, found.get_unique_constraints(name))),
        )
    return described


def _index(one: ReflectedIndex) -> str:
    options = {key: str(value) for key, value in one.get("dialect_options", {}).items()}
    return str({**one, "dialect_options": options})


def _sqlite_statements(connection: Connection) -> dict[str, str]:
    rows = connection.execute(
        text("SELECT name, sql FROM sqlite_master WHERE type IN ('table', 'index') AND sql <> ''")
    )
    return {
        row.name: " ".join(row.sql.split())
        for row in rows
        if not row.name.startswith(("alembic_version", "article_search"))
    }


@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection")  # of expressions: see below
def test_the_migrated_schema_is_the_one_tables_py_describes(database: Database) -> None:
    with database.begin() as connection:
        migrated = _described(connection)
        assert migrated.keys() == tables.metadata.tables.keys()
        for view in views.VIEWS:
            connection.execute(text(f"DROP VIEW {view.name}"))
        tables.metadata.drop_all(connection)
        tables.metadata.create_all(connection)
        created = _described(connection)
    for name in migrated:
        assert migrated[name] == created[name], name


def test_on_sqlite_the_statements_are_the_same_to_the_word(sqlite_url: str) -> None:
    engine = create_engine("sqlite://")
    tables.metadata.create_all(engine)
    with engine.connect() as connection:
        created = _sqlite_statements(connection)
    with open_database(sqlite_url).connect() as connection:
        migrated = _sqlite_statements(connection)
    assert migrated.keys() == created.keys()
    for name, statement in created.items():
        assert sorted(_parts(migrated[name])) == sorted(_parts(statement)), name


def _parts(statement: str) -> list[str]:
    return statement.replace("(", ",").replace(")", ",").replace(", ", ",").split(",")


def test_the_migrated_views_are_the_ones_views_py_describes() -> None:
    written: dict[str, str] = {}  # by name: a later migration may write a view anew
    for path in sorted((migrate.folder() / "sql").glob("*_views.sql")):
        for statement in path.read_text(encoding="utf-8").split("\n\n"):
            written[statement.split()[2]] = statement.strip().rstrip(";")
    assert list(written.values()) == views.create_statements()


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_the_migrated_search_index_is_the_one_search_py_describes(dialect: str) -> None:
    written = (migrate.folder() / "sql" / f"0001_search_{dialect}.sql").read_text()
    assert [one.strip().rstrip(";") for one in written.split("\n\n")] == list(search.ddl(dialect))


def test_the_search_index_of_sqlite_merges_many_parts_at_once(sqlite_url: str) -> None:
    with open_database(sqlite_url).connect() as connection:
        options = connection.execute(text("SELECT k, v FROM article_search_config")).all()
    assert {one.k: one.v for one in options} | {"version": 0} == {
        "automerge": 16,
        "crisismerge": 64,
        "version": 0,
    }


def test_the_newest_migration_is_the_version_the_program_writes() -> None:
    history = migrate.history()
    assert history[-1].revision == schema_version.HEAD
    assert [one.down_revision for one in history] == [
        None,
        *(one.revision for one in history[:-1]),
    ]
    assert all(one.subject for one in history)


def test_down_and_up_again_with_data_in_it(database: Database) -> None:
    (feed_id,) = subscribe(database, "https://example.org/rss")
    store(database, {feed_id: [entry(an_article("one"))]})
    assert migrate.downgrade(database, "base") == [
        one.revision for one in reversed(migrate.history())
    ]
    assert migrate.current(database) is None
    with database.connect() as connection:
        left = set(inspect(connection).get_table_names()) | set(
            inspect(connection).get_view_names()
        )
    assert left <= {"alembic_version", "sqlite_sequence"}
    assert migrate.upgrade(database) == [one.revision for one in migrate.history()]
    assert migrate.upgrade(database) == []
    (again,) = subscribe(database, "https://example.org/rss")
    with database.connect() as connection:
        assert feeds.get(connection, again).url == "https://example.org/rss"


def test_an_unknown_revision_is_refused_and_nothing_happens(database: Database) -> None:
    with pytest.raises(UsageError, match="no migration '0815'"):
        migrate.downgrade(database, "0815")
    assert migrate.current(database) == schema_version.HEAD


def test_a_later_schema_is_neither_upgraded_nor_downgraded(database: Database) -> None:
    with database.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseTooNew):
        migrate.upgrade(database)
    with pytest.raises(DatabaseTooNew):
        migrate.downgrade(database, "base")


def test_migrations_do_not_depend_on_where_the_program_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    database = connect_only(f"sqlite:///{tmp_path}/100%.db", create=True)
    assert migrate.upgrade(database)
    assert (tmp_path / "100%.db").is_file()
    database.close()


def test_every_table_and_what_is_not_plain_has_a_comment() -> None:
    for table in tables.metadata.tables.values():
        assert table.comment, table.name
