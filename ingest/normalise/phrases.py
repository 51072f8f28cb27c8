"""The phrase lists of `data/phrases`, all languages together, arranged for one quick look a line.

A phrase of one language seldom occurs in another, so the language of a text need not be known.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from ingest.normalise.data import phrase_tables

# Words of a line up to which it may be a call of that sort because it begins like one.
_MOST_WORDS = {
    "related": 30,
    "read_more": 16,
    "share": 20,
    "newsletter": 40,
    "donation": 60,
    "correction": 60,
    "copyright": 80,
    "cookies": 60,
    "advert": 40,
    "comments": 25,
    "about": 14,
}
_QUOTES = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "“": '"', "”": '"', "\xa0": " "})
_SPACES = str.maketrans(dict.fromkeys('.,;:!?()[]{}<>«»"“”„…–—|/*#=→►▶•·©', " "))
# Below this a script is written with spaces between its words.
_FIRST_UNSPACED = "\u0e00"
_LEADING = " \t*•·-–—>»→►▶➤◆■●|~+[(#👉📌✅🔴📩✉☕📢💬🔔👇⬇\ufe0f"


@dataclass(frozen=True, slots=True)
class Found:
    """The phrases found in a line: their reason and how much they weigh together."""

    reason: str
    weight: int


@dataclass(frozen=True, slots=True)
class _Index:
    lines: Mapping[str, str]
    starts: Mapping[str, tuple[tuple[str, str], ...]]
    says: Mapping[str, tuple[tuple[str, str, int], ...]]
    says_words: frozenset[str]
    unspaced: tuple[tuple[str, str, int], ...]
    ends: tuple[tuple[str, re.Pattern[str]], ...]


def lowered(text: str) -> str:
    """`text` as phrases are written: lower case, straight quotes."""
    return text.lower().translate(_QUOTES)


def whole_line(low: str) -> str | None:
    """Why the whole line is boilerplate, or None. `low` comes from `lowered`."""
    return _index().lines.get(_bare(low))


def beginning(low: str, words: int) -> str | None:
    """Why a line of `words` words is boilerplate by how it begins, or None."""
    low = low.lstrip(_LEADING)
    if not low:
        return None
    index = _index()
    first = low.split(None, 1)[0].strip(":.,!?…'") if low[0] < _FIRST_UNSPACED else low[:2]
    for phrase, reason in index.starts.get(first, ()):
        if low.startswith(phrase) and words <= _MOST_WORDS.get(reason, 20):
            return reason
    return None


def said(low: str) -> Found | None:
    """What boilerplate phrases the line contains anywhere, or None."""
    index = _index()
    weights: dict[str, int] = {}
    hits = index.says_words.intersection(low.translate(_SPACES).split())
    for word in hits:
        for phrase, reason, weight in index.says[word]:
            if phrase in low:
                weights[reason] = weights.get(reason, 0) + weight
    if not low.isascii() and max(low) >= _FIRST_UNSPACED:
        for phrase, reason, weight in index.unspaced:
            if phrase in low:
                weights[reason] = weights.get(reason, 0) + weight
    if not weights:
        return None
    # A reason that only cues speak for is the last choice for a name.
    reason = max(weights, key=lambda name: (name != "cue", weights[name]))
    return Found("plea" if reason == "cue" else reason, sum(weights.values()))


def without_ending(text: str) -> tuple[str, str, str] | None:
    """`text` without a boilerplate ending: (kept, reason, cut off), or None where it has none."""
    for reason, pattern in _index().ends:
        match = pattern.search(text)
        if match is not None and match.group().strip():
            return text[: match.start()].rstrip(), reason, match.group().strip()
    return None


def _bare(low: str) -> str:
    return low.translate(_SPACES).strip(_LEADING + "'").replace("  ", " ")


@cache
def _index() -> _Index:
    lines: dict[str, str] = {}
    starts: dict[str, list[tuple[str, str]]] = {}
    says: dict[str, list[tuple[str, str, int]]] = {}
    unspaced: list[tuple[str, str, int]] = []
    ends: list[tuple[str, re.Pattern[str]]] = []
    for table in phrase_tables().values():
        for reason, phrases in table.get("lines", {}).items():
            lines.update((_bare(phrase), reason) for phrase in phrases)
        for reason, phrases in table.get("starts", {}).items():
            for phrase in phrases:
                phrase = phrase.lstrip(_LEADING)
                first = (
                    phrase.split(None, 1)[0].strip(":.,!?…'")
                    if phrase[0] < _FIRST_UNSPACED
                    else phrase[:2]
                )
                starts.setdefault(first, []).append((phrase, reason))
        for section, weight in (("says", 2), ("cues", 1)):
            for reason, phrases in table.get(section, {}).items():
                for phrase in phrases:
                    if phrase[0] >= _FIRST_UNSPACED:
                        unspaced.append((phrase, reason, weight))
                        continue
                    word = max(phrase.translate(_SPACES).split(), key=len)
                    says.setdefault(word, []).append((phrase, reason, weight))
        for reason, patterns in table.get("ends", {}).items():
            ends.extend((reason, re.compile(pattern, re.I | re.S)) for pattern in patterns)
    return _Index(
        lines=lines,
        starts={first: tuple(found) for first, found in starts.items()},
        says={word: tuple(dict.fromkeys(found)) for word, found in says.items()},
        says_words=frozenset(says),
        unspaced=tuple(dict.fromkeys(unspaced)),
        ends=tuple(ends),
    )
