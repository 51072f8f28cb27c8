"""The documentation is complete and up to date: what fails here is mended by `make docs`.

What the program has and no page names is given its comment or help text first: a config key in
config.example.toml, a metric in its HELP, a view's column in views.py, a command in its docstring.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from docs.generate import commands, configuration, metrics, views
from ingest.store.views import VIEWS
from tests.docs.conftest import Day

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.glob("*.md"))]
COMMANDS = list(commands.commands())
STALE = "is not what would be made now: run `make docs`"


def read(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


# --- nothing stale -----------------------------------------------------------------------------


@pytest.mark.parametrize("module", [commands, configuration, views], ids=lambda one: one.__name__)
def test_a_page_made_from_the_program_is_what_would_be_made_now(module: Any) -> None:
    name = f"{module.__name__.rpartition('.')[2]}.md"
    assert read(name) == module.page(), f"docs/{name} {STALE}"


# --- nothing left out --------------------------------------------------------------------------


def test_every_command_and_every_option_is_documented() -> None:
    sections = dict(
        re.findall(r"^#+ (ingest[^\n]*)\n\n```text\n(.*?)^```$", read("commands.md"), re.M | re.S)
    )
    assert sections.keys() == {command.name for command in COMMANDS}
    for command in COMMANDS:
        for option in command.options:
            assert re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", sections[command.name]), (
                f"{command.name} {option}"
            )


def test_every_config_key_is_documented_with_its_meaning() -> None:
    page = read("configuration.md")
    for key in configuration.every_key():
        assert key.meaning, f"{key.section}.{key.name} has no comment in config.example.toml"
        assert f"| `{key.name}` | " in page, f"{key.section}.{key.name}"


def test_every_view_and_every_column_is_documented() -> None:
    page = read("views.md")
    for view in VIEWS:
        section = page.partition(f"\n## {view.name}\n")[2].partition("\n## ")[0]
        assert section, view.name
        for column in view.columns:
            assert f"| `{column.name}` | " in section, f"{view.name}.{column.name}"


def test_every_word_that_a_column_can_hold_is_explained() -> None:
    for columns, kind in views.VALUES:
        for word, meaning in views.meanings(kind).items():
            assert meaning, f"{columns}: {word} has no comment beside it in its source"


def test_columns_that_were_promised_stay_where_they_are() -> None:
    """Programs may select by position or `SELECT *`: columns are appended, never moved."""
    columns = {view.name: [column.name for column in view.columns] for view in VIEWS}
    for line in (Path(__file__).parent / "promised_columns.txt").read_text().splitlines():
        view, *promised = line.split()
        assert columns[view][: len(promised)] == promised, view


def test_every_metric_is_documented_and_the_page_is_what_would_be_made_now(
    sqlite_day: Day,
) -> None:
    page = read("metrics.md")
    found = metrics.metrics(sqlite_day.database, sqlite_day.polls)
    assert len(found) >= 20
    for metric in found:
        assert metric.help.endswith("."), metric.name
        assert re.search(rf"\| `{metric.name}[{{`]", page), metric.name
    assert page == metrics.page(sqlite_day.database, sqlite_day.polls), f"docs/metrics.md {STALE}"


def test_every_page_is_in_the_index() -> None:
    index = read("README.md")
    for page in DOCS.glob("*.md"):
        assert page.name == "README.md" or f"]({page.name})" in index, page.name
    assert "](docs/README.md)" in (ROOT / "README.md").read_text(encoding="utf-8")


# --- nothing wrong -----------------------------------------------------------------------------


def prose(path: Path) -> str:
    return re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.S)


def anchors(path: Path) -> set[str]:
    """The anchors of a page's headings, as the usual renderers name them."""
    titles = re.findall(r"^#+ (.+)$", prose(path), re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_relative_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if "://" in link or link.startswith("mailto:"):
            continue
        target, _, anchor = unquote(link).partition("#")
        path = (page.parent / target).resolve() if target else page
        assert path.exists(), link
        assert path.is_relative_to(ROOT), link
        if anchor and path.suffix == ".md":
            assert anchor in anchors(path), link


def test_files_that_a_page_names_exist() -> None:
    named = {
        (page.name, name)
        for page in PAGES
        for name in re.findall(r"`((?:ingest|tests|docs|deploy)/[\w/.-]+\.\w+)`", prose(page))
    }
    assert len(named) >= 10
    assert not [one for one in named if not (ROOT / one[1]).exists()]


def parsed(line: str) -> list[str]:
    """Parse a command line as the program would, without running it; the names of the commands."""
    words = shlex.split(re.sub(r"\$\(.*\)", "2 1", line), comments=True)
    for end in ("|", "<", ">", ">>", "&", "&&", ";"):
        if end in words:
            words = words[: words.index(end)]
    command: Any = commands.whole_program()
    context = None
    name, rest, names = words[0], words[1:], words[:1]
    while True:
        context = command.make_context(name, rest, parent=context)
        below = getattr(command, "commands", None)
        left = [*getattr(context, "_protected_args", []), *context.args]
        if not below or not left:
            return names
        name, command, rest = command.resolve_command(context, left)
        names.append(name)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_the_help_of_every_command_shows_examples_that_parse(command: commands.Command) -> None:
    shown = command.help.partition("Examples:\n")[2].partition("\nOptions:")[0]
    examples = re.findall(r"^\s+(ingest\b.*)$", shown, re.M)
    assert examples, f"{command.name} --help has no examples"
    called = [" ".join(parsed(line)) for line in examples]
    # `ingest stories` alone is `ingest stories list`.
    wanted = command.name.removesuffix(" list")
    assert any(one.startswith(wanted) for one in called), f"{command.name}: {called}"


def commands_shown(page: Path) -> Iterator[str]:
    """What a page says to type; a quoted argument may go over several lines."""
    for block in re.findall(r"```console\n(.*?)```", page.read_text(encoding="utf-8"), re.S):
        for command in re.split(r"^[$#] ", block, flags=re.M):
            if found := re.match(r"(?:\S*/)?(ingest .+)", command, re.S):
                yield found[1]


# What does its work as soon as it is read.
AT_ONCE = ("ingest --version", "ingest --install-completion", "ingest --show-completion")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_that_a_page_shows_can_be_typed(page: Path) -> None:
    for line in commands_shown(page):
        assert line.startswith(AT_ONCE) or parsed(line), line


def test_a_shell_is_told_how_a_command_goes_on() -> None:
    """What `ingest --install-completion` puts into a shell asks the program like this."""
    asked = {"_INGEST_COMPLETE": "complete_bash", "COMP_WORDS": "ingest fee", "COMP_CWORD": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "ingest"],
        env={**os.environ, **asked},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == ["feeds"]
