"""The corpora's feeds, for the tests that need them; see the marker `corpora`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

_NOT_FEEDS = {".opml", ".xsl", ".xsd", ".md", ".txt", ".html", ".gz"}


def corpus(name: str, *, every: int = 1) -> Iterator[Path]:
    """Yield every n-th file of a corpus; skip the test by name where there are no corpora."""
    folder = os.environ.get("INGEST_CORPORA")
    if not folder:
        pytest.skip(f"INGEST_CORPORA is unset: {name} is not read")
    files = (
        path
        for path in sorted(Path(folder, name).rglob("*"))
        if path.is_file() and path.suffix not in _NOT_FEEDS and not path.name.startswith("_")
    )
    for number, path in enumerate(files):
        if number % every == 0:
            yield path
