"""An article's text -> the few hashes by which republications of it are found in SQL.

Copies are abridged, so what must survive sampling is containment: a hash is kept or dropped by its
own value (modulo sampling, Broder 1997), never by its rank in the text as MinHash does. A passage
that two articles share therefore leaves the same hashes in both, however long the rest is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ingest.dedupe.headline import Headline, read_headline
from ingest.dedupe.tokenise import Flags, Hashes, Tokens, mix, shingle, tokenise
from ingest.model import Article, Fingerprint

# Tokeniser + hash + sampling. To be raised whenever any of them changes what is stored.
VERSION = 1

# A text of up to so many shingles is indexed whole: summaries are short, and a teaser of six words
# has four shingles to be found by.
WHOLE_SHINGLES = 24
# The lead is what every abridgement keeps: half of the first shingles, an eighth of the rest. Half
# of that (40, then a sixteenth) costs two points of precision on `dev`: rarity is read off the same
# rows, and a paragraph of boilerplate had too few.
LEAD_SHINGLES = 64
LEAD_MODULUS = 2
BODY_MODULUS = 8

# Postings keep 48 bits: at a million articles of fifty postings a chance collision befalls one hash
# in five million, and SQLite stores six bytes instead of eight.
POSTING_SHIFT = 16

_TITLE_SALT = np.uint64(0x2545F4914F6CDD1D)


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """A text as the verifier reads it: its tokens, their shingles and its headline.

    `is_headline_only` says that the text is the headline again, perhaps with the outlet's name
    (Google News), or that there is none: `tokens` are the headline's then.
    """

    tokens: Tokens
    shingles: Hashes
    headline: Headline
    is_headline_only: bool

    @property
    def words(self) -> float:
        """The length in words, of whatever script."""
        return float(self.tokens.mass.sum())


def shape(headline: str, text: str | None) -> Shape:
    """Read a headline and a text (plain, without boilerplate; may be empty or None)."""
    title = read_headline(headline)
    tokens = tokenise(text) if text else title.tokens
    only = not text or title.says_all_of(tokens)
    if only:
        tokens = title.stripped_tokens
    return Shape(tokens, shingle(tokens.hashes), title, only)


def text_of(article: Article) -> str | None:
    """The text an article is compared by: its body, or its summary where it has no body."""
    return article.body_text or article.summary


def fingerprint(headline: str, text: str | None) -> Fingerprint:
    """The postings of an article, sorted and without repeats.

    `token_count` is the number of tokens of the text (of the headline, where there is no text).
    """
    return fingerprint_of(shape(headline, text))


def fingerprint_of(shaped: Shape) -> Fingerprint:
    """The fingerprint of a text that was already read."""
    sampled = np.concatenate(
        (shaped.shingles[is_sampled(shaped.shingles)], title_keys(shaped.headline))
    )
    return Fingerprint(VERSION, len(shaped.tokens), tuple(sorted({*as_postings(sampled)})))


def as_postings(hashes: Hashes) -> list[int]:
    """Hashes as the index stores them: signed, 48 bits."""
    postings: list[int] = (hashes.view(np.int64) >> POSTING_SHIFT).tolist()
    return postings


def is_sampled(shingles: Hashes) -> Flags:
    """Which of a text's shingles, given in its order, go into the index."""
    if len(shingles) <= WHOLE_SHINGLES:
        return np.ones(len(shingles), np.bool_)
    kept = (shingles & np.uint64(BODY_MODULUS - 1)) == 0
    lead = shingles[:LEAD_SHINGLES]
    kept[:LEAD_SHINGLES] = (lead & np.uint64(LEAD_MODULUS - 1)) == 0
    return np.asarray(kept)


def title_keys(headline: Headline) -> Hashes:
    """One posting for the headline, without the outlet's name; none where it says too little."""
    keys: Hashes = np.array(headline.keys, np.uint64)
    return mix(keys ^ _TITLE_SALT)
