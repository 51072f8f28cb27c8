"""What is decided about one article: its matches, and the story it belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ingest.dedupe.fingerprint import Shape
from ingest.model import Match


@dataclass(frozen=True, slots=True)
class Document:
    """An article as the verifier needs it.

    `at` is when it was published, as far as that is believed, else when it was first seen.
    """

    article_id: int
    story_id: int
    publisher_id: int
    at: datetime
    shape: Shape


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A candidate that was looked at and not matched: what was missing, or which vetoes fired."""

    article_id: int
    of_article_id: int
    missing: str | None
    vetoes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """What follows from comparing one article with its candidates.

    `join_story` is the story of the best match (None: the article stays alone); `merge_stories`
    are further stories that turned out to be the same one. `matches` are all that is to be stored,
    best first; those of relation `quotes` and `digest` join nothing.
    """

    article_id: int
    matches: tuple[Match, ...] = ()
    join_story: int | None = None
    merge_stories: tuple[int, ...] = ()
    near_misses: tuple[NearMiss, ...] = ()
