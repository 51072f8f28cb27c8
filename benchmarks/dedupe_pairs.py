"""Pairs of real texts, judged by reading: weighted precision and recall.

    python -m benchmarks.dedupe_pairs PAIRS.jsonl[.xz] [--show]

A pair is found if the second text joins the story of the first. The other pairs' texts are stored
before, so that what they have in common is known to be common. Ambiguous pairs are left out.
"""

from __future__ import annotations

import argparse
import contextlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.dedupe import read_lines
from ingest.dedupe import Document, Reading, shape
from ingest.dedupe.memory import MemoryStories

START = datetime(2026, 1, 1, tzinfo=UTC)
APART = timedelta(days=3650)  # texts of other pairs: known, but too old to match


def dated(text: dict[str, Any]) -> datetime | None:
    """The date a text carries, in either of the set's forms."""
    given = str(text.get("date") or "").strip()
    for form in ("%d-%b-%Y %H:%M:%S.%f", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d", "%B %d, %Y"):
        with contextlib.suppress(ValueError):
            return datetime.strptime(given, form).replace(tzinfo=UTC)
    return None


def document(number: int, text: dict[str, Any], at: datetime) -> Document:
    reading = Reading(shape(str(text.get("title") or ""), str(text.get("text") or "")))
    return Document(number, number, at, reading)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pairs", type=Path)
    parser.add_argument(
        "--show", action="store_true", help="print the pairs that were judged wrong"
    )
    arguments = parser.parse_args()
    pairs = [pair for pair in read_lines(arguments.pairs) if pair["label"] in ("same", "different")]
    right = wrong = missed = 0.0
    for number, pair in enumerate(pairs):
        stories = MemoryStories()
        others = [text for other in pairs if other is not pair for text in (other["a"], other["b"])]
        for position, text in enumerate(others, 1):
            stories.add(document(position, text, START - APART))
        first, second = dated(pair["a"]), dated(pair["b"])
        gap = second - first if first and second else timedelta(0)
        stories.add(document(10_001, pair["a"], START))
        decision = stories.add(document(10_002, pair["b"], START + gap))
        found = stories.story_of[10_002] == stories.story_of[10_001]
        is_same, weight = pair["label"] == "same", float(pair["weight"])
        right += weight * (found and is_same)
        wrong += weight * (found and not is_same)
        missed += weight * (is_same and not found)
        if arguments.show and found != is_same:
            print(number, pair["label"], weight, pair["a"]["title"], "|", pair["b"]["title"])
            print("    ", decision.matches or decision.near_misses)
    precision = right / (right + wrong) if right + wrong else 1.0
    recall = right / (right + missed) if right + missed else 1.0
    print(f"{len(pairs)} pairs  precision {precision:.3f}  recall {recall:.3f}  (weighted)")


if __name__ == "__main__":
    main()
