"""What ingest is to stay below, and what it was found to take: the second table of the benchmark.

The aims are for 1,000 feeds of 35 entries or more: with fewer feeds the start is most of a round.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.rivals.report import Line, drawn, short

PEAK_MB = 250  # of all processes together; with 10,000 feeds
PEAK_MB_OF_MANY = 350
MANY_FEEDS = 10_000


@dataclass(frozen=True, slots=True)
class Aim:
    """For one round: CPU milliseconds a feed, and how many times more each rival is to take."""

    cpu_ms: float
    reader: float
    newsboat: float

    def times(self, program: str) -> float:
        """What the rival of this name is to take at least, times ours."""
        return self.newsboat if program.startswith("newsboat") else self.reader


AIMS = {
    "cold": Aim(14, 4, 2),
    "warm304": Aim(0.9, 3, 40),
    "delta": Aim(1.5, 6, 30),
    "warm200": Aim(1.2, 40, 60),
}
_WARM304_FROM_5000_FEEDS_MS = 0.45  # where starting counts no more


def aims_table(lines: Sequence[Line], ours: str, feeds: int) -> str:
    """Each aim, what was measured (the medians), and whether it holds, as a Markdown table."""
    rows: list[tuple[str, ...]] = [("round", "what", "measured", "aim", "holds")]
    for line in lines:
        aim = AIMS.get(line.round)
        if line.program == ours:
            peak_mb = PEAK_MB if feeds < MANY_FEEDS else PEAK_MB_OF_MANY
            if aim is not None:
                most = aim.cpu_ms
                if line.round == "warm304" and feeds >= 5_000:
                    most = _WARM304_FROM_5000_FEEDS_MS
                measured = line.cpu_ms[1]
                rows.append(_row(line.round, "CPU ms a feed", measured, "≤", most))
            rows.append(_row(line.round, "peak MB", line.peak_mb, "≤", peak_mb))
        elif aim is not None:
            least = aim.times(line.program)
            rows.append(_row(line.round, f"{line.program}, times ours", line.ratio[1], "≥", least))
    return drawn(rows)


def _row(round_name: str, what: str, measured: float, sign: str, aim: float) -> tuple[str, ...]:
    holds = measured <= aim if sign == "≤" else measured >= aim
    return (round_name, what, short(measured), f"{sign} {aim:g}", "yes" if holds else "no")
