"""The same feeds polled by ingest and by other programs, on this machine, in one run.

    python -m benchmarks.rivals [--feeds 1000] [--repeats 3] [--only ingest] [--out FOLDER]

The programs take turns, so that a busy minute harms all alike. CPU is that of all processes of a
program; read it rather than the wall time, which the server shares. The peak of memory is that of
their resident sizes together, where pages that they share count in each. Rivals that are missing
are installed where that is possible, and else left out, in a line that says so. The second table
sets what was measured beside what ingest is to hold (`aims.py`).
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.rivals.aims import aims_table
from benchmarks.rivals.programs import (
    SERVERS,
    WITHOUT_SERVERS,
    Ingest,
    Newsboat,
    Program,
    Reader,
    Unavailable,
)
from benchmarks.rivals.report import lines_of, table, write_json, write_plot
from benchmarks.rivals.rounds import ROUNDS, Measured, Server, measure


def main() -> None:
    """Measure, print, write."""
    options = _options()
    programs: list[Program] = []
    versions = []
    known: list[Program] = [
        Ingest(),
        Reader(options.environments.absolute() / "reader"),
        Newsboat(),
    ]
    for program in known:
        if options.only and not program.name.startswith(tuple(options.only)):
            continue
        try:
            versions.append(program.install())
        except Unavailable as error:
            print(f"{program.name} is left out: {error}")
        else:
            programs.append(program)
    if not options.only:
        print(f"{' and '.join(SERVERS)} are left out: {WITHOUT_SERVERS}")
    print("; ".join(versions), flush=True)
    rows: list[Measured] = []

    numbers = {"feeds": options.feeds, "entries": options.entries, "seed": options.seed}

    def told(one: Measured) -> None:
        rows.append(one)
        if options.out is not None:  # after each run: what was measured outlives an interruption
            given = {**numbers, "repeats": options.repeats, "latency_ms": options.latency_ms}
            write(options.out, rows, given, versions)
        print(
            f"{one.repeat + 1} {one.round:8} {one.program:22} {one.cpu_ms_per_feed:7.2f} ms a feed"
            f" {one.wall_seconds:6.1f} s {one.peak_mb:4.0f} MB  {one.answered_200} x 200,"
            f" {one.answered_304} x 304  {one.stored}/{one.expected} stored",
            flush=True,
        )

    with (
        tempfile.TemporaryDirectory(prefix="rivals-", dir=options.temporary) as folder,
        Server(**numbers) as server,
    ):
        for repeat in range(options.repeats):
            for program in programs:
                measure(
                    program,
                    server,
                    Path(folder) / f"{program.name.split(',')[0]}-{repeat}",
                    rounds=options.rounds.split(","),
                    repeat=repeat,
                    latency_seconds=options.latency_ms / 1e3,
                    timeout_seconds=options.timeout_seconds,
                    told=told,
                )
    print(tables(rows, options.feeds))


def tables(rows: Sequence[Measured], feeds: int) -> str:
    """What each program took, and what ingest was to take."""
    lines = lines_of(rows, Ingest().name)
    return f"{table(lines)}\n\n{aims_table(lines, Ingest().name, feeds)}"


def write(
    folder: Path, rows: Sequence[Measured], given: Mapping[str, float], versions: Sequence[str]
) -> None:
    """The rows as JSON, as a table and as a plot."""
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "rivals.json", rows, given, versions)
    (folder / "rivals.md").write_text(tables(rows, int(given["feeds"])) + "\n")
    title = f"{given['feeds']} feeds of {given['entries']} entries, polled once"
    write_plot(folder / "rivals.svg", lines_of(rows, Ingest().name), title)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="benchmarks.rivals",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--feeds", type=int, default=1_000)
    parser.add_argument("--entries", type=int, default=35, help="of a feed, on average")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--rounds", default=",".join(ROUNDS), help="in this order")
    parser.add_argument("--latency-ms", type=float, default=0, help="before each answer")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="*", help="programs whose names start so")
    parser.add_argument("--out", type=Path, help="folder for rivals.json and rivals.svg")
    parser.add_argument("--environments", type=Path, default=Path(".venv/rivals"))
    parser.add_argument("--temporary", help="where databases are kept meanwhile")
    parser.add_argument("--timeout-seconds", type=float, default=1_800)
    return parser.parse_args()


if __name__ == "__main__":
    main()
