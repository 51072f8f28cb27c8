"""The command line: `ingest`. One small file for each group of commands."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from typing import NoReturn

_GARBAGE_THRESHOLD = 50_000  # new objects before it is looked whether some are in circles


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """The program. Exits 0 when all is done, 1 when something failed, 2 for wrong usage."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given in (["--version"], ["-V"]):  # without importing what only commands need
        from ingest import __version__

        print(f"ingest {__version__}")
        sys.exit(0)
    # Modules and tables stay: going through them again and again took a tenth of the start-up.
    gc.set_threshold(_GARBAGE_THRESHOLD)
    from ingest.cli.front import run

    code = run(given)
    gc.freeze()  # all of it goes with the process: looked through first, it took a tenth of a fetch
    sys.exit(code)
