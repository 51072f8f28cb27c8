"""The headline, freed of markup and of the outlet's name behind it."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import urlsplit

_LAST = re.compile(r"^(.{8,})\s+(?:[-–—|•·»]|::|\|\|)\s+(.{2,60})$", re.S)
_NOT_LETTERS = re.compile(r"[\W_]+")
_NOT_LETTERS_IN_ASCII = bytes(byte for byte in range(128) if not chr(byte).isalnum())
_LONGEST = 1_000  # characters: what is longer is no headline
_FROM_TEXT = 120  # characters of a headline taken from the text


def without_outlet(headline: str, names: frozenset[str]) -> str:
    """`headline` without " - Outlet" at its end, where Outlet is one of `names` (see `folded`)."""
    for _ in range(2):
        match = _LAST.match(headline)
        if match is None or folded(match[2]) not in names:
            return headline
        headline = match[1].rstrip()
    return headline


@lru_cache(maxsize=1024)
def outlet_names(*given: str | None) -> frozenset[str]:
    """The folded forms of an outlet's name: as given, in parts, and from its web address."""
    names: set[str] = set()
    for name in given:
        if not name:
            continue
        if "://" in name:
            try:
                host = (urlsplit(name).hostname or "").removeprefix("www.")
            except ValueError:
                continue
            labels = host.split(".")
            names.add(folded(host))
            if len(labels) > 1:
                names.add(labels[-3] if len(labels) > 2 and len(labels[-2]) <= 3 else labels[-2])
            continue
        names.add(folded(name))
        for part in re.split(r"\s+[-–—|•·:»>]+\s+|: ", name):
            names.add(folded(part))
    names.discard("")
    return frozenset(name for name in names if len(name) > 1)


@lru_cache(maxsize=4096)
def folded(name: str) -> str:
    """A name as it is compared: letters and digits only, without a leading article."""
    name = name.casefold().removeprefix("the ")
    if name.isascii():  # a tenth of the time
        return name.encode().translate(None, _NOT_LETTERS_IN_ASCII).decode()
    return _NOT_LETTERS.sub("", name)


def from_text(text: str) -> str:
    """A headline for an entry without title: the first sentence, cut at a word."""
    first = re.split(r"(?<=[.!?。！？])\s+", text, maxsplit=1)[0]
    if len(first) <= _FROM_TEXT:
        return first
    return first[:_FROM_TEXT].rsplit(" ", 1)[0].rstrip(",;:–- ") + "…"


def bounded(headline: str) -> str:
    """`headline`, cut where it is so long that it is none."""
    return headline if len(headline) <= _LONGEST else headline[: _LONGEST - 1].rstrip() + "…"
