"""`database.read_url`: what only reads asks the replica, and never writes there."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import make_url

from ingest.errors import DatabaseError
from ingest.store.engine import open_database
from tests.cli.conftest import Cli, Newsroom

QUESTIONS = (
    ("articles", "--json"),
    ("articles", "show", "1", "--json"),
    ("stories", "--json"),
    ("stories", "show", "1", "--json"),
    ("search", "ferry", "--json"),
    ("why", "1", "2", "--json"),
)


def read_only(newsroom: Newsroom) -> str:
    """The newsroom as a replica is: nothing can be written there."""
    url = make_url(newsroom.url)
    if url.get_backend_name() == "sqlite":
        return newsroom.url
    options = "-c default_transaction_read_only=on"
    return url.update_query_dict({"options": options}).render_as_string(hide_password=False)


@pytest.fixture
def config(here: Path, newsroom: Newsroom) -> Path:
    """The database itself is empty: what is found is the replica's."""
    open_database(f"sqlite:///{here}/own.db", create=True).close()
    path = here / "config.toml"
    path.write_text(
        f'[database]\nurl = "sqlite:///{here}/own.db"\nread_url = "{read_only(newsroom)}"\n',
        encoding="utf-8",
    )
    return path


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda one: " ".join(one))
def test_a_question_is_answered_by_the_replica(
    cli: Cli, newsroom: Newsroom, config: Path, question: tuple[str, ...]
) -> None:
    asked = cli("--config", config, *question)
    own = cli(*newsroom.option, *question)
    assert asked.code == own.code
    assert asked.out == own.out != ""


def test_an_export_reads_the_replica(
    cli: Cli, newsroom: Newsroom, config: Path, tmp_path: Path
) -> None:
    assert cli("--config", config, "export", tmp_path / "out").code == 0
    assert list((tmp_path / "out" / "articles").iterdir())


def test_a_database_named_on_the_command_line_is_the_one_asked(
    cli: Cli, here: Path, config: Path
) -> None:
    result = cli("--config", config, "--database", f"sqlite:///{here}/own.db", "articles", "--json")
    assert (result.code, result.out) == (0, "")


def test_the_replica_of_these_tests_refuses_writes(newsroom: Newsroom) -> None:
    url = read_only(newsroom)
    if url == newsroom.url:
        pytest.skip("an SQLite file is no replica")
    database = open_database(url)
    with pytest.raises(DatabaseError, match="read-only"), database.begin() as connection:
        connection.exec_driver_sql("DELETE FROM poll")
    database.close()
