"""Who wrote it: bylines in their many forms to a list of names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from ingest.model.filling import filling
from ingest.normalise.data import table
from ingest.normalise.headline import folded
from ingest.normalise.plaintext import plain_line
from ingest.normalise.wire import agency_named

_MAILBOX = re.compile(r"^\s*\S+@\S+\s*\(([^()]{2,200})\)\s*$")
_ANGLE = re.compile(r"^\s*\"?([^<>\"]{2,200}?)\"?\s*<\s*[^<>\s]+@[^<>\s]+\s*>\s*$")
_ADDRESS = re.compile(r"\(?<?\b[^\s@<>()]{1,64}@[^\s@<>()]{3,255}\b>?\)?")
_LEAD = re.compile(
    r"^(?:(?:written|reported|story|report|text|words|article|edited|compiled|"
    r"posted|review|analysis|opinion)?\s*by\b:?|"
    r"(?:propos recueillis )?par\b:?|von\b:?|por\b:?|di\b:?|door\b:?|av\b:?|"
    r"af\b:?|автор:?|автори:?|"
    r"текст:?|autor(?:a|ka)?:|text:|texte:|testo:|autore:|kirjoittaja:|yazar:|author:|escrito por|"
    r"a cura di|redacción:|文[/／:：]|記者|记者|기자)\s*",
    re.I,
)
_BETWEEN = re.compile(
    r"\s*(?:;|\||•|·|/|\n|、|，|\band\b|\bund\b|\bet\b|\by\b|\be\b|\bi\b|\bи\b|\bта\b|\boch\b|\bog\b|\ben\b|\bja\b|\bve\b|&|\bwith\b|\bavec\b|\bmit\b|\bcon\b)\s*",
    re.I,
)
_ROLE = re.compile(
    r"\b(?:correspondents?|editors?|reporters?|staff|writers?|producers?|journalists?|bureau|"
    r"columnist|contributor|analyst|desk|team|newsroom|in [A-Z]\w+(?: [A-Z]\w+)?$|at [A-Z].*$|"
    r"redakteur(?:in)?|korrespondent(?:in)?|journaliste|correspondante?|envoyée? spéciale?|"
    r"chief|senior|political|for .*$)\b",
    re.I,
)
_INITIALS = re.compile(r"^(?:[a-z]{2,4}|[A-Z]{2})$")
_BYLINE_IN_TEXT = re.compile(
    r"^(?i:by|par|von|por|door|автор:?|текст:?|text:|autor:|written by|story by|reported by|"
    r"de notre .{3,40},|a cura di)\s+(?=[^\W\d_a-zа-яё])"
)
_LONGEST_NAME = 60  # characters
_MOST_AUTHORS = 30


@dataclass(frozen=True, slots=True)
class Byline:
    """The raw line, the names in it, and the agency it names."""

    line: str | None
    names: tuple[str, ...]
    agency: str | None


make_byline = filling(Byline)


def read_authors(given: Sequence[str], outlets: frozenset[str]) -> Byline:
    """The byline of an entry's author fields. Outlets, desks and agencies are no authors."""
    return _read_authors(tuple(given[:_MOST_AUTHORS]), outlets)


@lru_cache(maxsize=1024)
def _read_authors(given: tuple[str, ...], outlets: frozenset[str]) -> Byline:
    lines: list[str] = []
    names: dict[str, str] = {}
    agency: str | None = None
    for raw in given:
        line = _without_address(plain_line(raw[:500]))
        if not line:
            continue
        lines.append(line)
        stripped = _LEAD.sub("", line)
        whole = agency_named(stripped)
        if whole is not None:
            agency = agency or whole
            continue
        for part in _parts(stripped):
            found = agency_named(part)
            if found is not None:
                agency = agency or found
            elif _is_name(part, outlets):
                names.setdefault(folded(part), part)
    return make_byline(
        ", ".join(dict.fromkeys(lines)) or None, tuple(names.values())[:_MOST_AUTHORS], agency
    )


def is_byline(text: str, words: int) -> bool:
    """Whether a line near the top of a text is a byline: "By Jane Doe and John Smith"."""
    if words > 14 or words < 2:
        return False
    match = _BYLINE_IN_TEXT.match(text)
    if match is None or text.endswith((".", "!", "?", ":")):
        return False
    rest = text[match.end() :].split()
    capitals = sum(1 for word in rest if word[0].isupper() or len(word) < 4)
    return bool(rest) and capitals >= len(rest) * 0.7


def names_a_writer(text: str, authors: frozenset[str]) -> bool:
    """Whether a short line is but an author (folded, see `folded`), an agency or "Staff"."""
    key = folded(text)
    return key in authors or key in _nobody() or agency_named(text) is not None


def _without_address(line: str) -> str:
    """RFC 822 mailboxes: "jane@x.example (Jane Doe)" and "Jane Doe <jane@x.example>"."""
    if "@" not in line:
        return line
    match = _MAILBOX.match(line) or _ANGLE.match(line)
    if match is not None:
        return match[1].strip()
    return " ".join(_ADDRESS.sub(" ", line).split()).strip(" ,;()<>")


def _parts(line: str) -> list[str]:
    parts: list[str] = []
    for piece in _BETWEEN.split(line):
        words = piece.split(",")
        if len(words) == 2 and " " not in words[0].strip() and " " not in words[1].strip():
            # "Doe, Jane" turned round; "Jane Doe, John Smith" has blanks inside.
            parts.append(f"{words[1].strip()} {words[0].strip()}".strip())
        else:
            parts.extend(words)
    return [_LEAD.sub("", part.strip(" \t.:;-–—()")).strip() for part in parts if part.strip()]


def _is_name(part: str, outlets: frozenset[str]) -> bool:
    if len(part) < 2 or len(part) > _LONGEST_NAME or part.isdigit() or "http" in part:
        return False
    key = folded(part)
    if not key or key in outlets or key in _nobody() or _INITIALS.match(part):
        return False
    return _ROLE.search(part) is None


@cache
def _nobody() -> frozenset[str]:
    return frozenset(folded(name) for name in table("people")["nobody"])
