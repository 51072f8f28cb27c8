"""CPU microseconds of a poll and of a new entry, by steps: `python -m benchmarks.stages [FOLDER]`.

FOLDER holds feeds (default: INGEST_CORPORA/real-feeds, else made-up ones). Each step runs alone
over the same entries, warm; the fastest of several rounds counts, because a shared machine only
ever adds. The steps of the database are those of `benchmarks.growth`, on SQLite; a request alone is
measured by `benchmarks.fetch`.
"""

from __future__ import annotations

import os
import pickle
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.contexts import context_of
from benchmarks.growth import Growing
from benchmarks.rivals.newsroom import Newsroom, document_of
from ingest.config import ParseSettings
from ingest.dedupe import fingerprints, text_of
from ingest.errors import InvalidEntry, ParseError
from ingest.model import Article, Entry, FeedDocument, IdentifiedEntry
from ingest.model.pickling import pickle_quickly
from ingest.normalise import Context, dates, html, identify, normalise_all
from ingest.normalise.canonical import canonical_url
from ingest.normalise.language import language_of
from ingest.parse import parse_feed
from ingest.parse.raw import pack_entry
from ingest.serving import TRAVELLING
from ingest.store.engine import open_database

ROUNDS = 5
MOST_FILES = 150
FEEDS = 100  # made up
NOW = datetime(2026, 8, 25, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Case:
    """The entries of one document with all that their normalising needs."""

    identified: tuple[IdentifiedEntry, ...]
    context: Context


def main(arguments: Sequence[str]) -> int:
    folder = _folder(arguments)
    if folder is not None and not folder.is_dir():
        print(f"{folder}: no such folder", file=sys.stderr)
        return 2
    bodies = _made_up() if folder is None else _bodies(folder)
    documents = _documents(bodies)
    cases = [
        Case(identify(document), context_of(document, url="https://feed.example/rss", now=NOW))
        for document in documents
    ]
    entries = [one.entry for case in cases for one in case.identified]
    if not entries:
        print(f"no entries under {folder}", file=sys.stderr)
        return 1
    pickle_quickly(*TRAVELLING)
    articles = _articles(cases)
    words = sum(article.word_count for article in articles) / max(1, len(articles))
    print(f"{len(documents)} documents, {len(entries)} entries, {words:.0f} words an article")
    _report("parse", len(entries), lambda: _documents(bodies))
    _report("identify", len(entries), lambda: [identify(document) for document in documents])
    _report("normalise", len(entries), lambda: _articles(cases))
    texts = [(article.headline, text_of(article)) for article in articles]
    _report("fingerprint", len(entries), lambda: fingerprints(texts))
    _report("raw entry", len(entries), lambda: _packed(entries))
    _report("to another process", len(entries), lambda: _sent(articles))
    _report_database()
    print("of normalising:")
    _report("  markup to blocks", len(entries), lambda: _read(entries))
    _report("  sanitising alone", len(entries), lambda: _sanitise(entries))
    _report("  canonical URL", len(entries), lambda: _canonical(entries))
    _report("  dates", len(entries), lambda: _dates(entries))
    _report("  language", len(entries), lambda: _languages(articles))
    return 0


def _report_database() -> None:
    with tempfile.TemporaryDirectory(prefix="stages-") as folder:
        growing = Growing(open_database(f"sqlite:///{folder}/stages.db", create=True))
        growing.grow(FEEDS, 0)
        growing.probe()  # modules and statements are loaded now
        costs = growing.probe()
        growing.database.close()
    print(f"{'store':<20} {costs.stored:8.1f} µs an entry")
    print(f"{'match, story':<20} {costs.settled:8.1f} µs an entry")
    print(f"{'claim, record':<20} {costs.unchanged:8.1f} µs an unchanged poll")


def _made_up() -> list[bytes]:
    newsroom = Newsroom(FEEDS, entries=20, seed=1)
    return [document_of(feed, f"https://h{feed.number}.example/feed") for feed in newsroom.feeds]


def _sent(articles: Sequence[Article]) -> None:
    pickle.loads(pickle.dumps(articles, protocol=pickle.HIGHEST_PROTOCOL))


def _folder(arguments: Sequence[str]) -> Path | None:
    if arguments:
        return Path(arguments[0])
    corpora = os.environ.get("INGEST_CORPORA")
    return Path(corpora) / "real-feeds" if corpora else None


def _bodies(folder: Path) -> list[bytes]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    step = max(1, len(files) // MOST_FILES)
    return [path.read_bytes() for path in files[::step]]


def _documents(bodies: Sequence[bytes]) -> list[FeedDocument]:
    documents = []
    for body in bodies:
        with suppress(ParseError):
            documents.append(
                parse_feed(
                    body,
                    url="https://feed.example/rss",
                    content_type=None,
                    settings=ParseSettings(),
                )
            )
    return documents


def _articles(cases: Sequence[Case]) -> list[Article]:
    return [
        made
        for case in cases
        for made in normalise_all(case.identified, case.context)
        if not isinstance(made, InvalidEntry)
    ]


def _packed(entries: Sequence[Entry]) -> None:
    for entry in entries:
        pack_entry(entry)


def _read(entries: Sequence[Entry]) -> None:
    for entry in entries:
        html.read(entry.content, entry.link)
        html.read(entry.summary, entry.link)


def _sanitise(entries: Sequence[Entry]) -> None:
    cleaner = html.cleaner()
    for entry in entries:
        for text in (entry.content, entry.summary):
            if text is not None and text.is_html and "<" in text.value:
                cleaner.clean(text.value)


def _canonical(entries: Sequence[Entry]) -> None:
    canonical_url.cache_clear()
    for entry in entries:
        canonical_url(entry.link or "")


def _dates(entries: Sequence[Entry]) -> None:
    for entry in entries:
        dates.believed(entry.published_raw, entry.updated_raw, now=NOW)


def _languages(articles: Sequence[Article]) -> None:
    for article in articles:
        language_of(article.body_text, article.language)


def _report(name: str, entries: int, step: Callable[[], object]) -> None:
    best = float("inf")
    for _ in range(ROUNDS):
        started = time.process_time()
        step()
        best = min(best, time.process_time() - started)
    print(f"{name:<20} {best / entries * 1e6:8.1f} µs an entry")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
