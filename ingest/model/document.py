"""A document on its way in: what a server answered, and the feed read from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class PollOutcome(StrEnum):
    """How one poll ended. A poll has exactly one of these."""

    OK = "ok"  #                      a document was read
    NOT_MODIFIED = "not_modified"  #  304
    SAME_BYTES = "same_bytes"  #      200 with the bytes of last time: nothing was parsed
    GONE = "gone"  #                  410
    RATE_LIMITED = "rate_limited"  #  429 or 503 with Retry-After: the whole site waits
    BLOCKED = "blocked"  #            403 or a challenge page instead of a feed
    CLIENT_ERROR = "client_error"  #  another 4xx
    SERVER_ERROR = "server_error"  #  5xx
    NAME_ERROR = "name_error"  #      the host's name does not resolve
    CONNECT_ERROR = "connect_error"  # refused, reset, unreachable, TLS
    TIMEOUT = "timeout"  #            a phase or the total deadline ran out
    TOO_LARGE = "too_large"  #        more bytes or headers than allowed, compressed or inflated
    REDIRECT_ERROR = "redirect_error"  # too many, in a circle, or without a target
    REFUSED = "refused"  #            our own guard refused the address, the scheme or the port
    PROTOCOL_ERROR = "protocol_error"  # what came back was not HTTP, or was cut short
    NOT_A_FEED = "not_a_feed"  #      bytes arrived, no feed in them
    PARSE_FAILED = "parse_failed"  #  the worker overran or died over this document
    OWN_OUTAGE = "own_outage"  #      our own network was down: counts against nobody


@dataclass(frozen=True, slots=True)
class Redirect:
    """One hop: the status that sent us on, and where it sent us."""

    status: int
    url: str


@dataclass(frozen=True, slots=True)
class Validators:
    """What the server gave to ask again with, byte for byte (RFC 9110, section 8.8)."""

    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True)
class Fetched:
    """One HTTP exchange, redirects followed. `body` is inflated, and None for a 304."""

    url: str
    status: int
    headers: Mapping[str, str]  # lower-case names; repeated ones joined with ", "
    validators: Validators
    body: bytes | None
    body_hash: int | None  # xxh3_64 of `body`
    redirects: tuple[Redirect, ...] = ()
    received_bytes: int = 0  # as they came over the wire, still compressed
    elapsed_seconds: float = 0.0
    is_complete: bool = True  # false: cut short on the way; what came is kept, validators are not


@dataclass(frozen=True, slots=True)
class Text:
    """A text construct: `value` is markup to be read as HTML if `is_html`, else plain text."""

    value: str
    is_html: bool = False


@dataclass(frozen=True, slots=True)
class Media:
    """An enclosure, a Media RSS item or a thumbnail, with absolute `url`."""

    url: str
    role: str = "enclosure"  # enclosure, content, thumbnail, image, player
    type: str | None = None  # MIME type as claimed
    medium: str | None = None  # image, audio, video, document …
    width: int | None = None  # pixels
    height: int | None = None
    length_bytes: int | None = None
    duration_seconds: int | None = None
    title: str | None = None
    caption: str | None = None
    credit: str | None = None
    alt: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One item of a feed document, as the feed gave it, in the feed's own order.

    Links are absolute. Dates are the feed's own strings: what they mean is decided in `normalise`.
    """

    position: int
    guid: str | None = None
    link: str | None = None
    title: Text | None = None
    summary: Text | None = None
    content: Text | None = None
    authors: tuple[str, ...] = ()
    published_raw: str | None = None
    updated_raw: str | None = None
    categories: tuple[str, ...] = ()
    media: tuple[Media, ...] = ()
    related: tuple[str, ...] = ()  # other links of the entry: rel=related, via, comments
    canonical_link: str | None = None  # feedburner:origLink, rel=canonical, external_url
    language: str | None = None
    base_url: str | None = None  # against which links inside the texts are resolved
    source_title: str | None = None  # RSS <source>, atom:source, news:publication
    source_url: str | None = None
    rights: str | None = None


@dataclass(frozen=True, slots=True)
class CadenceHints:
    """What the document itself says about how often to ask for it."""

    ttl_minutes: int | None = None
    update_period: str | None = None  # sy:updatePeriod
    update_frequency: int | None = None  # sy:updateFrequency
    skip_hours: tuple[int, ...] = ()  # 0-23, GMT
    skip_days: tuple[str, ...] = ()  # "Monday" …, GMT


@dataclass(frozen=True, slots=True)
class FeedDocument:
    """A feed as read from bytes."""

    format: str  # rss20, rss10, rss092 …, atom10, atom03, cdf, json11, news_sitemap
    lane: str  # fast, feedparser, json, sitemap: which reader read it
    title: str | None = None
    site_url: str | None = None
    self_url: str | None = None
    hub_urls: tuple[str, ...] = ()  # WebSub
    next_url: str | None = None  # paged feeds, RFC 5005
    description: str | None = None
    language: str | None = None
    generator: str | None = None
    image_url: str | None = None
    rights: str | None = None
    published_raw: str | None = None
    updated_raw: str | None = None
    hints: CadenceHints = CadenceHints()
    encoding: str | None = None
    faults: tuple[str, ...] = ()  # what was wrong with it: short stable names, e.g. "truncated"
    entries: tuple[Entry, ...] = ()
