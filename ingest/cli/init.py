"""`ingest init`: a config file to start from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ingest.cli.session import session_of
from ingest.errors import UsageError

PACKAGE = Path(__file__).parent.parent


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("init")(init)


def init(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(metavar="[FILE]", help="Where to write it.")] = Path(
        "config.toml"
    ),
) -> None:
    """Write a config file with every key explained.

    Public news feeds in thirteen languages are in it, to choose from. A file that is there already
    is not touched.

    Examples:

      ingest init

      ingest init /etc/ingest/config.toml
    """
    text = example_config()
    feeds = text.count("\n[[feeds]]")
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise UsageError(f"{path}: exists already and was left alone") from None
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror}") from None
    option = "" if path == Path("config.toml") else f" --config {path}"
    session_of(context).say(
        f"Wrote {path} with {feeds} feeds. Choose among them, then:\n"
        f"  ingest{option} fetch --all   poll every feed once\n"
        f"  ingest{option} run           keep polling"
    )


def example_config() -> str:
    """The commented example: from the wheel, or from the checkout this runs in."""
    shipped = PACKAGE / "_config.example.toml"
    source = shipped if shipped.exists() else PACKAGE.parent / "config.example.toml"
    return source.read_text(encoding="utf-8")
