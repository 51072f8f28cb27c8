"""Measured rows as a table, as JSON and as a plot."""

from __future__ import annotations

import json
import math
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path
from statistics import median

from benchmarks.rivals.rounds import ROUNDS, Measured


@dataclass(frozen=True, slots=True)
class Line:
    """One program in one round, over all repeats. `ratio` is its CPU over ours, run by run."""

    program: str
    round: str
    cpu_ms: tuple[float, float, float]  # a feed: least, median, most
    ratio: tuple[float, float, float]
    wall_seconds: float
    peak_mb: float
    requests: int
    stored: int
    expected: int
    failures: int


def lines_of(measured: Sequence[Measured], ours: str) -> list[Line]:
    """Repeats drawn together, in the order in which they were first measured."""
    found: dict[tuple[str, str], list[Measured]] = {}
    for one in measured:
        found.setdefault((one.round, one.program), []).append(one)
    lines = []
    for (round_name, program), runs in sorted(found.items(), key=lambda pair: _place(pair[0][0])):
        own = {one.repeat: one.cpu_ms_per_feed for one in found.get((round_name, ours), ())}
        ratios = [one.cpu_ms_per_feed / own[one.repeat] for one in runs if one.repeat in own]
        lines.append(
            Line(
                program,
                round_name,
                _spread([one.cpu_ms_per_feed for one in runs]),
                _spread(ratios),
                median(one.wall_seconds for one in runs),
                max(one.peak_mb for one in runs),
                max(one.requests for one in runs),
                min(one.stored for one in runs),
                runs[0].expected,
                sum(one.status != 0 for one in runs),
            )
        )
    return lines


def _place(round_name: str) -> int:
    return list(ROUNDS).index(round_name)


def _spread(values: Sequence[float]) -> tuple[float, float, float]:
    if not values:
        return (math.nan, math.nan, math.nan)
    return (min(values), median(values), max(values))


def table(lines: Sequence[Line]) -> str:
    """The lines as a Markdown table, which reads in a terminal too."""
    head = (
        "round", "program", "CPU ms a feed (least–most)", "times ours", "wall s", "peak MB",
        "requests", "stored",
    )  # fmt: skip
    rows = [head]
    for one in lines:
        stored = f"{one.stored}" if one.stored == one.expected else f"{one.stored}/{one.expected}"
        rows.append(
            (
                one.round,
                one.program,
                f"{short(one.cpu_ms[1])} ({short(one.cpu_ms[0])}–{short(one.cpu_ms[2])})",
                f"{one.ratio[1]:.1f} ({one.ratio[0]:.1f}–{one.ratio[2]:.1f})",
                f"{one.wall_seconds:.1f}",
                f"{one.peak_mb:.0f}",
                f"{one.requests}",
                stored + (f", {one.failures} runs failed" if one.failures else ""),
            )
        )
    return drawn(rows)


def drawn(rows: Sequence[Sequence[str]]) -> str:
    """Rows, the first of them the head, as a Markdown table with its columns in line."""
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    head, *others = rows
    return "\n".join(
        "| " + " | ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)) + " |"
        for row in (head, ["-" * width for width in widths], *others)
    )


def short(value: float) -> str:
    """A number as it is worth telling."""
    return f"{value:.2f}" if value < 10 else f"{value:.0f}"


def write_json(
    path: Path, measured: Sequence[Measured], given: Mapping[str, object], versions: Sequence[str]
) -> None:
    """Everything that was measured, and on what."""
    machine = {
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "python": platform.python_version(),
    }
    content = {
        "given": dict(given),
        "machine": machine,
        "versions": list(versions),
        "measured": [asdict(one) for one in measured],
    }
    path.write_text(json.dumps(content, indent=1) + "\n")


_COLOURS = ("#1f6f8b", "#c0803a", "#7a5195", "#5a7d4a", "#888888")
_LEFT, _WIDTH, _BAR, _GAP, _TOP = 230, 760, 16, 14, 56
_FONT = 'font-family="sans-serif" font-size="12"'


def write_plot(path: Path, lines: Sequence[Line], title: str) -> None:
    """CPU a feed as bars on a logarithmic axis, with the spread of the repeats."""
    programs = list(dict.fromkeys(one.program for one in lines))
    least = 10 ** math.floor(math.log10(min(one.cpu_ms[0] for one in lines)))
    most = 10 ** math.ceil(math.log10(max(one.cpu_ms[2] for one in lines)))

    def x(value: float) -> float:
        share = math.log10(value / least) / math.log10(most / least)
        return _LEFT + share * (_WIDTH - _LEFT - 90)

    parts, y, last = [], float(_TOP), ""
    for one in lines:
        if one.round != last:
            y += _GAP
            parts.append(_text(8, y + 12, one.round, "bold"))
            last = one.round
        colour = _COLOURS[programs.index(one.program) % len(_COLOURS)]
        low, middle, high = map(x, one.cpu_ms)
        parts.append(_text(_LEFT - 8, y + 12, one.program, anchor="end"))
        parts.append(
            f'<rect x="{_LEFT}" y="{y:.0f}" width="{middle - _LEFT:.1f}" height="{_BAR - 3}" '
            f'fill="{colour}"/><path d="M{low:.1f} {y + 6:.0f}H{high:.1f}" stroke="black"/>'
        )
        parts.append(_text(high + 6, y + 12, short(one.cpu_ms[1])))
        y += _BAR
    decades = round(math.log10(most / least))
    for power in range(decades + 1):
        value = least * 10**power
        at = x(value)
        label = _text(at, y + 16, f"{value:g}", anchor="middle")
        parts.insert(0, f'<path d="M{at:.1f} {_TOP}V{y:.0f}" stroke="#ccc"/>{label}')
    parts.insert(0, _text(8, 20, title, "bold"))
    parts.insert(1, _text(8, 40, "CPU milliseconds a feed; line: least to most of the repeats"))
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{y + 26:.0f}">'
        f'<rect width="100%" height="100%" fill="white"/>{"".join(parts)}</svg>\n'
    )


def _text(x: float, y: float, words: str, weight: str = "normal", *, anchor: str = "start") -> str:
    return (
        f'<text x="{x:.0f}" y="{y:.0f}" {_FONT} font-weight="{weight}" text-anchor="{anchor}">'
        f"{escape(words)}</text>"
    )
