"""The front door of the command line: what becomes of an error, and a short way in for `fetch`.

`fetch` is what cron calls every few minutes. Said in its plain form it is understood here, without
the library that reads command lines, which would cost a third of a round in which nothing is new.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ingest.errors import IngestError

INTERRUPTED = 130  # 128 + SIGINT, as shells count it


def run(arguments: Sequence[str]) -> int:
    """Run one command line; return its exit code. Errors go to stderr, one line each."""
    try:
        plain = None if "_INGEST_COMPLETE" in os.environ else plain_fetch(arguments)
        result = _call(arguments) if plain is None else _fetch(plain)
        sys.stdout.flush()
    except IngestError as error:
        return _refuse(str(error), error.exit_code)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # the reader of our output has had enough (`| head`)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return result


@dataclass(frozen=True, slots=True)
class PlainFetch:
    """`ingest [-q] [-c FILE] [-d URL] fetch --all`, or feeds instead of --all."""

    config: Path | None
    database_url: str | None
    is_quiet: bool
    wanted: tuple[str, ...]  # none: every feed


def plain_fetch(arguments: Sequence[str]) -> PlainFetch | None:
    """What a command line says, where it is a plain fetch; None: let the whole program read it."""
    options: dict[str, str] = {}
    is_quiet = False
    rest = list(arguments)
    while rest and rest[0] != "fetch":
        word = rest.pop(0)
        if word in ("--quiet", "-q"):
            is_quiet = True
        elif (name := _OPTIONS.get(word)) is not None and rest:
            options[name] = rest.pop(0)
        else:
            return None
    wanted = tuple(rest[1:])
    if wanted == ("--all",):
        wanted = ()
    elif not wanted or any(word.startswith("-") for word in wanted):
        return None
    config = options.get("config")
    return PlainFetch(Path(config) if config else None, options.get("database"), is_quiet, wanted)


_OPTIONS = {"--config": "config", "-c": "config", "--database": "database", "-d": "database"}


def _fetch(plain: PlainFetch) -> int:
    gc.disable()
    from ingest.cli import polling  # which `fetch_feeds` uses
    from ingest.cli.fetching import fetch_feeds
    from ingest.cli.session import Session

    assert polling
    gc.freeze()  # what is loaded stays
    gc.enable()
    session = Session(plain.config, plain.database_url, plain.is_quiet, dict(os.environ))
    return fetch_feeds(session, plain.wanted)


def _call(arguments: Sequence[str]) -> int:
    from ingest.cli.app import call

    return call(arguments)


def _refuse(message: str, exit_code: int) -> int:
    from ingest.cli.output import printable

    line = printable(" ".join(message.replace(" Value error,", "").split()))
    sys.stderr.write(f"ingest: {line}\n")
    return exit_code
