"""The program as a whole: help, version, errors, init, the schema commands."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from typer.main import get_command

from ingest import __version__
from ingest.cli.app import app_of
from ingest.store import schema_version
from tests.cli.conftest import Cli


def command_lines() -> list[tuple[str, ...]]:
    """Every command there is, as the words that call it."""
    found: list[tuple[str, ...]] = []
    for name, command in get_command(app_of()).commands.items():  # type: ignore[attr-defined]
        subcommands = getattr(command, "commands", None)
        found += [(name, sub) for sub in subcommands] if subcommands else [(name,)]
    return found


def test_the_version_is_printed_without_loading_the_program() -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-m", "ingest", "--version"], capture_output=True, text=True, check=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.stdout == f"ingest {__version__}\n"
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 0.2


@pytest.mark.parametrize("words", command_lines(), ids=" ".join)
def test_every_command_explains_itself_with_an_example(cli: Cli, words: tuple[str, ...]) -> None:
    result = cli(*words, "--help")
    assert result.code == 0
    assert "Examples:" in result.out
    assert f"ingest {words[0]}" in result.out.partition("Examples:")[2] or "-" in result.out


@pytest.mark.parametrize("group", ["", "feeds", "articles", "stories", "webhooks", "db"])
def test_no_command_is_cut_short_in_a_list_of_eighty_columns(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, group: str
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    listed = cli(*group.split(), "--help").out.partition("\nCommands:\n")[2].splitlines()
    assert len(listed) > 1
    assert [line for line in listed if line.endswith("...") or len(line) > 80] == []


def test_the_program_alone_prints_its_help(cli: Cli) -> None:
    for arguments in ((), ("feeds",), ("db",)):
        result = cli(*arguments)
        assert result.code == 2
        assert result.err.startswith("Usage: ingest")
        assert result.err.count("\n") > 8


def test_commands_that_are_not_there_are_refused_in_one_line(cli: Cli) -> None:
    for arguments in (("fetsh",), ("feeds", "ad"), ("--colour",), ("articles", "--limit", "0")):
        result = cli(*arguments)
        assert result.code == 2
        assert result.out == ""
        assert result.err.startswith("ingest: ")
        assert result.err.count("\n") == 1


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("[fetch\n", "not valid TOML"),
        ("[fetch]\nmax_bite = 1", "unknown key fetch.max_bite"),
        ("[fetch]\nmax_bytes = 'x'", "has to be a whole number"),
    ],
)
def test_a_bad_config_file_stops_every_command_before_it_does_anything(
    cli: Cli, here: Path, content: str, says: str
) -> None:
    (here / "config.toml").write_text(content)
    for arguments in (("run",), ("fetch", "--all"), ("feeds", "list"), ("status",)):
        result = cli(*arguments)
        assert result.code == 2
        assert result.err.startswith("ingest: config.toml: ")
        assert says in result.err
    assert [path.name for path in here.iterdir()] == ["config.toml"]


def test_the_config_file_is_the_one_the_options_name(
    cli: Cli, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "config.toml").write_text("[a]")
    (here / "b.toml").write_text("[b]")
    assert "[a]" in cli("status").err
    monkeypatch.setenv("INGEST_CONFIG", "b.toml")
    assert "[b]" in cli("status").err
    assert "c.toml: no such file" in cli("--config", "c.toml", "status").err


def test_a_database_that_cannot_be_reached_is_named_without_its_password(
    cli: Cli, here: Path
) -> None:
    result = cli("--database", "postgresql://u:hunter2@127.0.0.1:1/news", "status")
    assert result.code == 1
    assert "127.0.0.1" in result.err
    assert "hunter2" not in result.err
    missing = cli("articles")
    assert missing.code == 1
    assert "ingest.db: no such database" in missing.err
    assert list(here.iterdir()) == []


def test_a_database_of_a_later_version_is_not_touched(
    cli: Cli, here: Path, database_url: str
) -> None:
    engine = create_engine(database_url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    for arguments in (("status",), ("feeds", "list"), ("db", "upgrade"), ("fetch", "--all")):
        result = cli("--database", database_url, *arguments)
        assert result.code == 1
        assert "later version" in result.err
    assert "9999" in cli("--database", database_url, "db", "current").out


def test_the_schema_is_made_taken_back_and_made_again(
    cli: Cli, here: Path, database_url: str
) -> None:
    option = ("--database", database_url)
    assert cli(*option, "db", "current").out == f"{schema_version.HEAD}\n"
    refused = cli(*option, "db", "downgrade", "base")
    assert refused.code == 2
    assert "--yes" in refused.err
    assert cli(*option, "db", "downgrade", "base", "--yes").code == 0
    assert cli(*option, "db", "current").out.startswith("no schema")
    assert "no tables yet" in cli(*option, "status").err
    assert cli(*option, "db", "upgrade").code == 0
    assert cli(*option, "status").code == 0
    assert list(here.glob("*.toml")) == []


def test_init_writes_a_config_file_once(cli: Cli, here: Path) -> None:
    result = cli("init")
    assert result.code == 0
    written = (here / "config.toml").read_text()
    assert written == (Path(__file__).parents[2] / "config.example.toml").read_text()
    assert "ingest fetch --all" in result.err
    (here / "config.toml").write_text("# mine")
    again = cli("init")
    assert again.code == 2
    assert "exists already" in again.err
    assert (here / "config.toml").read_text() == "# mine"
    assert cli("init", here / "absent" / "config.toml").code == 2


def test_quiet_leaves_results_and_errors(cli: Cli, here: Path) -> None:
    assert cli("--quiet", "init", "a.toml").err == ""
    assert cli("--quiet", "init", "a.toml").err != ""
    assert (here / "a.toml").exists()


def test_a_reader_that_has_had_enough_is_no_error(here: Path) -> None:
    environ = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        [sys.executable, "-m", "ingest", "feeds", "export", "--help"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environ,
        cwd=here,
    ) as program:
        assert program.stdout is not None
        assert program.stderr is not None
        program.stdout.close()
        assert program.stderr.read() == b""
        assert program.wait() == 0
