"""Text -> tokens, as numpy arrays of hashes: the words of every script, without a word list.

    NFKC, casefold -> one class a character -> tokens -> 64-bit hashes

A run of letters, marks and digits is a token (what `\\w+` finds, but with the vowel signs of Indic
scripts inside their words). Scripts that are written without spaces have no such runs. There every
character starts a token that reaches over the next ones, so that three tokens in a row cover about
as much text as three words do elsewhere: two characters for Chinese and Japanese, four for Thai,
Lao, Khmer and Burmese. `mass` says how much of a word a token stands for, so that lengths and
weights mean the same in every script.

Nothing here depends on the process (Python's own `hash` does): hashes go to the database.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

SEPARATOR, LETTER, DIGIT, MARK, IDEOGRAPH, UNSPACED, IGNORED = range(7)

# Words per character. Chinese runs at about 1.6 characters a word (segmented corpora: 1.5-1.7),
# Thai, Lao, Khmer and Burmese at about 4 characters without their marks.
IDEOGRAPH_MASS = 0.6
UNSPACED_MASS = 0.25
UNSPACED_REACH = 4  # characters a token of these scripts covers; ideographs cover 2

_IDEOGRAPHS = (
    (0x2E80, 0x2FDF),  # radicals
    (0x3005, 0x3007),
    (0x3021, 0x3029),
    (0x3040, 0x30FF),  # hiragana, katakana
    (0x31F0, 0x31FF),
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
)
_UNSPACED = (
    (0x0E00, 0x0EFF),
    (0x1000, 0x109F),
    (0x1780, 0x17FF),
    (0xA9E0, 0xA9FF),
    (0xAA60, 0xAA7F),
)
# Optional signs that one outlet writes and another leaves out: Arabic harakat and tatweel, Hebrew
# points, soft hyphens, zero-width characters, directional marks, variation selectors.
_IGNORED = (
    (0x00AD, 0x00AD),
    (0x0591, 0x05BD),
    (0x05BF, 0x05BF),
    (0x05C1, 0x05C2),
    (0x05C4, 0x05C5),
    (0x0610, 0x061A),
    (0x0640, 0x0640),
    (0x064B, 0x065F),
    (0x0670, 0x0670),
    (0x06D6, 0x06DC),
    (0x200B, 0x200F),
    (0x202A, 0x202E),
    (0x2060, 0x2069),
    (0xFE00, 0xFE0F),
    (0xFEFF, 0xFEFF),
)

# Odd constants: multiplication by them is a bijection modulo 2**64. The base is Knuth's MMIX
# multiplier, the mixer is the finaliser of splitmix64 (Steele, Lea, Flood 2014).
_BASE = 6364136223846793005
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_NEXT = np.uint64(0x9E3779B97F4A7C15)
_THIRD = np.uint64(0xD1B54A32D192ED03)
# 64 KB of characters are half a megabyte of sums.
_CHUNK_CHARACTERS = 1 << 16
_S30, _S27, _S31 = np.uint64(30), np.uint64(27), np.uint64(31)


@dataclass(frozen=True, slots=True, eq=False)
class Tokens:
    """The tokens of a text, in order; the arrays have one length.

    `start` and `end` are character offsets in `folded`; a token of a script without spaces ends
    with its own character although its hash reaches further.
    """

    folded: str
    hashes: Hashes
    is_number: Flags
    mass: Floats
    start: Ints
    end: Ints

    def __len__(self) -> int:
        return len(self.hashes)

    def head(self, length: int) -> Tokens:
        """The first so many tokens."""
        if length == len(self):
            return self
        return Tokens(
            self.folded,
            self.hashes[:length],
            self.is_number[:length],
            self.mass[:length],
            self.start[:length],
            self.end[:length],
        )

    def word(self, position: int) -> str:
        """The folded token at `position`."""
        return self.folded[int(self.start[position]) : int(self.end[position])]


def mix(values: Hashes) -> Hashes:
    """Spread every bit of `values` over all 64 (splitmix64's finaliser)."""
    values = (values ^ (values >> _S30)) * _MIX_1
    values = (values ^ (values >> _S27)) * _MIX_2
    return values ^ (values >> _S31)


def tokenise(text: str) -> Tokens:
    """Split `text` into tokens. An empty or wordless text has none."""
    return Tokenised([text]).tokens(0)


class Tokenised:
    """The tokens of many texts, in arrays over all of them: numpy's price is by the call.

    The tokens of text `i` are `first[i] : first[i + 1]`. Arrays are for reading only.
    """

    __slots__ = ("_at", "end", "first", "folded", "hashes", "is_number", "mass", "start")

    def __init__(self, texts: Sequence[str]) -> None:
        self.folded, codes, classes = _fold_all(texts)
        in_word = classes != SEPARATOR
        # What is read is one text between separators, so every run has both of its edges.
        edges = np.flatnonzero(in_word[1:] != in_word[:-1]) + 1
        start, end = edges[0::2], edges[1::2]
        has_unspaced = bool((classes >= IDEOGRAPH).any())
        if has_unspaced:
            start, end = _split_unspaced(classes, in_word)
        powers, inverses = _powers(len(codes) + 1)
        sums = np.empty(len(codes) + 1, np.uint64)
        sums[0] = 0
        np.cumsum(np.multiply(codes, powers[1 : len(codes) + 1], dtype=np.uint64), out=sums[1:])
        hashes = mix((sums[end] - sums[start]) * inverses[start])
        kinds = classes[start]
        mass = _ones(len(start))
        if has_unspaced:
            hashes = _reach(hashes, kinds, start, end)
            mass = mass.copy()
            mass[kinds == IDEOGRAPH] = IDEOGRAPH_MASS
            mass[kinds == UNSPACED] = UNSPACED_MASS
        self.hashes, self.is_number, self.mass = hashes, kinds == DIGIT, mass
        self.start, self.end = start, end
        # Where each text begins among the characters, which open with a separator.
        self._at = np.cumsum([1, *[len(one) + 1 for one in self.folded]])
        self.first: list[int] = start.searchsorted(self._at).tolist()

    def count_before(self, text: int, character: int) -> int:
        """How many tokens of a text begin before a character of its folded form."""
        part = self.start[self.first[text] : self.first[text + 1]]
        return int(part.searchsorted(int(self._at[text]) + character))

    def tokens(self, text: int) -> Tokens:
        """Those of one text, in arrays of their own."""
        part, at = slice(self.first[text], self.first[text + 1]), int(self._at[text])
        return Tokens(
            self.folded[text],
            self.hashes[part].copy(),
            self.is_number[part].copy(),
            self.mass[part].copy(),
            self.start[part] - at,
            self.end[part] - at,
        )


def chunks(texts: Sequence[str]) -> Iterator[slice]:
    """`texts` in runs of so many characters that the arrays of a run stay in the cache."""
    begins = size = 0
    for position, one in enumerate(texts):
        if size and size + len(one) > _CHUNK_CHARACTERS:
            yield slice(begins, position)
            begins, size = position, 0
        size += len(one) + 1
    if begins < len(texts):
        yield slice(begins, len(texts))


def shingle(hashes: Hashes) -> Hashes:
    """The hashes of all runs of three tokens; a text of one or two tokens has one shingle."""
    if len(hashes) >= 3:
        return mix(hashes[:-2] + _rotate(hashes[1:-1] * _NEXT) + hashes[2:] * _THIRD)
    if len(hashes) == 0:
        return hashes
    padded = np.zeros(3, np.uint64)
    padded[: len(hashes)] = hashes
    return shingle(padded)


def _rotate(values: Hashes) -> Hashes:
    return (values << np.uint64(23)) | (values >> np.uint64(41))


def _fold_all(texts: Sequence[str]) -> tuple[list[str], NDArray[Any], NDArray[np.uint8]]:
    """The folded texts, and codes and classes of their characters between line feeds."""
    folded = [text.lower() if text.isascii() else _fold_wide(text) for text in texts]
    joined = "\n".join(["", *folded, ""])
    if joined.isascii():
        narrow = np.frombuffer(joined.encode("ascii"), np.uint8)
        return folded, narrow, _classes(0x80)[narrow]
    codes = np.frombuffer(joined.encode("utf-32-le", "replace"), "<u4")
    classes = _classes(0x10000 if int(codes.max()) < 0x10000 else 0x110000)[codes]
    if classes.max() == IGNORED:
        return _fold_all([one if one.isascii() else _without_ignored(one) for one in folded])
    return folded, codes, classes


def _fold_wide(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    if not unicodedata.is_normalized("NFC", folded):
        folded = unicodedata.normalize("NFC", folded)
    return folded


def _without_ignored(folded: str) -> str:
    codes = np.frombuffer(folded.encode("utf-32-le", "replace"), "<u4")
    kept = codes[_classes(0x110000)[codes] != IGNORED]
    return str(kept.tobytes(), "utf-32-le")


def _split_unspaced(classes: NDArray[np.uint8], in_word: Flags) -> tuple[Ints, Ints]:
    """Token bounds where a text has characters that are tokens of their own (with their marks)."""
    unspaced = classes >= IDEOGRAPH
    previous_in_word = np.concatenate(([False], in_word[:-1]))
    # Between a character of such a script and its mark there is no boundary; a letter or a digit
    # after one begins a new token.
    last_base = np.maximum.accumulate(np.where(classes != MARK, np.arange(len(classes)), 0))
    after_unspaced = np.concatenate(([False], unspaced[last_base][:-1]))
    begins = in_word & (~previous_in_word | unspaced | (after_unspaced & (classes != MARK)))
    ends_before = np.concatenate((~in_word | begins, [True]))
    start = np.flatnonzero(begins)
    boundary = np.flatnonzero(ends_before)
    end = boundary[np.searchsorted(boundary, start, side="right")]
    return start, end


def _reach(hashes: Hashes, first: NDArray[np.uint8], start: Ints, end: Ints) -> Hashes:
    """Let the tokens of scripts without spaces take in the characters after them."""
    reached = hashes.copy()
    touches = np.concatenate((start[1:] == end[:-1], [False]))
    ideograph = (first == IDEOGRAPH) & touches & (np.append(first[1:], 0) == IDEOGRAPH)
    where = np.flatnonzero(ideograph)
    reached[where] = mix(hashes[where] * _NEXT + hashes[where + 1])
    joined = (first == UNSPACED) & touches & (np.append(first[1:], 0) == UNSPACED)
    alive = first == UNSPACED
    for step in range(1, UNSPACED_REACH):
        alive = alive.copy()
        alive[: len(alive) - step + 1] &= joined[step - 1 :] if step > 1 else joined
        alive[len(alive) - step :] = False
        where = np.flatnonzero(alive)
        reached[where] = mix(reached[where] * _NEXT + hashes[where + step])
    return reached


_one_table: list[Floats] = [np.ones(4096)]


def _ones(length: int) -> Floats:
    if len(_one_table[0]) < length:
        _one_table[0] = np.ones(1 << length.bit_length())
    return _one_table[0][:length]


@cache
def _classes(limit: int) -> NDArray[np.uint8]:
    """The class of every character below `limit`, one table for each of three limits."""
    table = np.zeros(limit, np.uint8)
    every = "".join(map(chr, range(min(limit, 0xD800)))) + "\0" * max(
        0, min(limit, 0xE000) - 0xD800
    )
    every += "".join(map(chr, range(0xE000, min(limit, 0x20000))))
    for found in re.finditer(r"[^\W_]+", every):
        table[found.start() : found.end()] = LETTER
    for found in re.finditer(r"\d+", every):
        table[found.start() : found.end()] = DIGIT
    if limit > 0x80:
        for position, character in enumerate(every):
            if position > 0x2FF and unicodedata.category(character) in ("Mn", "Mc"):
                table[position] = MARK
        table[0x300:0x370] = MARK
    for ranges, value in ((_IDEOGRAPHS, IDEOGRAPH), (_UNSPACED, UNSPACED)):
        for low, high in ranges:
            part = table[low : high + 1]
            part[part == LETTER] = value
    for low, high in _IGNORED:
        table[low : high + 1] = IGNORED
    table[0x20000:0x40000] = IDEOGRAPH
    table[0xE0000:0xE1000] = IGNORED  # tags, variation selectors
    return table


_power_tables: list[tuple[Hashes, Hashes]] = []


def _powers(length: int) -> tuple[Hashes, Hashes]:
    """`_BASE` ** i and its inverse modulo 2**64, for i below `length` at least."""
    if not _power_tables or len(_power_tables[0][0]) < length:
        size = max(4096, 1 << (length - 1).bit_length())
        powers = np.full(size, _BASE, np.uint64)
        inverses = np.full(size, pow(_BASE, -1, 1 << 64), np.uint64)
        powers[0] = inverses[0] = 1
        _power_tables[:] = [
            (np.multiply.accumulate(powers), np.multiply.accumulate(inverses)),
        ]
    return _power_tables[0]
