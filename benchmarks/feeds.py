"""Every feed under a folder, through parse and normalise.

    python -m benchmarks.feeds FOLDER [--rounds N] [--no-normalise]

Prints documents, entries, the share of the fast lane, fields that are missing, dates believed and
not, exceptions, and the speed against feedparser with both its switches off. Times are CPU of this
process, the best of the rounds for each document, ours and feedparser's by turns in one run.
"""

from __future__ import annotations

import argparse
import io
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import feedparser

from benchmarks.contexts import context_of
from ingest.config import ParseSettings
from ingest.errors import InvalidEntry, ParseError
from ingest.model import FeedDocument
from ingest.normalise import identify, normalise
from ingest.parse import parse_feed

_NOT_FEEDS = {".opml", ".xsl", ".xsd", ".md", ".txt", ".html", ".gz", ".tar", ".csproj", ".svg"}
_FIELDS = ("guid", "link", "title", "summary", "content", "authors", "published_raw", "media")
_URL = "https://feeds.example/feed"


@dataclass(slots=True)
class Tally:
    """What was counted."""

    documents: int = 0
    bytes: int = 0
    entries: int = 0
    lanes: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    missing: Counter[str] = field(default_factory=Counter)
    invalid: Counter[str] = field(default_factory=Counter)
    dates: Counter[str] = field(default_factory=Counter)
    earliest: datetime | None = None
    latest: datetime | None = None
    exceptions: list[str] = field(default_factory=list)
    ours_seconds: float = 0.0
    feedparser_seconds: float = 0.0
    fast_seconds: float = 0.0
    fast_feedparser_seconds: float = 0.0
    normalise_seconds: float = 0.0


def _best(work: Callable[[], object], rounds: int) -> float:
    times = []
    for _ in range(rounds):
        started_at = time.process_time()
        work()
        times.append(time.process_time() - started_at)
    return min(times)


def _by_feedparser(body: bytes) -> None:
    # a file object: a string or bytes could be taken for an address or a path
    feedparser.parse(io.BytesIO(body), sanitize_html=False, resolve_relative_uris=False)


def _parsed(body: bytes) -> FeedDocument:
    return parse_feed(body, url=_URL, content_type=None, settings=ParseSettings())


def read(path: Path, tally: Tally, *, rounds: int, normalises: bool, now: datetime) -> None:
    """Read one file and count."""
    body = path.read_bytes()
    try:
        document = _parsed(body)
    except ParseError as error:
        tally.refused[str(error)] += 1
        return
    except Exception:
        tally.exceptions.append(f"{path}: {traceback.format_exc(limit=-1)}")
        return
    tally.documents += 1
    tally.bytes += len(body)
    tally.entries += len(document.entries)
    tally.lanes[document.lane] += 1
    tally.faults.update(document.faults)
    for entry in document.entries:
        tally.missing.update(name for name in _FIELDS if not getattr(entry, name))
        tally.missing["any text"] += not (entry.summary or entry.content)
    if rounds and document.lane in ("fast", "feedparser"):  # feedparser reads no others
        ours = _best(lambda: _parsed(body), rounds)
        theirs = _best(lambda: _by_feedparser(body), rounds)
        tally.ours_seconds += ours
        tally.feedparser_seconds += theirs
        if document.lane == "fast":
            tally.fast_seconds += ours
            tally.fast_feedparser_seconds += theirs
    if normalises:
        started_at = time.process_time()
        _normalise(document, path, tally, now)
        tally.normalise_seconds += time.process_time() - started_at


def _normalise(document: FeedDocument, path: Path, tally: Tally, now: datetime) -> None:
    context = context_of(document, url=_URL, now=now)
    for identified in identify(document):
        try:
            article = normalise(identified, context)
        except InvalidEntry as error:
            tally.invalid[str(error)] += 1
            continue
        except Exception:
            tally.exceptions.append(f"{path}: {traceback.format_exc(limit=-1)}")
            continue
        tally.dates[article.published_quality.value] += 1
        at = article.published_at
        if at is not None:
            tally.earliest = min(at, tally.earliest or at)
            tally.latest = max(at, tally.latest or at)


def show(tally: Tally) -> None:
    """Print the figures."""

    def counts(counter: Counter[str]) -> str:
        return ", ".join(f"{name} {count}" for name, count in counter.most_common()) or "none"

    lanes = tally.lanes["fast"] + tally.lanes["feedparser"]
    print(f"documents   {tally.documents} read, {sum(tally.refused.values())} refused")
    for reason, count in tally.refused.most_common():
        print(f"            {count:5}  {reason}")
    print(f"entries     {tally.entries}")
    print(f"lanes       {counts(tally.lanes)}", end="")
    print(f"; fast: {tally.lanes['fast'] / lanes:.1%} of XML feeds" if lanes else "")
    print(f"faults      {counts(tally.faults)}")
    print(
        "missing     "
        + ", ".join(
            f"{name} {count} ({count / max(1, tally.entries):.1%})"
            for name, count in tally.missing.most_common()
        )
    )
    if tally.dates:
        believed = sum(tally.dates.values()) - sum(tally.dates[name] for name in _NOT_BELIEVED)
        print(f"dates       {believed} believed, from {tally.earliest} to {tally.latest}")
        print(f"            {counts(tally.dates)}")
        print(f"invalid     {counts(tally.invalid)}")
        print(f"normalise   {tally.normalise_seconds / tally.entries * 1e6:.0f} us an entry")
    if tally.ours_seconds:
        print(
            f"parse       {tally.bytes / tally.ours_seconds / 1e6:.1f} MB/s, "
            f"{tally.ours_seconds / lanes * 1e3:.2f} ms a feed; feedparser "
            f"{tally.feedparser_seconds / lanes * 1e3:.2f} ms: "
            f"{tally.feedparser_seconds / tally.ours_seconds:.1f} times ours"
        )
        if tally.fast_seconds:
            ratio = tally.fast_feedparser_seconds / tally.fast_seconds
            print(f"            in the fast lane alone {ratio:.1f} times")
    print(f"exceptions  {len(tally.exceptions)}")
    for text in tally.exceptions:
        print(text)


_NOT_BELIEVED = ("absurd", "unreadable", "missing")


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.feeds", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=1, help="for the times; 0: none are taken")
    parser.add_argument("--no-normalise", action="store_true")
    options = parser.parse_args()
    warnings.simplefilter("ignore", DeprecationWarning)  # feedparser's own
    tally = Tally()
    now = datetime.now(UTC)
    for path in sorted(options.folder.rglob("*")):
        if path.is_file() and path.suffix not in _NOT_FEEDS and not path.name.startswith("_"):
            normalises = not options.no_normalise
            read(path, tally, rounds=options.rounds, normalises=normalises, now=now)
    show(tally)


if __name__ == "__main__":
    main()
