"""Wordings that a publisher addresses to the reader of a page, in many languages, kept as data.

The lists are in `data/page_phrases.toml`. They are used on blocks of an article page only, where
the tree says too little; what recurs over a publisher's articles is learned elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from ingest.normalise.data import table

_MAX_WORDS = 60  # longer blocks are paragraphs that happen to use such words
_MAX_WORDS_BY_REASON = {"about": 20, "cross_reference": 30, "credit": 40, "contact": 45}
_MAX_CHARS = 600  # what a pattern is tried on: bounds its time


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    tables = table("page_phrases")

    def joined(wordings: Iterable[str], shape: str) -> re.Pattern[str]:
        return re.compile(shape % "|".join(wordings), re.IGNORECASE)

    lead = r"^[\W_]*(?:%s)"
    return (
        *((name, joined(w, r"^[\W_]*(?:%s)[\W_]*$")) for name, w in tables["whole"].items()),
        *((name, joined(w, lead)) for name, w in tables["opens"].items()),
        *((name, joined(w, r"(?:%s)")) for name, w in tables["holds"].items()),
    )


def foreign_phrase(text: str, words: int) -> str | None:
    """Why this block is the page's and not the article's, or None."""
    if words > _MAX_WORDS:
        return None
    text = text[:_MAX_CHARS]
    for reason, pattern in _patterns():
        if words <= _MAX_WORDS_BY_REASON.get(reason, _MAX_WORDS) and pattern.search(text):
            return reason
    return None
