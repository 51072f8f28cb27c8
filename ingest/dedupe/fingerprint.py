"""An article's text -> the few hashes by which republications of it are found in SQL.

Copies are abridged, so what must survive sampling is containment: a passage that two articles share
leaves the same hashes in both, however long the rest is (`sampling.py`). MinHash does not do that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ingest.dedupe.headline import Headline, Headlines
from ingest.dedupe.outline import Outline
from ingest.dedupe.question import LOOK_UP_WHOLE, Question, question
from ingest.dedupe.sampling import Counts, sampled
from ingest.dedupe.tokenise import Hashes, Tokenised, Tokens, chunks, mix, shingle
from ingest.model import Article, Fingerprint

# Tokeniser + hash + sampling. To be raised whenever any of them changes what is stored.
VERSION = 2  # 1: a sample by value, twice as many

# Postings keep 48 bits: at a million articles of fifty postings a chance collision befalls one hash
# in five million, and SQLite stores six bytes instead of eight.
POSTING_SHIFT = 16

_TITLE_SALT = np.uint64(0x2545F4914F6CDD1D)


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """A text as the verifier reads it: its tokens, their shingles and its headline.

    `stands_for` says of each shingle for how many it stands in the index, 0 if it is not there.
    `is_headline_only` says that the text is the headline again, perhaps with the outlet's name
    (Google News), or that there is none: `tokens` are the headline's then.
    """

    tokens: Tokens
    shingles: Hashes
    stands_for: Counts
    headline: Headline
    is_headline_only: bool

    @property
    def words(self) -> float:
        """The length in words, of whatever script."""
        return float(self.tokens.mass.sum())


class Shapes:
    """Many articles read at once, each a headline and a text (plain, may be empty or None)."""

    def __init__(self, pairs: Sequence[tuple[str, str | None]]) -> None:
        texts = [text or "" for _, text in pairs]
        read = Tokenised([*texts, *(headline for headline, _ in pairs)])
        titles = Headlines(read, len(pairs))
        self._read, self._titles = read, titles
        self._shingles = shingle(read.hashes) if len(read.hashes) >= 3 else read.hashes[:0]
        self._only: list[bool] = []
        self._bounds: list[tuple[int, int]] = []  # of tokens, in `read`
        for number, text in enumerate(texts):
            low, high = read.first[number], read.first[number + 1]
            only = not text or titles.says_all_of(number, read.hashes[low:high])
            if only:
                low = read.first[len(pairs) + number]
                high = low + titles.stripped[number]
            self._only.append(only)
            self._bounds.append((low, high))
        self._stands_for = sampled(
            self._shingles, [(low, max(low, high - 2)) for low, high in self._bounds]
        )

        self._kept = np.flatnonzero(self._stands_for)
        self._kept_postings = as_postings(self._shingles[self._kept])
        edges = [edge for low, high in self._bounds for edge in (low, max(low, high - 2))]
        self._places: list[int] = self._kept.searchsorted(edges).tolist()
        postings = iter(title_postings([key for keys in titles.keys for key in keys]))
        self._title_postings = [[next(postings) for _ in keys] for keys in titles.keys]

    def fingerprints(self) -> list[Fingerprint]:
        """One of each article."""
        made = []
        for number, (low, high) in enumerate(self._bounds):
            if high - low >= 3:
                begin, end = self._places[2 * number : 2 * number + 2]
                text = self._kept_postings[begin:end]
            else:
                text = as_postings(shingle(self._read.hashes[low:high]))
            postings = tuple(sorted({*text, *self._title_postings[number]}))
            packed = self.question(number).packed()
            made.append(Fingerprint(VERSION, high - low, postings, packed))
        return made

    def question(self, number: int) -> Question:
        """What the index is asked about one of them."""
        low, high = self._bounds[number]
        if high - low - 2 > LOOK_UP_WHOLE:
            begin, end = self._places[2 * number : 2 * number + 2]
            text = self._kept_postings[begin:end]
            codes = self._stands_for[self._kept[begin:end]]
        elif high - low >= 3:
            text = as_postings(self._shingles[low : high - 2])
            codes = np.maximum(self._stands_for[low : high - 2], 1)
        else:
            text = as_postings(shingle(self._read.hashes[low:high]))
            codes = np.ones(len(text), np.uint8)
        shingles = max(high - low - 2, len(text))
        titles = self._title_postings[number]
        return question(text, codes, titles, shingles, self.outline(number))

    def outline(self, number: int) -> Outline | None:
        """That of one of them, if it has a text."""
        low, high = self._bounds[number]
        if high - low < 3 or self._only[number]:
            return None
        return Outline.of(self._shingles[low : high - 2])

    def shape(self, number: int) -> Shape:
        """One of them, in arrays of its own."""
        low, high = self._bounds[number]
        headline = self._titles.headline(number)
        only = self._only[number]
        tokens = headline.stripped_tokens if only else self._read.tokens(number)
        if high - low >= 3:
            shingles = self._shingles[low : high - 2].copy()
            stands_for = self._stands_for[low : high - 2].copy()
        else:
            shingles = shingle(tokens.hashes)
            stands_for = np.ones(len(shingles), np.uint8)
        return Shape(tokens, shingles, stands_for, headline, only)


def question_of(shaped: Shape) -> Question:
    """What the index is asked about a text that was already read."""
    shingles, codes = shaped.shingles, shaped.stands_for
    if len(shingles) > LOOK_UP_WHOLE:
        shingles, codes = shingles[codes > 0], codes[codes > 0]
    titles = title_postings(shaped.headline.keys)
    asked, codes = as_postings(shingles), np.maximum(codes, 1)
    return question(asked, codes, titles, len(shaped.shingles), outline_of(shaped))


def outline_of(shaped: Shape) -> Outline | None:
    """The same for its outline."""
    if len(shaped.tokens) < 3 or shaped.is_headline_only:
        return None
    return Outline.of(shaped.shingles)


def shape(headline: str, text: str | None) -> Shape:
    """Read a headline and a text (plain, without boilerplate; may be empty or None)."""
    return Shapes([(headline, text)]).shape(0)


def text_of(article: Article) -> str | None:
    """The text an article is compared by: its body, or its summary where it has no body."""
    return article.body_text or article.summary


def fingerprint(headline: str, text: str | None) -> Fingerprint:
    """The postings of an article, sorted and without repeats.

    `token_count` is the number of tokens of the text (of the headline, where there is no text).
    """
    return Shapes([(headline, text)]).fingerprints()[0]


def fingerprints(pairs: Sequence[tuple[str, str | None]]) -> list[Fingerprint]:
    """The fingerprints of many headlines and texts: a third of the price of one after the other."""
    parts = chunks([text or "" for _, text in pairs])
    return [one for part in parts for one in Shapes(pairs[part]).fingerprints()]


def as_postings(hashes: Hashes) -> list[int]:
    """Hashes as the index stores them: signed, 48 bits."""
    postings: list[int] = (hashes.view(np.int64) >> POSTING_SHIFT).tolist()
    return postings


def title_postings(keys: Sequence[int]) -> list[int]:
    """The postings of headlines' keys."""
    return as_postings(mix(np.array(keys, np.uint64) ^ _TITLE_SALT))
