"""Headlines: what they say without the outlet's name, and how far two of them agree."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ingest.dedupe.tokenise import Hashes, Tokens, mix, tokenise

# A headline of fewer words is not evidence by itself ("Live updates", "Morning briefing"); five is
# where same-headline pairs of the wire series turn from labels into sentences.
MIN_KEY_WORDS = 5.0
# What follows the last " - " or " | " is taken for the outlet's name up to so many words.
MAX_OUTLET_WORDS = 5.0
# Google News repeats the headline and appends the outlet's name: at most this many tokens are new.
MAX_NEW_TOKENS = 6

# Words shorter than this are articles and prepositions in most languages with an alphabet.
MIN_LETTERS = 3

_SUFFIX = re.compile(r"\s[-–—|·]\s(?!.*\s[-–—|·]\s)")
_MIX = np.uint64(0x9FB21C651E98DF25)


@dataclass(frozen=True, slots=True, eq=False)
class Headline:
    """A headline in tokens; `keys` identify it with and without the outlet's name.

    `words` are those of three letters up, `numbers` its numbers, both as hashes.
    """

    tokens: Tokens
    stripped_tokens: Tokens
    keys: tuple[int, ...]
    words: frozenset[int]
    numbers: frozenset[int]

    def says_all_of(self, text: Tokens) -> bool:
        """Whether `text` is no more than this headline and an outlet's name."""
        if len(text) > len(self.tokens) + MAX_NEW_TOKENS:
            return False
        new = ~np.isin(text.hashes, self.tokens.hashes)
        return bool(np.isin(self.stripped_tokens.hashes, text.hashes).all()) and (
            int(new.sum()) <= MAX_NEW_TOKENS
        )


@lru_cache(maxsize=4096)
def read_headline(headline: str) -> Headline:
    """Tokenise a headline and drop the outlet's name behind it."""
    tokens = tokenise(headline)
    stripped = tokens
    cut = _SUFFIX.search(headline)
    if cut:
        before, after = tokenise(headline[: cut.start()]), tokenise(headline[cut.end() :])
        enough = before.mass.sum() >= MIN_KEY_WORDS
        if enough and 0 < after.mass.sum() <= MAX_OUTLET_WORDS:
            stripped = before
    keys = {_key(kept.hashes) for kept in (tokens, stripped) if kept.mass.sum() >= MIN_KEY_WORDS}
    letters = stripped.end - stripped.start
    words = stripped.hashes[((letters >= MIN_LETTERS) | (stripped.mass < 1)) & ~stripped.is_number]
    numbers = stripped.hashes[stripped.is_number]
    return Headline(
        tokens,
        stripped,
        tuple(sorted(keys)),
        frozenset(words.tolist()),
        frozenset(numbers.tolist()),
    )


def _key(hashes: Hashes) -> int:
    positions = np.arange(1, len(hashes) + 1, dtype=np.uint64)
    return int(mix(hashes + positions * _MIX).sum())
