"""What each constant of the verifier does: the marks with it a fifth lower and a fifth higher.

    python -m benchmarks.dedupe GOLD.jsonl[.xz] --sensitivity [--part 4] [--only NAME...]
    python -m benchmarks.dedupe GOLD.jsonl[.xz] --plot FILE.svg [--part 4]

On the stage in memory, and on every `--part`-th cluster, chosen by the hash of its name, so that
it is the same part for everybody.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from math import floor
from pathlib import Path
from typing import Any

from benchmarks.dedupe_score import Gold, Marks, score
from ingest.dedupe import RULES, Document, Reading, Rules, shape
from ingest.dedupe.memory import MemoryStories

START = datetime(2026, 1, 1, tzinfo=UTC)
MAIN = "medium_containment"  # moved for the plot, and those of longer and shorter texts with it
CONTAINMENTS = (
    "short_containment",
    "medium_containment",
    "long_containment",
    "rewritten_containment",
)
FACTORS = (0.4, 0.6, 0.8, 1.0, 1.1, 1.2, 1.3, 1.45)  # of the four, for the plot


def part_of(gold: Sequence[Gold], parts: int) -> list[Gold]:
    """One of so many parts of the clusters, whole clusters."""
    return [one for one in gold if zlib.crc32(one.cluster.encode()) % parts == 0]


def read(gold: Sequence[Gold]) -> list[Document]:
    """The documents, read once for all runs; each of a publisher of its own."""
    is_order = max((float(one.ts) for one in gold), default=0.0) <= 1.0
    scale = 86_400.0 if is_order else 1.0
    return [
        Document(
            number,
            number,
            START + timedelta(seconds=float(one.ts) * scale),
            Reading(shape(one.title, one.text)),
        )
        for number, one in enumerate(gold, 1)
    ]


def marks_of(gold: Sequence[Gold], documents: Sequence[Document], rules: Rules) -> Marks:
    """The marks of these documents, added one after the other under these rules."""
    stories = MemoryStories(rules)
    for document in documents:
        stories.add(document)
    return score(gold, {one.id: stories.story_of[n] for n, one in enumerate(gold, 1)})


@dataclass(frozen=True, slots=True)
class Line:
    """The marks with one constant moved both ways."""

    name: str
    value: float
    lower: Marks
    higher: Marks

    def __str__(self) -> str:
        marks = "  ".join(
            f"{one.precision:.4f} / {one.recall:.4f}" for one in (self.lower, self.higher)
        )
        return f"{self.name:26} {self.value:>8g}  {marks}"


def sensitivity(gold: Sequence[Gold], only: Sequence[str]) -> Iterator[str]:
    """The table's lines, one constant after the other."""
    documents = read(gold)
    base = marks_of(gold, documents, RULES)
    yield f"{len(gold):,} documents  precision {base.precision:.4f}  recall {base.recall:.4f}"
    yield f"{'constant':26} {'value':>8}  {'- 20 %':15}  + 20 %   (precision / recall)"
    for field in fields(Rules):
        if only and field.name not in only:
            continue
        value = getattr(RULES, field.name)
        moved: list[dict[str, Any]] = [{field.name: _moved(value, factor)} for factor in (0.8, 1.2)]
        lower, higher = (marks_of(gold, documents, replace(RULES, **one)) for one in moved)
        yield str(Line(field.name, value, lower, higher))


def _moved(value: float, factor: float) -> Any:
    """A whole number moves by one at least; a share stays below one."""
    if isinstance(value, int):
        return value + (1 if factor > 1 else -1) * max(1, round(value * abs(factor - 1)))
    return min(value * factor, 1.0) if value <= 1.0 else value * factor


@dataclass(frozen=True, slots=True)
class Point:
    """Precision and recall at one value of the main threshold."""

    threshold: float
    precision: float
    recall: float


def curve(gold: Sequence[Gold]) -> list[Point]:
    """Precision and recall with the four containments moved together."""
    documents = read(gold)
    points = []
    for factor in FACTORS:
        moved: dict[str, Any] = {
            name: _moved(getattr(RULES, name), factor) for name in CONTAINMENTS
        }
        marks = marks_of(gold, documents, replace(RULES, **moved))
        points.append(Point(moved[MAIN], marks.precision, marks.recall))
    return points


def draw(points: Sequence[Point], file: Path) -> None:
    """Write the curve as SVG: recall to the right, precision up, the threshold at each point."""
    width, height, margin = 640, 420, 60
    low_x = floor(min(one.recall for one in points) * 50) / 50
    low_y = floor(min(one.precision for one in points) * 50) / 50

    def at(recall: float, precision: float) -> tuple[float, float]:
        x = margin + (recall - low_x) / (1 - low_x) * (width - 2 * margin)
        y = height - margin - (precision - low_y) / (1 - low_y) * (height - 2 * margin)
        return round(x, 1), round(y, 1)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"'
        ' font-family="sans-serif" font-size="12">',
        # Readable on a light page and on a dark one: no ground of its own, ink after the page's.
        "<style>text{fill:#24292f}.grid{stroke:#8c959f;stroke-opacity:.35}.line{stroke:#0969da}"
        ".dot{fill:#0969da}@media (prefers-color-scheme:dark){text{fill:#e6edf3}"
        ".line{stroke:#58a6ff}.dot{fill:#58a6ff}}</style>",
        f'<text x="{width / 2}" y="24" text-anchor="middle">precision and recall over'
        " the containment threshold (of texts of 30-150 words; all four moved together)</text>",
    ]
    for step in range(6):
        recall, precision = (low + (1 - low) * step / 5 for low in (low_x, low_y))
        x, y = at(recall, precision)
        bottom = height - margin
        parts += [
            f'<path d="M{x} {margin}V{bottom}M{margin} {y}H{width - margin}" class="grid"/>',
            f'<text x="{x}" y="{bottom + 18}" text-anchor="middle">{recall:.3f}</text>',
            f'<text x="{margin - 6}" y="{y + 4}" text-anchor="end">{precision:.3f}</text>',
        ]
    parts += [
        f'<text x="{width / 2}" y="{height - 16}" text-anchor="middle">recall</text>',
        f'<text x="16" y="{height / 2}" transform="rotate(-90 16 {height / 2})"'
        ' text-anchor="middle">precision</text>',
    ]
    places = [at(one.recall, one.precision) for one in points]
    line = " ".join(f"{x},{y}" for x, y in places)
    parts.append(f'<polyline points="{line}" fill="none" class="line" stroke-width="1.5"/>')
    rightmost = max(one.recall for one in points)
    for one, (x, y) in zip(points, places, strict=True):
        is_ours = abs(one.threshold - getattr(RULES, MAIN)) < 1e-9
        parts += [
            f'<circle cx="{x}" cy="{y}" r="{5 if is_ours else 3}" class="dot"/>',
            _label(x, y, one, is_ours=is_ours, is_last=one.recall == rightmost),
        ]
    file.write_text("\n".join([*parts, "</svg>", ""]), encoding="utf-8")


def _label(x: float, y: float, one: Point, *, is_ours: bool, is_last: bool) -> str:
    """The threshold beside its point, where no other point is."""
    said = f"{one.threshold:.2f}"
    if is_ours:
        return f'<text x="{x}" y="{y - 12}" text-anchor="middle">{said} (as set)</text>'
    if is_last:
        return f'<text x="{x + 8}" y="{y + 4}">{said}</text>'
    return f'<text x="{x}" y="{y + 20}" text-anchor="middle">{said}</text>'
