"""The commands put together, and what becomes of an error: one line and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from typer.main import get_command

from ingest.cli import (
    articles,
    changes,
    copying,
    daemon,
    database,
    demo_command,
    doctor,
    export,
    feeds,
    fetch,
    init,
    load,
    prune,
    recluster,
    reprocess,
    revisions,
    search,
    status,
    stories,
    webhooks,
    why,
)
from ingest.cli.output import printable
from ingest.cli.session import Session
from ingest.errors import IngestError

INTERRUPTED = 130  # 128 + SIGINT, as shells count it

app = typer.Typer(
    name="ingest",
    help="The news as data: feeds in, clean and deduplicated stories in a database out.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _say_version(wanted: bool) -> None:
    if wanted:
        from ingest import __version__

        typer.echo(f"ingest {__version__}")
        raise typer.Exit


@app.callback()
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
    """The news as data: feeds in, clean and deduplicated stories in a database out."""
    context.obj = Session(config, database, quiet, dict(os.environ))


init.add_to(app)
daemon.add_to(app)
fetch.add_to(app)
app.add_typer(feeds.group, name="feeds")
app.add_typer(articles.group, name="articles")
app.add_typer(stories.group, name="stories")
why.add_to(app)
search.add_to(app)
status.add_to(app)
doctor.add_to(app)
changes.add_to(app)
app.add_typer(webhooks.group, name="webhooks")
reprocess.add_to(app)
recluster.add_to(app)
revisions.add_to(articles.group)
app.add_typer(database.group, name="db")
copying.add_to(database.group)
prune.add_to(app)
export.add_to(app)
load.add_to(app)
demo_command.add_to(app)


def run(arguments: Sequence[str]) -> int:
    """Run one command line; return its exit code. Errors go to stderr, one line each."""
    if "_INGEST_COMPLETE" in os.environ:  # a shell asks what could follow
        app(prog_name="ingest")
    command = get_command(app)
    try:
        with command.make_context("ingest", list(arguments)) as context:
            result = command.invoke(context)
        sys.stdout.flush()
    except typer.Exit as ending:
        return ending.exit_code
    except IngestError as error:
        return _refuse(str(error), error.exit_code)
    except typer.TyperException as error:
        message = error.format_message()
        if message.startswith(
            "Usage: "
        ):  # `ingest` or `ingest feeds` alone: the help is the answer
            typer.echo(message, err=True)
            return error.exit_code
        return _refuse(message, error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except BrokenPipeError:  # the reader of our output has had enough (`| head`)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return result if isinstance(result, int) else 0


def _refuse(message: str, exit_code: int) -> int:
    line = printable(" ".join(message.replace(" Value error,", "").split()))
    sys.stderr.write(f"ingest: {line}\n")
    return exit_code
