"""What a document costs while the window fills: documents/s of CPU, bytes of index, by size.

    python -m benchmarks.dedupe_speed GOLD.jsonl[.xz] 30:10000,100000,1000000 450:10000,100000
        [--database URL] [--out FILE.json] [--plot FILE.svg]

`30:10000,100000` is texts of 30 words in a window of 10,000 documents and of 100,000. The texts are
written after GOLD's; one in five is a copy. The window is filled in large transactions; the last
4,000 documents before each size go through the writer's own batches and are counted: fingerprint,
index and settling, by the median batch, since other loads on the machine disturb some. The postings
of those before them stand in runs, as many as make a sweep begin: it is on while they are counted.
"""

from __future__ import annotations

import argparse
import gc
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median

from benchmarks.dedupe import START, fresh_database, index_bytes, read_gold, report
from benchmarks.dedupe_curve import draw
from benchmarks.dedupe_store import Incoming, Steps, Writer, fill, prepare, store, watch_settle
from ingest.config import DedupeSettings
from ingest.dedupe import fingerprint
from ingest.store import stories
from ingest.store.candidates import Readings
from ingest.store.engine import Database
from ingest.store.posting_sweep import worth_a_sweep

MEASURED = 4_000  # documents at each size
FILLED_AT_ONCE = 40_000
COUNTED = ("fingerprint", "index: write", "settle")


@dataclass(frozen=True, slots=True)
class Cost:
    """What one document costs in a window of so many."""

    dialect: str
    words: int
    documents: int
    microseconds: float  # of CPU of this process, by the median batch
    mean_microseconds: float
    index_bytes: float

    def __str__(self) -> str:
        return (
            f"{self.dialect}: {self.documents:>9,} documents of {self.words} words:"
            f" {1e6 / self.microseconds:,.0f} documents/s ({self.microseconds:.0f} µs; mean"
            f" {self.mean_microseconds:.0f}), {self.index_bytes:.0f} bytes a document"
        )


class Filling:
    """One database that is filled further and further."""

    def __init__(self, database: Database, texts: Sequence[str], words: int, batch: int) -> None:
        self._database = database
        self._writer = Writer(texts)
        sample = Writer(texts, seed=2).write(words)
        self._postings = len(fingerprint(*sample).postings)  # of a document, about
        self._words = words
        self._batch = batch
        self._readings = Readings()
        self._done = 0
        prepare(database, START)

    def fill_up_to(self, documents: int) -> None:
        """Fill the window without settling: each text is a story, its copies are in it."""
        in_table = documents - worth_a_sweep(documents) // self._postings - self._batch
        while self._done < documents:
            in_runs = self._done >= in_table
            most = min(self._batch, documents - self._done)
            if not in_runs:
                most = min(FILLED_AT_ONCE, in_table - self._done)
            part = self._next(most)
            fill(self._database, part, self._done + 1, in_runs=in_runs)
            self._done += len(part)

    def measure(self, documents: int, steps: Steps) -> Cost:
        """Store and settle the documents that are left up to this size, as the writer does."""
        spent = []
        first = self._done
        while self._done < documents:
            part = self._next(self._batch)
            before = self._counted(steps)
            store(self._database, part, self._done + 1, steps)
            with steps.timed("settle"):
                stories.settle(
                    self._database,
                    now=part[-1].at,
                    settings=DedupeSettings(),
                    limit=self._batch,
                    readings=self._readings,
                )
            spent.append((self._counted(steps) - before) / len(part))
            steps.documents += len(part)
            self._done += len(part)
        return Cost(
            self._database.dialect,
            self._words,
            documents,
            median(spent) * 1e6,
            self._counted(steps) / (self._done - first) * 1e6,
            index_bytes(self._database) / self._done,
        )

    def _counted(self, steps: Steps) -> float:
        return sum(steps.seconds.get(name, 0.0) for name in COUNTED)

    def _next(self, count: int) -> list[Incoming]:
        return [
            Incoming(str(number), *self._writer.write(self._words), self._time(number))
            for number in range(self._done, self._done + count)
        ]

    def _time(self, number: int) -> datetime:
        # A million documents within the window of comparison.
        return START + timedelta(seconds=number / 10)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("gold", type=Path)
    parser.add_argument("runs", nargs="*", help="WORDS:SIZE,SIZE,…")
    parser.add_argument("--batch", type=int, default=200)
    parser.add_argument("--database", help="URL of an empty database; default: an SQLite file")
    parser.add_argument("--out", type=Path, help="add the costs to this JSON file")
    parser.add_argument("--plot", type=Path, help="draw the costs in --out into this SVG file")
    arguments = parser.parse_args()
    gc.set_threshold(50_000)  # as the program itself does
    texts = [one.text for one in read_gold(arguments.gold)]
    steps = Steps()
    watch_settle(steps)
    for run in arguments.runs:
        first: Cost | None = None
        words, sizes = run.split(":")
        with fresh_database(arguments.database) as database:
            filling = Filling(database, texts, int(words), arguments.batch)
            for size in map(int, sizes.split(",")):
                filling.fill_up_to(size - MEASURED)
                steps.seconds.clear()
                steps.documents = steps.candidates = 0
                cost = filling.measure(size, steps)
                first = first or cost
                print(cost, flush=True)
                ratio = cost.microseconds / first.microseconds
                print(f"       {ratio:.2f} times what it costs at {first.documents:,}", flush=True)
                report(steps, round(cost.index_bytes * steps.documents))
                if arguments.out:  # at once: a long run may be ended
                    _keep(cost, arguments.out, arguments.plot)


def _keep(cost: Cost, out: Path, plot: Path | None) -> None:
    kept = [*_kept(out), cost]
    out.write_text(json.dumps([asdict(one) for one in kept], indent=1) + "\n", encoding="utf-8")
    if plot:
        plot.write_text(draw(_lines(kept)), encoding="utf-8")


def _kept(file: Path) -> list[Cost]:
    if not file.exists():
        return []
    return [Cost(**row) for row in json.loads(file.read_text(encoding="utf-8"))]


def _lines(costs: Sequence[Cost]) -> dict[str, list[tuple[float, float]]]:
    lines: dict[str, list[tuple[float, float]]] = {}
    for one in costs:
        name = f"{one.words} words, {one.dialect}"
        lines.setdefault(name, []).append((float(one.documents), one.microseconds))
    return lines


if __name__ == "__main__":
    main()
