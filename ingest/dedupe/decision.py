"""What is decided about one article: its matches, and the story it belongs to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import numpy as np

from ingest.dedupe.fingerprint import is_sampled
from ingest.dedupe.reading import Reading, spread
from ingest.dedupe.tokenise import Floats
from ingest.model import Match

# A hash found in so many articles is looked up no further: whether a passage stands in sixty
# stories or in six thousand, it is boilerplate. (A story that was itself reprinted sixty times
# stays one story, and rare: stories are counted, not articles.)
MAX_POSTINGS = 60


@dataclass(frozen=True, slots=True)
class Document:
    """An article as the verifier needs it.

    `at` is when it was published, as far as that is believed, else when it was first seen.
    `story_id` is None until it has been decided; `story_size` is how many articles the story has,
    `story_support` how many of them share about as much with the article being decided.
    """

    article_id: int
    publisher_id: int
    at: datetime
    reading: Reading
    story_id: int | None = None
    story_size: int = 1
    story_support: int = 1


@dataclass(frozen=True, slots=True)
class Frequencies:
    """In how many stories of the window each hash occurs, as far as it was looked up."""

    stories: Mapping[int, int] = field(default_factory=dict)

    def weights(self, reading: Reading) -> Floats:
        """The rarity (0-1) of every shingle of a text.

        One over the number of *other* stories that have it: the second story that shows a
        passage may still be a republication of the first, the third makes it a habit.
        """
        shingles = reading.shape.shingles
        sampled = shingles[is_sampled(shingles)].view(np.int64).tolist()
        stories = self.stories
        counts = np.array([stories.get(one, 0) for one in sampled], np.float64)
        return 1.0 / np.maximum(1.0, spread(reading.shape, counts) - 1.0)


class CandidateIndex(Protocol):
    """What this stage needs from outside: the inverted index of a window of fingerprints."""

    def articles_with(self, hashes: Sequence[int]) -> Mapping[int, Sequence[int]]:
        """For each hash that occurs: the newest articles that have it, MAX_POSTINGS + 1 at most."""
        ...


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
    best first; those of relation `quotes` and `digest` join nothing. `leaves` are articles that turned
    out to be compilations, and go out of the story into one of their own.
    """

    article_id: int
    matches: tuple[Match, ...] = ()
    join_story: int | None = None
    merge_stories: tuple[int, ...] = ()
    leaves: tuple[int, ...] = ()
    near_misses: tuple[NearMiss, ...] = ()
