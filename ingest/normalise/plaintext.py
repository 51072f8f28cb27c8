"""Plain text: one clean line out of markup, and the paragraphs of a text without any."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape, unescape

from ingest.model import Text
from ingest.normalise.blocks import Block, ends_paragraph, make_block

_TAG = re.compile(r"<(?:/?[a-zA-Z][^<>]*|!--.*?--|![^<>]*)>|<!--.*", re.S)
# A script or a style sheet is no text, though it stands between tags.
_CODE = re.compile(
    r"<(?:[sS][cC][rR][iI][pP][tT]\b.*?</[sS][cC][rR]|[sS][tT][yY][lL][eE]\b.*?</[sS][tT][yY])[^<>]*>",
    re.S,
)
_BREAKING_TAG = re.compile(r"<(?:br|/?p|/?div|/?li|/?h\d|/?tr|/?td)\b", re.I)
_ENTITY = re.compile(r"&(?:#\d{2,7}|#[xX][0-9a-fA-F]{2,6}|[a-zA-Z]{2,8});")
_CONTROL = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b\u200e\u200f\u2060\ufeff\u00ad\ud800-\udfff]"
)


def plain(text: Text | None) -> str:
    """`text` as one line without markup: for titles, names and captions."""
    if text is None:
        return ""
    return plain_line(text.value, is_html=text.is_html)


def plain_line(value: str, *, is_html: bool = True) -> str:
    """One clean line: tags gone where they are tags, entities read, also doubly escaped ones."""
    if "&" in value or "<" in value:
        if is_html and "<" in value:
            value = _CODE.sub("", value)
            value = _TAG.sub(" " if _BREAKING_TAG.search(value) else "", value)
        for _ in range(2):
            if _ENTITY.search(value):
                value = unescape(value)
        if is_html and "<" in value and "</" in value:
            value = _TAG.sub("", value)
    return cleaned(value)


def cleaned(value: str) -> str:
    """One line: white space squeezed, control and invisible characters gone."""
    if value.isprintable():  # no white space is but the blank, and nothing is invisible
        if "  " in value or value[:1] == " " or value[-1:] == " ":
            return " ".join(value.split())
        return value
    return squeezed(_CONTROL.sub("", value))


def squeezed(value: str) -> str:
    """`value` with every run of white space as one blank, none at its ends."""
    if (
        value.isprintable()  # no white space is but the blank
        and "  " not in value
        and value[:1] != " "
        and value[-1:] != " "
    ):
        return value
    # A long text is mostly tidy lines: to take apart its lines is quicker than its words.
    line = " ".join(filter(None, map(str.strip, value.split("\n"))))
    if line.isprintable() and "  " not in line:
        return line
    return " ".join(value.split())


def plain_lines(value: str) -> list[str]:
    """The lines of a plain text, an empty one between paragraphs; hard-wrapped ones joined."""
    lines = [line.strip() for line in value.splitlines()]
    out: list[str] = []
    chunk: list[str] = []
    for line in [*lines, ""]:
        if line:
            chunk.append(line)
        elif chunk:
            out.extend([" ".join(chunk)] if _is_wrapped(chunk) else chunk)
            out.append("")
            chunk = []
    return out[:-1]


def plain_blocks(value: str) -> Iterable[Block]:
    """The blocks of a plain text."""
    soft = False
    for line in plain_lines(value):
        text = cleaned(line)
        if not text:
            soft = False
            continue
        yield make_block(text, escape(text, quote=False), soft=soft)
        soft = not ends_paragraph(text)


def _is_wrapped(lines: list[str]) -> bool:
    """Whether the lines of a chunk were broken by a program at a column, not by an author."""
    if len(lines) < 2:
        return False
    inner = lines[:-1]
    lengths = [len(line) for line in inner]
    return (
        max(lengths) <= 100
        and min(lengths) >= 40
        and len(lines[-1]) <= max(lengths) + 10
        and max(lengths) - min(lengths) <= 20
        and sum(line.endswith((".", "!", "?", ":")) for line in inner) <= len(inner) / 2
    )
