"""Other extractors' readings of a page, as votes for its blocks."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ingest.normalise.page_blocks import Block

_MAX_VOTED_CHARS = 500_000
_NOT_ALNUM = re.compile(r"[\W_]+")


def squeeze(text: str) -> str:
    """Letters and digits only, lower case: what is compared is what a reader reads."""
    return _NOT_ALNUM.sub("", text).lower()


class Votes:
    """Does another extractor's text hold this block?"""

    def __init__(self, text: str) -> None:
        text = text[:_MAX_VOTED_CHARS]
        self._lines = {squeeze(line) for line in text.split("\n")}
        self._lines.discard("")
        self._all = "\n".join(squeeze(line) for line in text.split("\n"))
        words = text.lower().split()
        self._shingles = {tuple(words[i : i + 4]) for i in range(len(words) - 3)}

    def holds(self, block: Block) -> bool:
        """As a line of its own, or as a long enough passage, nearly word for word."""
        squeezed = squeeze(block.text)
        if squeezed in self._lines:
            return True
        if len(squeezed) < 40:
            return False
        if squeezed in self._all:
            return True
        words = block.text.lower().split()
        shingles = [tuple(words[i : i + 4]) for i in range(len(words) - 3)]
        return bool(shingles) and (
            sum(shingle in self._shingles for shingle in shingles) >= 0.6 * len(shingles)
        )


def elect(texts: Iterable[str]) -> str | None:
    """Of several extractors' texts the one to believe.

    Where they differ widely, one has taken in what surrounds the article: the shorter one is
    right, unless it is a scrap.
    """
    candidates = sorted((t for t in texts if t.strip()), key=len)
    if not candidates:
        return None
    longest = candidates[-1]
    whole = [t for t in candidates if len(t.split()) >= 50]
    if whole and len(whole[0]) < 0.75 * len(longest):
        return whole[0]
    return longest
