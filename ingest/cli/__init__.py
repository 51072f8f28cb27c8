"""The command line: `ingest`. One small file for each group of commands."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import NoReturn


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """The program. Exits 0 when all is done, 1 when something failed, 2 for wrong usage."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given in (["--version"], ["-V"]):  # without importing what only commands need
        from ingest import __version__

        print(f"ingest {__version__}")
        sys.exit(0)
    from ingest.cli.front import run

    sys.exit(run(given))
