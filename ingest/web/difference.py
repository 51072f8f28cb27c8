"""Two texts side by side: which words stand in both, in the same order, and which in one only.

Pure. Case and punctuation do not count: copies are re-typeset more often than rewritten.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

MAX_WORDS = 4_000  # of each text: beyond that the comparison costs more than it tells
MIN_RUN_WORDS = 3  # shared words alone between two differences are no help to the eye
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of one text; `is_shared` where the other text has its words too."""

    text: str
    is_shared: bool


@dataclass(frozen=True, slots=True)
class Side:
    """One text as paragraphs of runs, and the share of its words that the other has too."""

    paragraphs: tuple[tuple[Run, ...], ...]
    shared_words: int
    words: int

    @property
    def share(self) -> float:
        """Between 0 and 1; 0 for an empty text."""
        return self.shared_words / self.words if self.words else 0.0


@dataclass(frozen=True, slots=True)
class Difference:
    """Both sides."""

    left: Side
    right: Side


def compare(left: str, right: str) -> Difference:
    """Compare two texts whose paragraphs are separated by a blank line."""
    words = [list(_WORD.finditer(text))[:MAX_WORDS] for text in (left, right)]
    folded = [[word[0].casefold() for word in listed] for listed in words]
    in_left = [False] * len(words[0])
    in_right = [False] * len(words[1])
    blocks = SequenceMatcher(None, folded[0], folded[1], autojunk=False).get_matching_blocks()
    for block in blocks:
        is_whole = block.size == min(len(words[0]), len(words[1]))
        if block.size >= MIN_RUN_WORDS or is_whole:
            in_left[block.a : block.a + block.size] = [True] * block.size
            in_right[block.b : block.b + block.size] = [True] * block.size
    return Difference(_side(left, words[0], in_left), _side(right, words[1], in_right))


def _side(text: str, words: Sequence[re.Match[str]], shared: Sequence[bool]) -> Side:
    paragraphs: list[tuple[Run, ...]] = []
    at = 0
    start = 0
    for piece in re.split(r"(\n\s*\n)", text):
        end = start + len(piece)
        first = at
        while at < len(words) and words[at].start() < end:
            at += 1
        if piece.strip():
            paragraphs.append(_runs(text, start, end, words[first:at], shared[first:at]))
        start = end
    return Side(tuple(paragraphs), sum(shared), len(words))


def _runs(
    text: str, start: int, end: int, words: Sequence[re.Match[str]], shared: Sequence[bool]
) -> tuple[Run, ...]:
    """A paragraph cut where shared words turn into others, at the white space before a word."""
    cuts: list[tuple[int, bool]] = []  # where a run begins, and which kind it is
    for word, is_shared in zip(words, shared, strict=True):
        if not cuts or cuts[-1][1] is not is_shared:
            cuts.append((word.start() if cuts else start, is_shared))
    if not cuts:
        return (Run(text[start:end], False),)
    ends = [cut for cut, _ in cuts[1:]] + [end]
    return tuple(
        Run(text[cut:stop], is_shared) for (cut, is_shared), stop in zip(cuts, ends, strict=True)
    )
