"""What `benchmarks.growth` measured, as a table and as a plot."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ALLOWED = 1.3  # times what a poll costs with 100 feeds and no articles
# A poll on average, as in the delta round of `rivals`: one feed in ten has one or two new entries.
CHANGED_A_POLL, NEW_A_POLL = 0.1, 0.15


@dataclass(frozen=True, slots=True)
class Costs:
    """CPU microseconds."""

    unchanged: float  # a poll that brings nothing, claimed and recorded
    read: float  # a document with a new entry or two: parsed, identified, normalised
    stored: float  # a new article
    settled: float  # the same, looking for its story

    @property
    def parts(self) -> dict[str, float]:
        """These, and the poll that they make up, its request aside."""
        news = CHANGED_A_POLL * self.read + NEW_A_POLL * (self.stored + self.settled)
        return {
            "poll": self.unchanged + news,
            "unchanged": self.unchanged,
            "read": self.read,
            "stored": self.stored,
            "settled": self.settled,
        }


@dataclass(frozen=True, slots=True)
class Step:
    """One size of the database."""

    feeds: int
    articles: int
    size_mb: float
    costs: Costs

    def ratios(self, first: Step) -> dict[str, float]:
        """The parts of its costs, times the first step's."""
        before = first.costs.parts
        return {name: cost / before[name] for name, cost in self.costs.parts.items()}


NAMES = {
    "poll": "a poll on average",
    "unchanged": "a poll that brings nothing",
    "read": "a document read",
    "stored": "an article stored",
    "settled": "its story found",
}


def write_table(path: Path, steps: Sequence[Step]) -> None:
    """CPU microseconds, and the ratios to the first step, as Markdown."""
    lines = [
        f"| feeds | articles | MB | {' | '.join(NAMES.values())} |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for one in steps:
        ratios = one.ratios(steps[0])
        cells = [f"{cost:.0f} µs, × {ratios[name]:.2f}" for name, cost in one.costs.parts.items()]
        lines.append(
            f"| {one.feeds:,} | {one.articles:,} | {one.size_mb:,.0f} | {' | '.join(cells)} |"
        )
    path.write_text("\n".join(lines) + "\n")


_COLOURS = {
    "poll": "#333333",
    "unchanged": "#1f6f8b",
    "read": "#5a7d4a",
    "stored": "#c0803a",
    "settled": "#7a5195",
}
_LEFT, _RIGHT, _TOP, _BOTTOM, _WIDTH = 60, 560, 60, 320, 760
_LEAST = 2.0  # the height of the plot, in times the first step
_FONT = 'font-family="sans-serif" font-size="12"'


def write_plot(path: Path, steps: Sequence[Step]) -> None:
    """The ratios over the number of articles, which stands on a logarithmic axis."""
    most = math.ceil(max(_LEAST, *(max(one.ratios(steps[0]).values()) for one in steps)))
    last = max(4.0, math.ceil(math.log10(max(10, *(one.articles for one in steps)))))

    def x(articles: int) -> float:
        return _LEFT + (_RIGHT - _LEFT) * (math.log10(max(100, articles)) - 2) / (last - 2)

    def y(ratio: float) -> float:
        return _BOTTOM - (_BOTTOM - _TOP) * ratio / most

    parts = [
        _text(8, 20, "Cost as feeds and stored articles grow, times that of the first step"),
        _text(8, 40, "CPU of one process on SQLite; dashed: what is allowed"),
    ]
    for ratio in range(most + 1):
        parts.append(f'<path d="M{_LEFT} {y(ratio):.1f}H{_RIGHT}" stroke="#ddd"/>')
        parts.append(_text(40, y(ratio) + 4, f"{ratio}"))
    parts.append(
        f'<path d="M{_LEFT} {y(ALLOWED):.1f}H{_RIGHT}" stroke="black" stroke-dasharray="6 4"/>'
    )
    feeds = 0
    for one in steps:
        parts.append(_text(x(one.articles) - 14, _BOTTOM + 18, _in_short(one.articles)))
        if one.feeds != feeds:
            feeds = one.feeds
            parts.append(_text(x(one.articles) - 14, _BOTTOM + 34, f"{feeds:,} feeds"))
    for at, (name, colour) in enumerate(_COLOURS.items()):
        points = [(x(one.articles), y(one.ratios(steps[0])[name])) for one in steps]
        line = " ".join(f"{left:.1f},{height:.1f}" for left, height in points)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [
            f'<circle cx="{left:.1f}" cy="{height:.1f}" r="3" fill="{colour}"/>'
            for left, height in points
        ]
        parts.append(f'<rect x="575" y="{_TOP + at * 20}" width="12" height="12" fill="{colour}"/>')
        parts.append(_text(593, _TOP + at * 20 + 11, NAMES[name]))
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_BOTTOM + 50}">'
        f'<rect width="100%" height="100%" fill="white"/>{"".join(parts)}</svg>\n'
    )


def _in_short(articles: int) -> str:
    return f"{articles / 1e6:.1f} M" if articles >= 1e6 else f"{articles / 1e3:.1f} k"


def _text(x: float, y: float, words: str) -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" {_FONT}>{words}</text>'
