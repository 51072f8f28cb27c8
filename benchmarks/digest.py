"""One line an entry with hashes of all that parse and normalise make of it.

    python -m benchmarks.digest FOLDER [--every N] > BEFORE.txt
    ... change the code ...
    python -m benchmarks.digest FOLDER [--every N] > AFTER.txt
    diff BEFORE.txt AFTER.txt

For changes that must not change what comes out: each document has a line with its hash, each of its
entries one with a hash of every field of its article. An entry seen in an earlier poll is left out.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path

from xxhash import xxh3_64_hexdigest

from benchmarks.contexts import context_of
from ingest.config import ParseSettings
from ingest.errors import InvalidEntry, ParseError
from ingest.model import Article, FeedDocument
from ingest.normalise import identify, normalise
from ingest.parse import parse_feed

_URL = "https://feeds.example/feed"
_NOW = datetime(2026, 8, 25, tzinfo=UTC)


def _hash(value: object) -> str:
    return xxh3_64_hexdigest(repr(value).encode("utf-8", "surrogatepass"))


def _entry_lines(document: FeedDocument, seen: set[tuple[int, int, str | None]]) -> Iterator[str]:
    context = context_of(document, url=_URL, now=_NOW)
    for identified in identify(document):
        key = (identified.entry_key, identified.entry_hash, document.title)
        if key in seen:
            continue
        seen.add(key)
        try:
            article = normalise(identified, context)
        except InvalidEntry as error:
            yield f"  {identified.entry.position} invalid: {error}"
            continue
        hashes = " ".join(
            f"{part.name}:{_hash(getattr(article, part.name))[:6]}" for part in fields(Article)
        )
        yield f"  {identified.entry.position} {key[0]} {key[1]} {hashes}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.digest", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--every", type=int, default=1, help="read every N-th file only")
    options = parser.parse_args()
    seen: set[tuple[int, int, str | None]] = set()
    files = sorted(path for path in options.folder.rglob("*") if path.is_file())
    for path in files[:: options.every]:
        try:
            document = parse_feed(
                path.read_bytes(), url=_URL, content_type=None, settings=ParseSettings()
            )
        except ParseError as error:
            print(f"{path} refused: {error}")
            continue
        print(f"{path} {document.format} {document.lane} {_hash(document)}")
        for line in _entry_lines(document, seen):
            print(line)


if __name__ == "__main__":
    main()
