"""What the index is asked about an article: hashes, and what each of them stands for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ingest.dedupe.outline import OUTLINE_BYTES, Outline
from ingest.dedupe.sampling import Counts
from ingest.dedupe.tokenise import Ints

# All shingles of a text up to this length are looked up, whatever its own sample: a summary may
# stand anywhere in a longer text, whose index rows were sampled there by a sixteenth.
LOOK_UP_WHOLE = 100
SURE_SHINGLES = 24  # of shorter texts too few hashes are known to say what they stand for
# Codes among the numbers of shingles: a hash that is enough by itself, being one of such a text,
# and that of the headline.
_ENOUGH, _HEADLINE = 254, 255
# Shingles by code.
STANDS_FOR = np.arange(256, dtype=np.float64)
STANDS_FOR[[_ENOUGH, _HEADLINE]] = 1e6, 1e12
HEADLINE = float(STANDS_FOR[_HEADLINE])
# A longer text is told to have so many shingles: it fills all groups of its outline either way.
_MOST = 0xFFFF


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """The hashes that are looked up, with the code of what each stands for.

    A hash is there once; that of the headline twice: it is a sentence in common, not a phrase, and
    where one side has no text it is all that there is.
    """

    hashes: Ints
    codes: Counts
    shingles: int  # of the text
    outline: Outline | None  # None: the text has hardly a word, or no more than its headline

    def packed(self) -> bytes:
        """As it waits in the queue: nine bytes a hash, those of the outline, three for lengths."""
        length = min(self.shingles, _MOST).to_bytes(2, "little")
        groups = self.outline.groups if self.outline else b""
        has_outline = bytes([self.outline is not None])
        hashes = self.hashes.astype("<i8").tobytes()
        return length + has_outline + groups + self.codes.tobytes() + hashes


def question(
    text: Sequence[int],
    codes: Counts,
    titles: Sequence[int],
    shingles: int,
    outline: Outline | None,
) -> Question:
    """Ask for these hashes of a text of so many shingles and for those of its headline."""
    if len({*text}) < len(text):
        places = [*{one: place for place, one in enumerate(text)}.values()]
        text, codes = [text[place] for place in places], codes[places]
    asked = np.full(len(text) + 2 * len(titles), _HEADLINE, np.uint8)
    asked[: len(text)] = codes if shingles > SURE_SHINGLES else _ENOUGH
    hashes = np.array([*text, *titles, *titles], np.int64)
    return Question(hashes, asked, shingles, outline)


def unpacked(packed: bytes) -> Question:
    """A question from its bytes."""
    shingles = int.from_bytes(packed[:2], "little")
    begins = 3 + OUTLINE_BYTES * packed[2]
    count = (len(packed) - begins) // 9
    return Question(
        np.frombuffer(packed, "<i8", offset=begins + count).astype(np.int64, copy=False),
        np.frombuffer(packed, np.uint8, count, begins),
        shingles,
        Outline(packed[3:begins], shingles) if packed[2] else None,
    )
