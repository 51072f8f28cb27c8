"""Headlines: what they say without the outlet's name, and how far two of them agree."""

from __future__ import annotations

import re
from functools import cached_property, lru_cache
from itertools import pairwise

import numpy as np

from ingest.dedupe.tokenise import Hashes, Tokenised, Tokens, mix

# A headline of fewer words is not evidence by itself ("Live updates", "Morning briefing"); five is
# where same-headline pairs of the wire series turn from labels into sentences.
MIN_KEY_WORDS = 5.0
# What follows the last " - " or " | " is taken for the outlet's name up to so many words.
MAX_OUTLET_WORDS = 5.0
# Google News repeats the headline and appends the outlet's name: at most this many tokens are new,
# and at most half as many as the headline has (the sentence that it is the beginning of has more).
MAX_NEW_TOKENS = 6

# Words shorter than this are articles and prepositions in most languages with an alphabet.
MIN_LETTERS = 3

_SUFFIX = re.compile(r"\s[-–—|·]\s(?!.*\s[-–—|·]\s)")
_MIX = np.uint64(0x9FB21C651E98DF25)
_WHOLE = 1 << 64


class Headline:
    """A headline in tokens; `keys` identify it with and without the outlet's name.

    The first `stripped` tokens are without that name.
    """

    def __init__(self, tokens: Tokens, stripped: int, keys: tuple[int, ...]) -> None:
        self.tokens = tokens
        self.stripped = stripped
        self.keys = keys

    @property
    def stripped_tokens(self) -> Tokens:
        """Without the outlet's name."""
        return self.tokens.head(self.stripped)

    @cached_property
    def words(self) -> frozenset[int]:
        """The words of three letters up, as hashes."""
        tokens = self.stripped_tokens
        letters = tokens.end - tokens.start
        kept = ((letters >= MIN_LETTERS) | (tokens.mass < 1)) & ~tokens.is_number
        return frozenset(tokens.hashes[kept].tolist())

    @cached_property
    def numbers(self) -> frozenset[int]:
        """Its numbers, as hashes."""
        tokens = self.stripped_tokens
        return frozenset(tokens.hashes[tokens.is_number].tolist())


class Headlines:
    """The headlines among texts that were tokenised together: those from number `begins` on."""

    def __init__(self, tokenised: Tokenised, begins: int) -> None:
        self._tokenised = tokenised
        self._begins = begins
        first = tokenised.first[begins:]
        self.lengths = [end - start for start, end in pairwise(first)]
        masses = [0.0, *np.cumsum(tokenised.mass[first[0] :]).tolist()]
        # A key is the sum of what its tokens are at their places, so a part's is a difference.
        places = np.arange(len(masses) - 1) - np.repeat(
            np.array(first[:-1]) - first[0], self.lengths
        )
        told = mix(tokenised.hashes[first[0] :] + (places + 1).astype(np.uint64) * _MIX)
        sums = [0, *np.cumsum(told).tolist()]
        self.stripped = self.lengths.copy()
        self.keys: list[tuple[int, ...]] = []
        for number, length in enumerate(self.lengths):
            start = first[number] - first[0]
            whole = start + length
            keys = set()
            if masses[whole] - masses[start] >= MIN_KEY_WORDS:
                keys.add((sums[whole] - sums[start]) % _WHOLE)
            cut = _SUFFIX.search(tokenised.folded[begins + number])
            if cut:
                before = start + tokenised.count_before(begins + number, cut.start())
                outlet = masses[whole] - masses[before]
                if masses[before] - masses[start] >= MIN_KEY_WORDS and (
                    0 < outlet <= MAX_OUTLET_WORDS
                ):
                    self.stripped[number] = before - start
                    keys.add((sums[before] - sums[start]) % _WHOLE)
            self.keys.append(tuple(sorted(keys)))

    def headline(self, number: int) -> Headline:
        """One of them, in arrays of its own."""
        tokens = self._tokenised.tokens(self._begins + number)
        return Headline(tokens, self.stripped[number], self.keys[number])

    def says_all_of(self, number: int, text: Hashes) -> bool:
        """Whether a text of these tokens is no more than a headline and an outlet's name."""
        length = self.lengths[number]
        if len(text) > length + MAX_NEW_TOKENS:
            return False
        start = self._tokenised.first[self._begins + number]
        own = self._tokenised.hashes[start : start + length].tolist()
        told = text.tolist()
        new = len(told) - sum(map(set(own).__contains__, told))
        return new <= min(MAX_NEW_TOKENS, length // 2) and set(
            own[: self.stripped[number]]
        ).issubset(told)


@lru_cache(maxsize=4096)
def read_headline(headline: str) -> Headline:
    """Tokenise a headline and drop the outlet's name behind it."""
    return Headlines(Tokenised([headline]), 0).headline(0)
