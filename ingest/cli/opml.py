"""Subscription lists as OPML 2.0 (http://opml.org/spec2.opml), both ways. Pure.

An OPML file comes from anywhere: it is read as a stream, without entities of its own making, and
bounded in size, depth and number. What the feeds' pages call "text" becomes the feed's name.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

from ingest.config import FeedSettings
from ingest.config.checks import is_feed_url
from ingest.errors import OpmlError

MAX_BYTES = 20_000_000  # some 80,000 subscriptions
MAX_FEEDS = 100_000
MAX_DEPTH = 100  # folders in folders
MAX_NAME_CHARACTERS = 80
MAX_SHOWN_SKIPPED = 5

# OPML allows attributes of other namespaces; the name is not an address that anybody looks up.
NAMESPACE = "urn:ingest:opml"
PUBLISHER = "ingest:publisher"

_XML_ENTITIES = frozenset({b"amp", b"lt", b"gt", b"quot", b"apos"})


@dataclass(frozen=True, slots=True)
class Outline:
    """A feed as a subscription list shows it."""

    url: str
    name: str
    title: str | None = None
    site_url: str | None = None
    publisher: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Subscriptions:
    """What an OPML file holds: feeds that can be polled, and addresses that cannot."""

    feeds: tuple[FeedSettings, ...]
    skipped: tuple[str, ...]


def read_opml(data: bytes, source: str) -> Subscriptions:
    """Read a subscription list. A feed that is listed twice is returned once.

    `source` names the file in messages. Raises OpmlError for what is not OPML, is too large or too
    deep, or holds no feeds.
    """
    if len(data) > MAX_BYTES:
        raise OpmlError(f"{source}: larger than {MAX_BYTES:,} bytes")
    try:
        outlines = _outlines(data, source)
    except expat.ExpatError:
        try:
            outlines = _outlines(_mended(data), source)
        except expat.ExpatError as error:
            reason = expat.ErrorString(error.code)
            raise OpmlError(f"{source}: not OPML: {reason} in line {error.lineno}") from None
    feeds: dict[str, FeedSettings] = {}
    names: set[str] = set()
    skipped: list[str] = []
    for attributes in outlines:
        url = attributes["xmlurl"].strip()
        if not is_feed_url(url):
            skipped.append(url[:200])
        elif url not in feeds:
            name = _free(_name(attributes.get("text") or attributes.get("title") or ""), names)
            feeds[url] = FeedSettings(
                url=url,
                name=name,
                publisher=attributes.get(PUBLISHER) or None,
                language=attributes.get("language") or None,
            )
    if not feeds:
        what = "no feed that can be polled" if skipped else "no feeds in it"
        raise OpmlError(f"{source}: {what} (outlines with an xmlUrl)")
    return Subscriptions(tuple(feeds.values()), tuple(skipped))


def write_opml(outlines: Iterable[Outline], *, now: datetime) -> str:
    """A subscription list; `read_opml` reads the same URLs, names, publishers and languages."""
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<opml version="2.0" xmlns:ingest="{NAMESPACE}">',
        "  <head>",
        "    <title>Subscriptions of ingest</title>",
        f"    <dateCreated>{format_datetime(now)}</dateCreated>",
        "  </head>",
        "  <body>",
    ]
    for outline in outlines:
        attributes = {
            "type": "rss",
            "text": outline.name,
            "title": outline.title,
            "xmlUrl": outline.url,
            "htmlUrl": outline.site_url,
            "language": outline.language,
            PUBLISHER: outline.publisher,
        }
        written = " ".join(
            f"{key}={_quoted(value)}" for key, value in attributes.items() if value is not None
        )
        lines.append(f"    <outline {written}/>")
    return "\n".join([*lines, "  </body>", "</opml>", ""])


def _quoted(value: str) -> str:
    allowed = "".join(ch for ch in value if ch in "\t\n\r" or unicodedata.category(ch)[0] != "C")
    return quoteattr(allowed, {"\n": " ", "\r": " ", "\t": " "})


# --- reading -----------------------------------------------------------------------------------


def _outlines(data: bytes, source: str) -> list[Mapping[str, str]]:
    """The attributes (names in lower case) of every outline that has an xmlUrl."""
    found: list[Mapping[str, str]] = []
    depth = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth == 1 and name.lower() != "opml":
            raise OpmlError(f"{source}: not OPML: it is a <{name[:40]}> document")
        if depth > MAX_DEPTH:
            raise OpmlError(f"{source}: folders are nested deeper than {MAX_DEPTH}")
        if name.lower() == "outline":
            lowered = {key.lower(): value for key, value in attributes.items()}
            if lowered.get("xmlurl"):
                found.append(lowered)
        if len(found) > MAX_FEEDS:
            raise OpmlError(f"{source}: more than {MAX_FEEDS:,} feeds")

    def end(_: str) -> None:
        nonlocal depth
        depth -= 1

    def refuse_entity(*_: object) -> None:
        raise OpmlError(f"{source}: not read: it declares entities of its own")

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.EntityDeclHandler = refuse_entity
    parser.Parse(data, True)
    return found


def _mended(data: bytes) -> bytes:
    """The two faults that exporters make: a bare `&` in a URL, and HTML's names of characters."""

    def mend(found: re.Match[bytes]) -> bytes:
        name = found[1]
        if name is None or name in _XML_ENTITIES:
            return found[0] if name else b"&amp;"
        character = html.unescape(f"&{name.decode()};")
        return f"&#{ord(character)};".encode() if len(character) == 1 else b"&amp;" + name + b";"

    return re.sub(rb"&(?!#)(?:([A-Za-z][A-Za-z0-9]{0,31});)?", mend, data)


# --- names -------------------------------------------------------------------------------------


def _name(text: str) -> str | None:
    """A name for the command line: the text itself if it is one word, else its words joined."""
    text = unicodedata.normalize("NFC", text).strip()
    if not re.fullmatch(r"[\w./+-]+", text):
        text = "-".join(re.findall(r"\w+", text.casefold()))
    text = text[:MAX_NAME_CHARACTERS].strip("-")
    return None if not text or text.isdigit() else text


def _free(name: str | None, taken: set[str]) -> str | None:
    """`name`, or with the first number that makes it one of its own."""
    if name is None:
        return None
    candidate, number = name, 1
    while candidate in taken:
        number += 1
        candidate = f"{name}-{number}"
    taken.add(candidate)
    return candidate
