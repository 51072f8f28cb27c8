"""Made texts for the tests of dedupe: no two sentences of different seeds are alike."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from ingest.dedupe import Document, Reading, shape

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def made_text(seed: int, words: int = 200) -> str:
    """A text of made words; the same seed gives the same text."""
    chance = random.Random(seed)
    letters = "abcdefghijklmnopqrstuvwxyz"
    made = ["".join(chance.choices(letters, k=chance.randint(3, 9))) for _ in range(words)]
    return " ".join(
        f"{word}." if position % 17 == 16 else word for position, word in enumerate(made)
    )


def document(number: int, text: str, headline: str | None = None, *, hours: float = 0) -> Document:
    """An article of a publisher of its own."""
    headline = headline if headline is not None else " ".join(text.split()[:7])
    at = NOW + timedelta(hours=hours)
    return Document(number, number, at, Reading(shape(headline, text)))
