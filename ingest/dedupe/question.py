"""What the index is asked about an article: hashes, and what each of them stands for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

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


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """The hashes that are looked up, with the code of what each stands for.

    A hash is there once; that of the headline twice: it is a sentence in common, not a phrase, and
    where one side has no text it is all that there is.
    """

    hashes: Ints
    codes: Counts
    shingles: int  # of the text

    def packed(self) -> bytes:
        """As it waits in the queue: nine bytes a hash, and two for the length."""
        length = min(self.shingles, 0xFFFF).to_bytes(2, "little")
        return length + self.codes.tobytes() + self.hashes.astype("<i8").tobytes()


def question(text: Sequence[int], codes: Counts, titles: Sequence[int], shingles: int) -> Question:
    """Ask for these hashes of a text of so many shingles and for those of its headline."""
    if len({*text}) < len(text):
        places = [*{one: place for place, one in enumerate(text)}.values()]
        text, codes = [text[place] for place in places], codes[places]
    asked = np.full(len(text) + 2 * len(titles), _HEADLINE, np.uint8)
    asked[: len(text)] = codes if shingles > SURE_SHINGLES else _ENOUGH
    return Question(np.array([*text, *titles, *titles], np.int64), asked, shingles)


def unpacked(packed: bytes) -> Question:
    """A question from its bytes."""
    count = (len(packed) - 2) // 9
    return Question(
        np.frombuffer(packed, "<i8", offset=2 + count).astype(np.int64, copy=False),
        np.frombuffer(packed, np.uint8, count, 2),
        int.from_bytes(packed[:2], "little"),
    )
