"""How well, how fast and how small: the product's own dedupe over its own SQL index.

    python -m benchmarks.dedupe GOLD.jsonl[.xz] --out STORIES.jsonl [--database URL] [--limit N]
    python -m benchmarks.dedupe GOLD.jsonl[.xz] --sensitivity | --plot FILE.svg [--part 4]

Documents are stored and settled online, in order of `ts`, in the writer's batches: none is seen
before its turn. `ts` is seconds since the epoch, or (all values up to 1) a fraction of the set:
an order without times, spread over one day.
"""

from __future__ import annotations

import argparse
import json
import lzma
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select, text

from benchmarks import dedupe_sensitivity
from benchmarks.dedupe_score import Gold, score
from benchmarks.dedupe_store import Incoming, Steps, prepare, store, watch_settle
from ingest.config import DedupeSettings
from ingest.store import stories, tables
from ingest.store.candidates import Readings
from ingest.store.engine import Database, open_database

BATCH = 100
START = datetime(2026, 1, 1, tzinfo=UTC)


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a .jsonl or .jsonl.xz file."""
    open_it = lzma.open if path.suffix == ".xz" else open
    with open_it(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            if line.strip():
                yield json.loads(line)


def read_gold(path: Path) -> list[Gold]:
    """The labelled documents in order of time; equal times keep the order of the file."""
    names = Gold.__dataclass_fields__
    gold = [Gold(**{name: row.get(name, "") for name in names}) for row in read_lines(path)]
    return sorted(gold, key=lambda one: float(one.ts))


def incoming(gold: Sequence[Gold]) -> list[Incoming]:
    """The documents with times: the set's own, or a day's worth of an order."""
    is_order = max((float(one.ts) for one in gold), default=0.0) <= 1.0
    zero = START if is_order else datetime.fromtimestamp(0, UTC)
    scale = 86_400.0 if is_order else 1.0
    return [
        Incoming(one.id, one.title, one.text, zero + timedelta(seconds=float(one.ts) * scale))
        for one in gold
    ]


@contextmanager
def fresh_database(url: str | None) -> Iterator[Database]:
    """The database at `url`, which must be empty, or an SQLite file that is removed again."""
    with tempfile.TemporaryDirectory() as folder:
        database = open_database(url or f"sqlite:///{folder}/dedupe.db", create=True)
        try:
            yield database
        finally:
            database.close()


def run(
    database: Database, documents: Sequence[Incoming], steps: Steps, batch: int = BATCH
) -> dict[str, int]:
    """Store and settle all documents; the story of each."""
    readings, settings = Readings(), DedupeSettings()
    ids: dict[str, int] = {}
    for start in range(0, len(documents), batch):
        part = documents[start : start + batch]
        store(database, part, start + 1, steps)
        with steps.timed("settle"):
            while stories.settle(
                database, now=part[-1].at, settings=settings, limit=batch, readings=readings
            ):
                pass
        ids.update((one.id, start + 1 + offset) for offset, one in enumerate(part))
        steps.documents += len(part)
    with database.connect() as connection:
        table = tables.story_article
        found = {
            row[0]: row[1]
            for row in connection.execute(select(table.c.article_id, table.c.story_id))
        }
    return {name: found[article_id] for name, article_id in ids.items()}


def index_bytes(database: Database) -> int:
    """Bytes of both levels of postings and of `fingerprint`, with their indexes."""
    with database.connect() as connection:
        if database.dialect == "sqlite":
            query = (
                "SELECT sum(pgsize) FROM dbstat"
                " WHERE name LIKE '%posting%' OR name LIKE '%fingerprint%'"
            )
        else:
            query = (
                "SELECT pg_total_relation_size('posting') + pg_total_relation_size('fingerprint')"
                " + pg_total_relation_size('posting_run')"
            )
        try:
            return int(connection.scalar(text(query)) or 0)
        except Exception:  # an SQLite built without dbstat
            return 0


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("gold", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--database", help="URL of an empty database; default: an SQLite file")
    parser.add_argument("--limit", type=int, help="only the first so many documents")
    parser.add_argument("--sensitivity", action="store_true", help="each constant ± 20 %%")
    parser.add_argument("--only", nargs="+", default=[], help="only these constants")
    parser.add_argument("--plot", type=Path, help="draw precision and recall into this SVG file")
    parser.add_argument("--part", type=int, default=4, help="of these two: one cluster in so many")
    arguments = parser.parse_args()
    gold = read_gold(arguments.gold)[: arguments.limit]
    if arguments.sensitivity or arguments.plot:
        part = dedupe_sensitivity.part_of(gold, arguments.part)
        if arguments.sensitivity:
            for line in dedupe_sensitivity.sensitivity(part, arguments.only):
                print(line, flush=True)
        if arguments.plot:
            points = dedupe_sensitivity.curve(part)
            dedupe_sensitivity.draw(points, arguments.plot)
            for point in points:
                print(f"{point.threshold:.3f}  {point.precision:.4f} / {point.recall:.4f}")
        return
    steps = Steps()
    watch_settle(steps)
    with fresh_database(arguments.database) as database:
        prepare(database, START)
        before = time.perf_counter()
        story_of = run(database, incoming(gold), steps)
        steps.wall_seconds = time.perf_counter() - before
        size = index_bytes(database)
    if arguments.out:
        with arguments.out.open("w", encoding="utf-8") as out:
            for one in gold:
                out.write(json.dumps({"id": one.id, "story": story_of[one.id]}) + "\n")
    for line in score(gold, story_of).lines():
        print(line)
    report(steps, size)


def report(steps: Steps, size: int) -> None:
    count = max(1, steps.documents)
    counted = sum(
        steps.seconds.get(name, 0.0) for name in ("fingerprint", "index: write", "settle")
    )
    print(
        f"speed  {count / counted:,.0f} documents/s of CPU;"
        f" index {size / count:,.0f} bytes a document"
    )
    print(f"       {steps.candidates / count:.2f} articles compared with each document")
    for name, seconds in steps.seconds.items():
        print(f"       {name:28} {seconds / count * 1e6:8.1f} µs a document")


if __name__ == "__main__":
    main()
