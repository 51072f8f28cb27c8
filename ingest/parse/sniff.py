"""What kind of document a text is, from its first tags."""

from __future__ import annotations

import re
from enum import StrEnum

from ingest.errors import ParseError
from ingest.model import PollOutcome


class Kind(StrEnum):
    """The readers there are."""

    XML = "xml"
    JSON = "json"
    SITEMAP = "sitemap"


_FEED_TAG = re.compile(
    r"<(?:[a-z][\w.-]{0,20}:)?(?:rss|feed|rdf|channel|item|entry)[\s>/]", re.IGNORECASE
)
_SITEMAP_TAG = re.compile(r"<(?:[a-z][\w.-]{0,20}:)?urlset[\s>]", re.IGNORECASE)
_ROOT = re.compile(r"<([a-z][\w.:-]{0,40})", re.IGNORECASE)
# Words that challenge pages carry (Cloudflare, Akamai, Imperva, DataDome, PerimeterX).
_CHALLENGES = (
    "just a moment...",
    "cf-chl",
    "cf_chl",
    "challenge-platform",
    "attention required! | cloudflare",
    "checking your browser",
    "_incapsula_resource",
    "captcha-delivery.com",
    "px-captcha",
    "access denied",
    "g-recaptcha",
    "verify you are human",
)


def kind_of(text: str) -> Kind:
    """Say which reader a text (its prolog cut off) is for.

    Raises `ParseError` with what it is instead of a feed; BLOCKED for a challenge page.
    """
    head = text[:4_000]
    start = head.lstrip()[:1]
    if not start:
        raise ParseError("empty: no bytes but white space")
    if start == "{":
        return Kind.JSON
    if start == "[":
        raise ParseError("JSON, but a list and no feed")
    root = _ROOT.match(head.lstrip())
    name = root.group(1).lower() if root else ""
    local = name.rpartition(":")[2]
    if local == "urlset":
        return Kind.SITEMAP
    if local == "sitemapindex":
        raise ParseError("a sitemap index, not a feed: subscribe to one of its sitemaps")
    if local == "opml":
        raise ParseError("an OPML list of feeds, not a feed: use `ingest feeds import`")
    if local in ("rss", "feed", "rdf", "channel", "item", "entry"):
        return Kind.XML
    if _FEED_TAG.search(text, 0, 200_000):
        return Kind.XML
    if _SITEMAP_TAG.search(text, 0, 20_000):
        return Kind.SITEMAP
    if local in ("html", "head", "body", "script", "meta", "title") or "<html" in head.lower():
        low = text[:50_000].lower()
        if any(mark in low for mark in _CHALLENGES):
            raise ParseError("a challenge page instead of a feed", PollOutcome.BLOCKED)
        raise ParseError("an HTML page, not a feed")
    if name:
        raise ParseError(f"XML, but <{name}> is not the root of a feed")
    raise ParseError("neither XML nor JSON")
