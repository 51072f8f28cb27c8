"""commands.md: what `--help` says of every command, in one page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from typer.main import get_command

from docs.generate.markdown import MADE

WIDTH = 96

HEAD = f"""# Commands

{MADE}

What `ingest COMMAND --help` says, for every command. Exit codes: 0 done, 1 something failed, 2
wrong usage, with one line on standard error. `--config`, `--database` and `--quiet` come before the
command. Results go to standard output, everything else to standard error; `--json` prints one JSON
object a line. Colours are used on terminals only, and never where `NO_COLOR` is set.

## Shell completion

```console
$ ingest --install-completion
```

writes the completion of commands and options for the shell in use (bash, zsh, fish, PowerShell)
into its start-up file; open a new shell to have it. `ingest --show-completion` prints it, for those
who keep such files themselves.
"""


@dataclass(frozen=True, slots=True)
class Command:
    """One command or group: the words that call it, and what it says of itself."""

    words: tuple[str, ...]
    help: str
    options: tuple[str, ...]  # each as it is written: --since, -n

    @property
    def name(self) -> str:
        """As it is typed: "ingest feeds add"."""
        return " ".join(self.words)


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    for command in commands():
        level = "#" * min(len(command.words) + 1, 3)
        parts.append(f"\n{level} {command.name}\n\n```text\n{command.help}\n```\n")
    return "".join(parts)


def commands() -> Iterator[Command]:
    """All of them, in the order of `ingest --help`."""
    yield from _walk(whole_program(), ("ingest",), None)


def whole_program() -> Any:
    """The program with all its commands, as the library that reads command lines has it."""
    from ingest.cli.app import app_of

    return get_command(app_of())


def _walk(command: Any, words: tuple[str, ...], parent: Any) -> Iterator[Command]:
    context = command.make_context(
        words[-1], [], parent=parent, resilient_parsing=True, terminal_width=WIDTH, color=False
    )
    text = "\n".join(line.rstrip() for line in command.get_help(context).splitlines())
    options = tuple(
        name
        for one in command.params
        if one.param_type_name == "option" and not one.hidden
        for name in (*one.opts, *one.secondary_opts)
    )
    yield Command(words, text, options)
    for name, below in getattr(command, "commands", {}).items():
        if not below.hidden:
            yield from _walk(below, (*words, name), context)
