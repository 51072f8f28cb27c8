"""A plot of costs over sizes, as SVG: sizes to the right in powers of ten, costs up from zero."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

WIDTH, HEIGHT, MARGIN = 640, 400, 60
COLOURS = ("#2f81f7", "#e5534b", "#3fa34d", "#a371c9")  # readable on a light page and on a dark one


def draw(lines: Mapping[str, Sequence[tuple[float, float]]]) -> str:
    """One line a name, through points of (documents, microseconds)."""
    points = [point for line in lines.values() for point in line]
    low = math.floor(math.log10(min(x for x, _ in points)))
    high = max(math.ceil(math.log10(max(x for x, _ in points))), low + 1)
    step = 10 ** math.floor(math.log10(max(y for _, y in points)))
    top = step * math.ceil(max(y for _, y in points) / step)
    bottom, right = HEIGHT - MARGIN, WIDTH - MARGIN

    def at(documents: float, cost: float) -> tuple[float, float]:
        x = MARGIN + (math.log10(documents) - low) / (high - low) * (right - MARGIN)
        return round(x, 1), round(bottom - cost / top * (bottom - MARGIN), 1)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"'
        ' font-family="sans-serif" font-size="12">',
        "<style>text{fill:#24292f}.grid{stroke:#8c959f;stroke-opacity:.35}"
        "@media (prefers-color-scheme:dark){text{fill:#e6edf3}}</style>",
        f'<text x="{WIDTH / 2}" y="24" text-anchor="middle">CPU a document'
        " (fingerprint, index, settling) over documents in the window</text>",
    ]
    for power in range(low, high + 1):
        x, _ = at(10.0**power, 0)
        parts += [
            f'<path d="M{x} {MARGIN}V{bottom}" class="grid"/>',
            f'<text x="{x}" y="{bottom + 18}" text-anchor="middle">{10**power:,}</text>',
        ]
    for mark in range(0, round(top) + 1, max(1, round(top / 5))):
        _, y = at(10.0**low, mark)
        parts += [
            f'<path d="M{MARGIN} {y}H{right}" class="grid"/>',
            f'<text x="{MARGIN - 6}" y="{y + 4}" text-anchor="end">{mark} µs</text>',
        ]
    for number, ((name, line), colour) in enumerate(zip(lines.items(), COLOURS, strict=False)):
        places = [at(*point) for point in sorted(line)]
        path = " ".join(f"{x},{y}" for x, y in places)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x}" cy="{y}" r="3" fill="{colour}"/>' for x, y in places]
        y = HEIGHT - 10
        x = MARGIN + number * (right - MARGIN) / len(lines)
        parts.append(f'<text x="{x:.0f}" y="{y}" style="fill:{colour}">{name}</text>')
    return "\n".join([*parts, "</svg>", ""])
