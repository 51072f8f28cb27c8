"""The passages that two texts share, word for word. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher

MIN_WORDS = 5  # shorter ones are turns of phrase
MAX_WORDS = 4_000  # of each text: beyond that the comparison costs more than it tells


@dataclass(frozen=True, slots=True)
class Passage:
    """Words that stand in both texts in the same order, as the first text writes them."""

    text: str
    words: int


def shared_passages(text: str, other: str) -> list[Passage]:
    """The shared passages of at least MIN_WORDS words, longest first.

    Case, punctuation and line breaks do not count.
    """
    ours = list(re.finditer(r"\w+", text))[:MAX_WORDS]
    mine = [found[0].casefold() for found in ours]
    theirs = [found[0].casefold() for found in re.finditer(r"\w+", other)][:MAX_WORDS]
    blocks = SequenceMatcher(None, mine, theirs, autojunk=False).get_matching_blocks()
    passages = [
        Passage(
            " ".join(text[ours[block.a].start() : ours[block.a + block.size - 1].end()].split()),
            block.size,
        )
        for block in blocks
        if block.size >= MIN_WORDS
    ]
    return sorted(passages, key=lambda passage: -passage.words)
