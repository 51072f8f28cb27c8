"""Feeds of a site, found from its HTML page: pure functions over bytes.

`discover` reads what the page says itself; `well_known` lists where feeds usually are. Whoever
calls them fetches the candidates in order and keeps the first that parses.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urljoin

from ingest.fetch.site import site_of
from ingest.fetch.target import InvalidUrl, parse_target

_FEED_TYPES = {
    "application/atom+xml": 0,
    "application/rss+xml": 0,
    "application/feed+json": 1,
    "application/rdf+xml": 2,
    "application/x-rss+xml": 2,
    "application/xml": 3,
    "text/xml": 3,
    "application/json": 4,  # JSON Feed 1.0; WordPress also puts its API here: see _is_api
}
# Addresses that an ordinary link gives away as a feed. Anchored, so that it costs one pass.
_FEED_PATH = re.compile(
    r"(?:/(?:feed|feeds|rss|atom|rdf)/?|[/._-](?:feed|rss|atom|index)\.(?:xml|rss|atom|rdf|json)|"
    r"\.(?:rss|atom|rdf)|[?&]feed=(?:rss2?|atom|rdf))\Z",
    re.IGNORECASE,
)
_SECONDARY = re.compile(r"comment|/tag/|/author/|podcast", re.IGNORECASE)
# WordPress, Ghost, Hugo, Jekyll, Medium, Blogger, Drupal and hand-made sites, commonest first.
_WELL_KNOWN = (
    "feed",
    "rss",
    "rss.xml",
    "feed.xml",
    "atom.xml",
    "index.xml",
    "feed/",
    "feed.json",
    "feeds/posts/default",
    "rss/index.xml",
    "?feed=rss2",
)
_TAG = re.compile(r"<(base|link|a)(?=[\s/])", re.IGNORECASE)
_ATTRIBUTE = re.compile(
    r"""([^\s"'<>/=]++)(?:\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s>"']++)))?|[<>]"""
)
_MARKUP = re.compile(r"<[^>]*+(?:>|\Z)")
_MAX_TAGS = 5_000
_MAX_TAG_CHARACTERS = 4_096
_MAX_TITLE_CHARACTERS = 300
_MAX_PAGE_BYTES = 2_000_000
_MAX_CANDIDATES = 50


class FoundBy(StrEnum):
    """How we know of a candidate, the surest first."""

    ITSELF = "itself"  # the address that was asked for is the feed
    LINK = "link"  # <link rel="alternate">: the page says it is a feed
    ANCHOR = "anchor"  # an ordinary link to an address that looks like one
    GUESS = "guess"  # a well-known path


@dataclass(frozen=True, slots=True)
class Candidate:
    """An address at which there may be a feed."""

    url: str
    found_by: FoundBy
    title: str | None = None
    type: str | None = None


def discover(page: bytes, url: str) -> tuple[Candidate, ...]:
    """The feeds that the HTML `page` at `url` names, best first, http and https only.

    `<link rel=alternate>` goes by type, then by the page's own order, feeds of comments, tags and
    authors last (the order HTML gives user agents: "the first one is the default"); then links to
    feed-like addresses of the same site.
    """
    base = url
    ranked: list[tuple[int, Candidate]] = []
    site = site_of(url)
    for tag in _tags(_decoded(page[:_MAX_PAGE_BYTES])):
        href = tag.attributes.get("href")
        if tag.name == "base":
            base = (_joined(url, href) or url) if base == url else base
            continue
        found = _joined(base, href)
        if found is None:
            continue
        ranked_one = _as_link(tag, found) if tag.name == "link" else _as_anchor(tag, found, site)
        if ranked_one is not None:
            ranked.append(ranked_one)
    ranked.sort(key=lambda pair: pair[0])
    first: dict[str, Candidate] = {}
    for _, candidate in ranked:
        first.setdefault(candidate.url, candidate)
    return tuple(first.values())[:_MAX_CANDIDATES]


def well_known(url: str) -> tuple[Candidate, ...]:
    """Where the site of `url` would usually have its feed: beside the page, then at the root."""
    try:
        target = parse_target(url)
    except InvalidUrl:
        return ()
    root = urljoin(target.url, "/")
    beside = target.url.partition("?")[0]
    if not beside.endswith("/"):
        name = beside.rpartition("/")[2]
        beside = beside.rpartition("/")[0] + "/" if "." in name else beside + "/"
    places = dict.fromkeys((beside, root))
    return tuple(Candidate(place + path, FoundBy.GUESS) for place in places for path in _WELL_KNOWN)


@dataclass(frozen=True, slots=True)
class _Tag:
    name: str
    attributes: dict[str, str]
    text: str  # what follows an <a>, up to its end


def _as_link(tag: _Tag, found: str) -> tuple[int, Candidate] | None:
    relations = tag.attributes.get("rel", "").lower().split()
    claimed = tag.attributes.get("type", "").partition(";")[0].strip().lower()
    if "feed" in relations and not claimed:
        rank = 0
    elif ("alternate" in relations or "feed" in relations) and claimed in _FEED_TYPES:
        rank = _FEED_TYPES[claimed]
    else:
        return None
    if claimed == "application/json" and _is_api(found):
        return None
    title = " ".join(tag.attributes.get("title", "").split()) or None
    if _SECONDARY.search(f"{found} {title or ''}"):
        rank += 10
    return rank, Candidate(found, FoundBy.LINK, title, claimed or None)


def _as_anchor(tag: _Tag, found: str, site: str) -> tuple[int, Candidate] | None:
    if not _FEED_PATH.search(found) or site_of(found) != site:
        return None
    rank = 30 if _SECONDARY.search(found) else 20
    return rank, Candidate(found, FoundBy.ANCHOR, " ".join(tag.text.split()) or None)


def _tags(text: str) -> Iterator[_Tag]:
    """The <base>, <link> and <a> tags outside comments and scripts.

    Not an HTML parser: lexbor and others need time in the square of the depth for a page of nested
    unclosed tags (over ten minutes for 2 MB, measured), and these three tags need no tree.
    """
    for opening, ending in (("<!--", "-->"), ("<script", "</script"), ("<style", "</style")):
        text = _without(text, opening, ending)
    position = 0
    for _ in range(_MAX_TAGS):
        start = _TAG.search(text, position)
        if start is None:
            return
        attributes: dict[str, str] = {}
        end = position = start.end()  # what was read as one tag is not read again
        for match in _ATTRIBUTE.finditer(text, end, end + _MAX_TAG_CHARACTERS):
            if match[0] in "<>":
                break
            position = match.end()
            value = match[2] or match[3] or match[4] or ""
            attributes.setdefault(match[1].lower(), html.unescape(value))
        else:
            continue
        end = match.end()
        name = start[1].lower()
        content = ""
        if name == "a":
            content = text[end : end + _MAX_TITLE_CHARACTERS].partition("</")[0]
            content = html.unescape(_MARKUP.sub(" ", content))
        yield _Tag(name, attributes, content)


def _without(text: str, opening: str, ending: str) -> str:
    """`text` without what stands between the marks; one that never ends goes to the end."""
    lower = text.lower()
    if len(lower) != len(text):  # a letter whose small form is longer
        lower = text
    parts: list[str] = []
    position = 0
    while (start := lower.find(opening, position)) >= 0:
        parts.append(text[position:start])
        end = lower.find(ending, start + len(opening))
        if end < 0:
            return "".join(parts)
        position = end + len(ending)
    parts.append(text[position:])
    return "".join(parts)


def _decoded(page: bytes) -> str:
    try:
        return page.decode("utf-8")
    except UnicodeDecodeError:
        return page.decode("cp1252", "replace")


def _joined(base: str, href: str | None) -> str | None:
    if not href:
        return None
    href = href.strip()
    if href.startswith("feed:"):  # the old "feed://host/path" and "feed:http://host/path"
        href = href[5:]
        href = "http:" + href if href.startswith("//") else href
    try:
        target = parse_target(urljoin(base, href))
    except (InvalidUrl, ValueError):
        return None
    return target.url if target.scheme in ("http", "https") else None


def _is_api(url: str) -> bool:
    return "/wp-json/" in url or "oembed" in url or "api" in url.partition("?")[0].split("/")
