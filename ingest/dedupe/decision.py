"""What is decided about one article: its matches, and the story it belongs to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import numpy as np

from ingest.dedupe.reading import Reading, spread
from ingest.dedupe.tokenise import Floats, Ints
from ingest.model import Match

# A hash found in so many articles is looked up no further: whether a passage stands in thirty
# stories or in three thousand, it is boilerplate. (A story that was itself reprinted thirty times
# stays one story, and rare: stories are counted, not articles.)
MAX_POSTINGS = 30


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


class Frequencies:
    """How rare passages are: in how many stories of the window each hash occurs.

    `postings` are the index's answers, `story_of` the articles that are decided; the others count
    for no story.
    """

    __slots__ = ("_known", "_postings", "_story_of", "_weights")

    def __init__(self, postings: Mapping[int, Sequence[int]], story_of: Mapping[int, int]) -> None:
        self._postings = postings
        self._story_of = story_of
        self._known: dict[int, int] = {}
        self._weights: dict[int, Floats] = {}  # by the reading's identity, for one decision

    def weights(self, reading: Reading) -> Floats:
        """The rarity (0-1) of every shingle of a text.

        One over the number of *other* stories that have it: the second story that shows a
        passage may still be a republication of the first, the third makes it a habit.
        """
        kept = self._weights.get(id(reading))
        if kept is None:
            counts = self.counts_of(reading.sampled)
            kept = 1.0 / np.maximum(1.0, spread(reading, counts) - 1.0)
            self._weights[id(reading)] = kept
        return kept

    def stories_of(self, hashes: Sequence[int], besides: int) -> tuple[Ints, Ints]:
        """The stories in which hashes occur, in articles besides that one.

        Pairs, each once and in order: the place of the hash among these, and a story.
        """
        found = {
            (place, self._story_of[each])
            for place, one in enumerate(hashes)
            for each in self._postings.get(one, ())
            if each != besides and each in self._story_of
        }
        pairs = np.array(sorted(found), np.int64).reshape(-1, 2)
        return pairs[:, 0], pairs[:, 1]

    def counts_of(self, hashes: Sequence[int]) -> Floats:
        """In how many stories each of these occurs."""
        known, count = self._known, self.stories_with
        return np.array([known[x] if x in known else count(x) for x in hashes], np.float64)

    def stories_with(self, one: int) -> int:
        """In how many stories a hash occurs."""
        known = self._known.get(one)
        if known is not None:
            return known
        articles = self._postings.get(one)
        if not articles:
            count = 0
        elif len(articles) == 1:
            count = int(articles[0] in self._story_of)
        else:
            stories = set(map(self._story_of.get, articles))
            count = len(stories) - (None in stories)
        self._known[one] = count
        return count


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
    best first; those of relation `quotes` and `digest` join nothing. `leaves` are articles that
    turned out to be compilations, and go out of the story into one of their own.
    """

    article_id: int
    matches: tuple[Match, ...] = ()
    join_story: int | None = None
    merge_stories: tuple[int, ...] = ()
    leaves: tuple[int, ...] = ()
    near_misses: tuple[NearMiss, ...] = ()
