"""`python -m docs.generate`: write the pages anew, and say which have changed.

With `--day FILE` only the replayed day is made, as an SQLite database to try the recipes on.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from docs.generate import commands, configuration, metrics, queries, views
from docs.generate.day import make_day
from ingest.store.engine import open_database

DOCS = Path(__file__).parents[1]


def main(arguments: list[str]) -> int:
    """Make the pages, or the day; return the exit code."""
    if arguments:
        option, file = arguments
        assert option == "--day"
        make_day(Path(file))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "day.db"
        polls = make_day(path)
        url = f"sqlite:///{path}"
        database = open_database(url)
        pages = {
            "commands.md": commands.page(),
            "configuration.md": configuration.page(),
            "metrics.md": metrics.page(database, polls),
            "queries.md": queries.page((DOCS / "queries.md").read_text("utf-8"), url),
            "views.md": views.page(),
        }
        database.close()
    for name, text in pages.items():
        path = DOCS / name
        is_new = not path.exists() or path.read_text("utf-8") != text
        path.write_text(text, "utf-8")
        print(f"{name}: {'changed' if is_new else 'as it was'}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
