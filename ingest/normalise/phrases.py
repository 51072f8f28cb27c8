"""The phrase lists of `data/phrases`, all languages together, arranged for one quick look a line.

A phrase of one language seldom occurs in another, so the language of a text need not be known.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
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
_WORDS = re.compile(r"[^\s.,;:!?()\[\]{}<>«»\"“”„…–—|/*#=©]+")
_PUNCTUATION = re.compile(r"[\s.,;:!?()\[\]{}<>«»\"“”„…–—|/*#=→►▶•·©]+")
_MARKS = '.,:!?")('
_MARKS_AS_BLANKS = bytes.maketrans(_MARKS.encode(), b" " * len(_MARKS))
_TAIL = 520  # characters of a text in which its boilerplate ending is looked for
_AFTER_CALL = " .…:»→›>]\xa0"
_BEFORE_CALL = (
    ".",
    "!",
    "?",
    "…",
    '"',
    "'",
    "»",
    ")",
    "]",
    ":",
    "。",
    ">",
    "|",
    "-",
    "–",
    "[",
    "(",
)
# Below this a script is written with spaces between its words.
_FIRST_UNSPACED = "\u0e00"
_LEADING = " \t*•·-–—>»→►▶➤◆■●|~+[(#👉📌✅🔴📩✉☕📢💬🔔👇⬇\ufe0f"


@dataclass(frozen=True, slots=True)
class Found:
    """The phrases found in a line: their reason, and how much they weigh together.

    `strong` is the part of `weight` that whole phrases have, single words left out.
    """

    reason: str
    weight: int
    strong: int


Saying = tuple[str, str, int]  # a phrase, the reason it gives and how much it weighs


@dataclass(frozen=True, slots=True)
class _Index:
    lines: Mapping[str, str]
    starts: Mapping[str, tuple[tuple[str, str], ...]]
    says: Mapping[bytes, tuple[Saying, ...]]  # by the telling word, as UTF-8
    telling_words: frozenset[bytes]
    unspaced: tuple[Saying, ...]
    not_unspaced: bytes  # with which none of them begins in UTF-8
    ends: tuple[tuple[str, str, re.Pattern[str]], ...]  # marker, reason, pattern
    calls: tuple[str, ...]
    bracketed: frozenset[str]  # the calls as they stand between brackets


def lowered(text: str) -> str:
    """`text` as phrases are written: lower case, straight quotes."""
    return straight(text.lower())


def straight(text: str) -> str:
    """`text` with straight quotes. Plain replacement: translating costs ten times as much."""
    if text.isascii():
        return text
    return (
        text.replace("’", "'")
        .replace("‘", "'")
        .replace("ʼ", "'")
        .replace("“", '"')
        .replace("”", '"')
        .replace("\xa0", " ")
    )


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


def said_in(lows: Sequence[str]) -> tuple[Saying, ...]:
    """What boilerplate phrases a whole text contains: those that `said` looks for in its lines.

    One counts only where its telling word stands alone somewhere in the text. Most texts have none.
    """
    index = _index()
    text = " ".join(lows)
    # As bytes, because to replace marks in a text that is not ASCII costs ten times as much.
    raw = text.encode("utf-8", "surrogatepass")
    words = raw.translate(_MARKS_AS_BLANKS).split()
    found = [
        saying
        for word in index.telling_words.intersection(words)
        for saying in index.says[word]
        if saying[0] in text
    ]
    if raw.translate(None, index.not_unspaced):  # few scripts have such letters
        found.extend([saying for saying in index.unspaced if saying[0] in text])
    return tuple(found)


def said(low: str, sayings: tuple[Saying, ...]) -> Found | None:
    """What boilerplate phrases the line contains anywhere, or None.

    `sayings` are what is `said_in` the text the line is from.
    """
    if not sayings:
        return None
    found = [saying for saying in sayings if saying[0] in low]
    return _weighed(found) if found else None


def _weighed(found: Sequence[Saying]) -> Found:
    """A phrase counts two, a cue one unless a phrase holds it, brand names together one."""
    strong = {phrase: reason for phrase, reason, weight in found if weight > 1}
    held = " ".join(strong)
    cues = {phrase for phrase, reason, weight in found if reason == "cue" and phrase not in held}
    brands = any(reason == "brand" for _, reason, _ in found)
    reasons = Counter(strong.values())
    # Of two that are as frequent the first by name: sets have no order that holds.
    reason = min(reasons, key=lambda name: (-reasons[name], name)) if reasons else "plea"
    return Found(reason, 2 * len(strong) + len(cues) + brands, 2 * len(strong))


def without_ending(text: str) -> tuple[str, str, str] | None:
    """`text` without a boilerplate ending: (kept, reason, cut off), or None where it has none."""
    index = _index()
    start = max(0, len(text) - _TAIL)
    tail = text[start:]
    low = lowered(tail)
    if len(low) != len(tail):
        return None  # a letter changed its length in lower case: positions would not agree
    for marker, reason, pattern in index.ends:
        if marker in low:
            match = pattern.search(tail)
            if match is not None:
                kept = text[: start + match.start()].rstrip()
                return kept, reason, match.group().strip()
    bare = low.rstrip(_AFTER_CALL)
    if bare.endswith(index.calls):
        call = max((call for call in index.calls if bare.endswith(call)), key=len)
        position = len(bare) - len(call)
        before = low[:position].rstrip()
        if not before or before.endswith(_BEFORE_CALL) or len(bare) < len(low.rstrip(" .")):
            position = len(before.rstrip(" [(|-–→»>"))
            return text[: start + position].rstrip(), "read_more", tail[position:].strip()
    return None


def without_bracketed_call(text: str) -> tuple[str, str] | None:
    """`text` without "[mehr]" at its end, and the call; None where it does not end so.

    In brackets a call to read on is one wherever its paragraph stands.
    """
    if not text.endswith(("]", ")")):
        return None
    start = max(text.rfind("["), text.rfind("("))
    if start < 1 or lowered(text[start + 1 : -1]).strip(_AFTER_CALL) not in _index().bracketed:
        return None
    return text[:start].rstrip(), text[start:]


def _bare(low: str) -> str:
    return _PUNCTUATION.sub(" ", low).strip(_LEADING + "'")


@cache
def _index() -> _Index:
    lines: dict[str, str] = {}
    starts: dict[str, list[tuple[str, str]]] = {}
    says: dict[bytes, list[Saying]] = {}
    unspaced: dict[Saying, None] = {}
    ends: list[tuple[str, str, re.Pattern[str]]] = []
    calls: dict[str, None] = {}
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
                        unspaced[phrase, reason, weight] = None
                        continue
                    word = max(_WORDS.findall(phrase), key=len)
                    says.setdefault(word.encode(), []).append((phrase, reason, weight))
        endings = table.get("ends", {})
        for reason, patterns in endings.items():
            for ending in patterns if reason != "read_more" else ():
                pattern = re.compile(ending["pattern"], re.I | re.S)
                ends.extend((marker, reason, pattern) for marker in ending["markers"])
        calls.update(dict.fromkeys(endings.get("read_more", ())))
    return _Index(
        lines=lines,
        starts={first: tuple(found) for first, found in starts.items()},
        says={word: tuple(dict.fromkeys(found)) for word, found in says.items()},
        telling_words=frozenset(says),
        unspaced=tuple(unspaced),
        not_unspaced=bytes(set(range(256)) - {phrase.encode()[0] for phrase, _, _ in unspaced}),
        ends=tuple(ends),
        calls=tuple(calls),
        bracketed=frozenset(call.strip("[]") for call in calls) | {"more", "mehr", "…", "..."},
    )
