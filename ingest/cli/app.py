"""The commands put together.

A command line loads the modules of its own command alone; only help, completion and words that are
no command need all of them.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer
from typer.main import get_command

from ingest.cli.session import Session
from ingest.errors import UsageError

# The words after `ingest`, as its help lists them, and the module behind each: with `add_to`, or a
# `group` of commands.
COMMANDS = {
    "init": "init",
    "run": "daemon",
    "fetch": "fetch",
    "feeds": "feeds",
    "articles": "articles",
    "stories": "stories",
    "why": "why",
    "search": "search",
    "sql": "sql",
    "status": "status",
    "doctor": "doctor",
    "changes": "changes",
    "webhooks": "webhooks",
    "reprocess": "reprocess",
    "recluster": "recluster",
    "db": "database",
    "prune": "prune",
    "export": "export",
    "load": "load",
    "demo": "demo_command",
}
HELP = """The news as data: feeds in, clean and deduplicated stories in a database out.

Examples:

  ingest demo

  ingest init

  ingest fetch --all

  ingest stories --since 1d --min-publishers 3
"""
_WITH_VALUE = ("--config", "-c", "--database", "-d")
_ALONE = ("--quiet", "-q")


def _say_version(wanted: bool) -> None:
    if wanted:
        from ingest import __version__

        typer.echo(f"ingest {__version__}")
        raise typer.Exit


def top(
    context: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config", "-c", metavar="FILE", help="The config file [$INGEST_CONFIG, config.toml]."
        ),
    ] = None,
    database: Annotated[
        str | None,
        typer.Option("--database", "-d", metavar="URL", help="Overrides [database] url."),
    ] = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print results and errors only.")
    ] = False,
    _: Annotated[
        bool,
        typer.Option("--version", "-V", callback=_say_version, is_eager=True, help="Print it."),
    ] = False,
) -> None:
    """What stands before the command."""
    context.obj = Session(config, database, quiet, dict(os.environ))


@cache
def app_of(name: str | None = None) -> typer.Typer:
    """The program with one of its COMMANDS, or with all of them."""
    app = typer.Typer(
        name="ingest",
        help=HELP,
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(top)
    for word in COMMANDS if name is None else (name,):
        module = import_module(f"ingest.cli.{COMMANDS[word]}")
        if hasattr(module, "group"):
            app.add_typer(module.group, name=word)
        else:
            module.add_to(app)
    return app


def named_in(arguments: Sequence[str]) -> str | None:
    """Which of COMMANDS a command line calls; None where only the whole program can tell."""
    rest = iter(arguments)
    for word in rest:
        if word in _WITH_VALUE:
            next(rest, None)
        elif word not in _ALONE:
            return word if word in COMMANDS else None
    return None


def call(arguments: Sequence[str]) -> int:
    """Run one command line; return its exit code.

    Raises what the command raises, UsageError for words that are no command line, and
    KeyboardInterrupt.
    """
    if "_INGEST_COMPLETE" in os.environ:  # a shell asks what could follow
        app_of()(prog_name="ingest")
    command = get_command(app_of(named_in(arguments)))
    try:
        with command.make_context("ingest", list(arguments)) as context:
            result = command.invoke(context)
    except typer.Exit as ending:
        return ending.exit_code
    except typer.Abort:
        raise KeyboardInterrupt from None
    except typer.TyperException as error:
        message = error.format_message()
        if not message.startswith("Usage: "):
            raise UsageError(message) from None
        typer.echo(message, err=True)  # `ingest` or `ingest feeds` alone: the help is the answer
        return error.exit_code
    return result if isinstance(result, int) else 0
