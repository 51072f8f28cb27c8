"""Real texts of many languages, from recorded feeds and pages, for a labelled set of our own.

What is given out are texts that share little with one another: the recorded feeds carry many
republications, of which nobody wrote down what they republish.
"""

from __future__ import annotations

import gzip
import html
import json
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.contexts import context_of
from ingest.config import ParseSettings
from ingest.errors import IngestError
from ingest.normalise import identify, normalise
from ingest.parse import parse_feed

NOW = datetime(2026, 8, 25, tzinfo=UTC)
FEED_URL = "https://feeds.example/feed"
MAX_FILE_BYTES = 3_000_000
FILES_A_FOLDER = 8  # polls of one feed carry the same entries again and again
ENTRIES_A_FILE = 60  # one archive must not outweigh all feeds
MAX_SHARED = 0.15  # of a text's runs, with any one text taken before
RUN_CHARACTERS = 24  # about five words
_SPACELESS = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")


@dataclass(frozen=True, slots=True)
class Text:
    """A real article: `language` is a code of two letters, "" where it is not known."""

    headline: str
    text: str
    language: str

    @property
    def is_spaceless(self) -> bool:
        """Whether the script has no spaces between words."""
        return is_spaceless(self.text)

    @property
    def words(self) -> float:
        """The length in words."""
        return length_in_words(self.text)


def is_spaceless(text: str) -> bool:
    """Whether a text is written without spaces between words."""
    return len(_SPACELESS.findall(text)) > len(text) / 4


def length_in_words(text: str) -> float:
    """The length in words; of a script without spaces two characters are one."""
    return len(text) / 2 if is_spaceless(text) else len(text.split())


def read_texts(folder: Path) -> Iterator[Text]:
    """The entries of all feeds under a folder, and the pages' texts where there are any."""
    for parent in sorted({path.parent for path in folder.rglob("*") if path.is_file()}):
        truth = parent / "ground-truth.json"
        if truth.exists():
            yield from _pages(truth)
            continue
        files = sorted(path for path in parent.iterdir() if path.is_file())
        for path in files[:: max(1, len(files) // FILES_A_FOLDER)]:
            if path.stat().st_size <= MAX_FILE_BYTES:
                yield from _entries(path)


def _pages(truth: Path) -> Iterator[Text]:
    for name, page in json.loads(truth.read_text(encoding="utf-8")).items():
        with gzip.open(truth.parent / "html" / f"{name}.html.gz", "rt", errors="replace") as file:
            found = re.search(r"<title[^>]*>(.*?)</title>", file.read(), re.DOTALL | re.IGNORECASE)
        title = " ".join(html.unescape(found[1]).split()) if found else ""
        yield Text(title, page["articleBody"], "")


def _entries(path: Path) -> Iterator[Text]:
    settings = ParseSettings()
    try:
        document = parse_feed(path.read_bytes(), url=FEED_URL, content_type=None, settings=settings)
    except IngestError:
        return
    context = context_of(document, url=FEED_URL, now=NOW)
    for identified in identify(document)[:ENTRIES_A_FILE]:
        try:
            article = normalise(identified, context)
        except IngestError:
            continue
        language = (article.language or "")[:2]
        text = article.body_text or article.summary or ""
        yield Text(article.headline or "", text, language)


def distinct(texts: Sequence[Text]) -> list[Text]:
    """Those that share little with each one before, and no headline."""
    kept: list[Text] = []
    holders: dict[int, list[int]] = {}
    headlines: set[str] = set()
    for one in texts:
        headline = " ".join(re.findall(r"\w+", one.headline.casefold()))
        runs = _runs(one.text)
        if not headline or headline in headlines or len(runs) < 2:
            continue
        shared: dict[int, int] = {}
        for run in runs:
            for holder in holders.get(run, ()):
                shared[holder] = shared.get(holder, 0) + 1
        if any(count > MAX_SHARED * len(runs) for count in shared.values()):
            continue
        headlines.add(headline)
        for run in runs:
            holders.setdefault(run, []).append(len(kept))
        kept.append(one)
    return kept


def _runs(text: str) -> set[int]:
    """One in four of the runs of so many letters, chosen by value."""
    letters = "".join(re.findall(r"\w", text.casefold()))
    found = {
        zlib.crc32(letters[start : start + RUN_CHARACTERS].encode("utf-8", "replace"))
        for start in range(max(0, len(letters) - RUN_CHARACTERS))
    }
    return {one for one in found if one % 4 == 0} or found
