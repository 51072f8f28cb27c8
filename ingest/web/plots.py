"""Numbers as bars of an SVG, laid out. Pure; the templates draw what they are given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

GAP = 1.0  # between two bars, in the units of the drawing
WIDEST = 36.0  # of a bar, in the same units
LETTER = 13.0  # what a letter under the axis takes at most: on telephones they are larger


@dataclass(frozen=True, slots=True)
class Bar:
    """A rectangle, in the drawing's units; y grows downwards. `title` is its tooltip."""

    x: float
    y: float
    width: float
    height: float
    kind: str  # a CSS class
    title: str


@dataclass(frozen=True, slots=True)
class Plot:
    """Bars, the size of the drawing, and what it says to those who cannot see it."""

    width: float
    height: float
    bars: tuple[Bar, ...]
    top: float  # the value of a bar as high as the drawing
    label: str
    ticks: tuple[tuple[float, str], ...] = ()  # x and text


@dataclass(frozen=True, slots=True)
class Stack:
    """The values of one column from bottom to top, each with its CSS class, and a tooltip."""

    parts: tuple[tuple[str, float], ...]
    title: str


def stacked(
    columns: Sequence[Stack],
    label: str,
    *,
    width: float = 720.0,
    height: float = 120.0,
    ticks: Sequence[tuple[int, str]] = (),
) -> Plot:
    """One column for each stack; `ticks` are column numbers and what stands under them."""
    top = max((sum(value for _, value in column.parts) for column in columns), default=0.0)
    step = min(WIDEST, width / max(1, len(columns)))
    gap = min(GAP, step * 0.15)
    bars = []
    for number, column in enumerate(columns):
        base = height
        for kind, value in column.parts:
            if value <= 0 or top <= 0:
                continue
            size = max(1.5, value / top * height)
            base = max(0.0, base - size)
            bars.append(
                Bar(
                    round(number * step, 2),
                    round(base, 2),
                    round(step - gap, 2),
                    round(size, 2),
                    kind,
                    column.title,
                )
            )
    placed = tuple(
        (round(number * step, 2), text)
        for number, text in ticks
        if number * step + len(text) * LETTER <= width  # else it would be cut at the edge
    )
    return Plot(width, height, tuple(bars), top, label, placed)
