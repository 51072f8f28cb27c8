"""What settling costs while the window fills: documents/s of CPU, bytes of index, by size.

    python -m benchmarks.dedupe_speed GOLD.jsonl[.xz] [--words 450] [--sizes 10000 100000]

The window is filled with texts written after GOLD's, in the writer's batches, through the same
functions; at every size the cost of the last documents is printed, by step.
"""

from __future__ import annotations

import argparse
from datetime import timedelta
from pathlib import Path

from benchmarks.dedupe import START, fresh_database, index_bytes, read_gold, report
from benchmarks.dedupe_store import Incoming, Steps, Writer, prepare, store, watch_settle
from ingest.config import DedupeSettings
from ingest.store import stories
from ingest.store.candidates import Readings

MEASURED = 4_000  # documents at each size


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("gold", type=Path)
    parser.add_argument("--words", type=int, default=450)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--batch", type=int, default=200)
    parser.add_argument("--database", help="URL of an empty database; default: an SQLite file")
    arguments = parser.parse_args()
    writer = Writer([one.text for one in read_gold(arguments.gold)])
    idle = Steps()
    steps = Steps()
    watch_settle(steps)
    readings, settings = Readings(), DedupeSettings()
    with fresh_database(arguments.database) as database:
        prepare(database, START)
        done = 0
        for size in arguments.sizes:
            while done < size:
                measured = done >= size - MEASURED
                if done + arguments.batch > size - MEASURED >= done:
                    steps.seconds.clear()
                    steps.documents = steps.candidates = 0
                into = steps if measured else idle
                at = START + timedelta(seconds=done)
                part = [
                    Incoming(str(done + offset), *writer.write(arguments.words), at)
                    for offset in range(arguments.batch)
                ]
                store(database, part, done + 1, into)
                with into.timed("settle"):
                    stories.settle(
                        database,
                        now=at,
                        settings=settings,
                        limit=arguments.batch,
                        readings=readings,
                    )
                into.documents += len(part)
                done += len(part)
            print(f"{size:>9,} documents of {arguments.words} words")
            report(steps, index_bytes(database) * steps.documents // size)


if __name__ == "__main__":
    main()
