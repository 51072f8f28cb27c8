"""F1 of the body on a folder of article pages: `python -m benchmarks.pages FOLDER`.

The folder holds `ground-truth.json` (`ID -> {articleBody, url}`) and `html/ID.html.gz`, as made of
https://github.com/scrapinghub/article-extraction-benchmark (MIT). The measure is that benchmark's:
shingles of four tokens with their counts; per page true positives, false positives and false
negatives divided by their sum; precision and recall averaged over pages.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

_TOKEN = re.compile(r"\w+")
_SHINGLE = 4


@dataclass(frozen=True, slots=True)
class Case:
    id: str
    url: str
    html: bytes
    body: str


@dataclass(frozen=True, slots=True)
class Score:
    """Shares of one page's shingles; they add up to 1 unless both texts are empty."""

    true_positive: float
    false_positive: float
    false_negative: float

    @property
    def precision(self) -> float | None:
        return _ratio(self.true_positive, self.false_positive, self.false_negative)

    @property
    def recall(self) -> float | None:
        return _ratio(self.true_positive, self.false_negative, self.false_positive)


@dataclass(frozen=True, slots=True)
class Result:
    pages: int
    f1: float
    precision: float
    recall: float


def _ratio(hits: float, misses: float, other_misses: float) -> float | None:
    """Precision or recall; None where the page has nothing to measure it by."""
    if misses == other_misses == 0:
        return 1.0
    return hits / (hits + misses) if hits + misses > 0 else None


def cases(folder: Path) -> Iterator[Case]:
    truth = json.loads((folder / "ground-truth.json").read_text("utf-8"))
    for name, of_page in truth.items():
        html = gzip.decompress((folder / "html" / f"{name}.html.gz").read_bytes())
        yield Case(name, of_page.get("url") or "", html, of_page["articleBody"])


def shingles(text: str) -> Counter[tuple[str, ...]]:
    """As in the benchmark, a text of fewer than four tokens is one shingle, even an empty one."""
    tokens = _TOKEN.findall(text)
    count = max(1, len(tokens) - _SHINGLE + 1)
    return Counter(tuple(tokens[i : i + _SHINGLE]) for i in range(count))


def score(truth: str, found: str) -> Score:
    wanted, got = shingles(truth), shingles(found)
    hits = (wanted & got).total()
    extra, missing = (got - wanted).total(), (wanted - got).total()
    total = hits + extra + missing
    return Score(hits / total, extra / total, missing / total)


def summary(scores: list[Score]) -> Result:
    precisions = [p for s in scores if (p := s.precision) is not None]
    recalls = [r for s in scores if (r := s.recall) is not None]
    precision = sum(precisions) / max(1, len(precisions))
    recall = sum(recalls) / max(1, len(recalls))
    both = precision + recall
    return Result(len(scores), 2 * precision * recall / both if both else 0.0, precision, recall)


def half_of(case_id: str) -> int:
    """0 or 1, by a hash of the id: rules are made on half 0 and checked on half 1."""
    return int(hashlib.sha256(case_id.encode()).hexdigest(), 16) % 2


def our_body(case: Case) -> str:
    from ingest.normalise.page import read_page

    return read_page(case.html, url=case.url).body_text or ""


def trafilatura_body(case: Case, *, favor_precision: bool = False) -> str:
    import trafilatura

    found = trafilatura.extract(case.html, include_comments=False, favor_precision=favor_precision)
    return found or ""


def _report(name: str, every: list[Case], extract: Callable[[Case], str]) -> None:
    started = time.process_time()
    scores = {case.id: score(case.body, extract(case)) for case in every}
    seconds = time.process_time() - started
    for label, half in (("all", None), ("half 0", 0), ("half 1", 1)):
        of_half = [s for id_, s in scores.items() if half is None or half_of(id_) == half]
        if not of_half:
            continue
        result = summary(of_half)
        print(
            f"{name:24} {label:7} {result.pages:5} pages   F1 {result.f1:.4f}   "
            f"precision {result.precision:.4f}   recall {result.recall:.4f}"
        )
    print(f"{name:24} {1000 * seconds / max(1, len(every)):.1f} ms of CPU a page")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pages", description=__doc__)
    parser.add_argument("folder", type=Path, help="holds ground-truth.json and html/")
    parser.add_argument(
        "--compare", action="store_true", help="trafilatura's own figures beside it"
    )
    chosen = parser.parse_args(arguments)
    if not (chosen.folder / "ground-truth.json").is_file():
        print(f"{chosen.folder}: no ground-truth.json there", file=sys.stderr)
        return 2
    every = list(cases(chosen.folder))
    _report("ingest", every, our_body)
    if chosen.compare:
        _report("trafilatura", every, trafilatura_body)
        _report(
            "trafilatura, precision",
            every,
            lambda case: trafilatura_body(case, favor_precision=True),
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
