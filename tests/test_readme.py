"""The README tells the truth: its commands run, its queries give the results it shows."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from tests.cli.conftest import Cli, Newsroom

# The same sample feeds in a database, as the tests of the command line read them.
from tests.cli.conftest import cli as cli
from tests.cli.conftest import here as here
from tests.cli.conftest import newsroom as newsroom
from tests.once import write_config

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")

# Run elsewhere: by CI, and as processes by the tests named.
ELSEWHERE = {
    "make demo": "tests/cli/test_demo.py",
    "make test": ".ci/run",
    "ingest run": "tests/cli/test_daemon_command.py",
}
MAY_EXIT_1 = ("fetch", "why")  # a dead feed among all; two articles that are two stories


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.S)


def commands() -> Iterator[str]:
    for block in blocks("console"):
        for line in block.splitlines():
            if line.startswith("$ "):
                yield re.sub(r"\s+# .*$", "", line.removeprefix("$ "))


def test_commands_that_are_run_elsewhere_are_run_there() -> None:
    for command, place in ELSEWHERE.items():
        assert command in set(commands())
        last = command.split()[-1]
        assert f'"{last}"' in (ROOT / place).read_text() or f" {last}" in (ROOT / place).read_text()
    targets = (ROOT / "Makefile").read_text()
    assert "\ndemo:" in targets
    assert "\ntest:" in targets


def test_every_other_command_runs_in_the_order_of_the_page(
    cli: Cli, here: Path, newsroom: Newsroom
) -> None:
    write_config(here / "config.toml", f"sqlite:///{here}/ingest.db", newsroom.server)
    ran = 0
    for command in commands():
        if command in ELSEWHERE:
            continue
        words = shlex.split(command)
        assert words[0] == "ingest"
        if words == ["ingest", "init"]:
            words.append("written.toml")
        result = cli(*words[1:])
        allowed = (0, 1) if words[1] in MAY_EXIT_1 else (0,)
        assert result.code in allowed, f"{command}: {result.err}"
        ran += 1
    assert ran >= 15


QUERIES = re.findall(r"```sql\n(.*?)```\n```text\n(.*?)```", README, flags=re.S)


def cells(line: str) -> list[str]:
    return re.split(r"\s{2,}", line.strip())


@pytest.mark.parametrize(("query", "shown"), QUERIES, ids=range(len(QUERIES)))
def test_a_query_gives_the_result_that_is_shown(newsroom: Newsroom, query: str, shown: str) -> None:
    titles, _, *rows = shown.strip().splitlines()
    engine = create_engine(newsroom.url)
    with closing(engine.connect()) as connection:
        result = connection.execute(text(query))
        assert list(result.keys()) == cells(titles)
        assert [[str(value) for value in row] for row in result] == [cells(row) for row in rows]
    engine.dispose()


def test_there_are_queries_with_results() -> None:
    assert len(QUERIES) == len(blocks("sql")) >= 2


def test_the_output_of_the_demo_has_the_parts_that_the_demo_prints() -> None:
    (demo,) = [block for block in blocks("text") if block.startswith("Serving")]
    source = (ROOT / "ingest" / "cli" / "demo" / "report.py").read_text()
    for part in ("Stories that more than one publisher ran", "Why are"):
        assert part in demo
        assert part in source
