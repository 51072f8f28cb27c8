"""What flows through the stages, in the order in which it flows.

    bytes --parse--> FeedDocument of Entry --identify--> IdentifiedEntry
          --normalise--> Article --fingerprint--> Fingerprint
          --candidates, verify--> Match --join--> story

Everything here is frozen: a stage receives one of these and returns another. Times are aware
datetimes in UTC. Hashes are signed 64-bit integers, so that both databases store them as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

# --- fetch -------------------------------------------------------------------------------------


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


# --- parse -------------------------------------------------------------------------------------


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


# --- identify, normalise -----------------------------------------------------------------------


class KeyKind(StrEnum):
    """By what an article may be recognised. `AMP` marks a weaker key: an AMP or mobile address."""

    GUID = "guid"  # scoped to its feed
    URL = "url"  # normalised
    CANONICAL = "canonical"  # rel=canonical, origLink
    AMP = "amp"


@dataclass(frozen=True, slots=True)
class Key:
    """One key of an article: its kind and its value, as normalised for that kind."""

    kind: KeyKind
    value: str


@dataclass(frozen=True, slots=True)
class IdentifiedEntry:
    """An entry with who it is (`entry_key`, within its feed) and what it says (`entry_hash`)."""

    entry: Entry
    entry_key: int
    entry_hash: int
    guid_is_trusted: bool  # false: the guid is not unique in the document, so it is no key
    link_is_trusted: bool  # false: several entries share the link, or it is the home page


class PublishedQuality(StrEnum):
    """How far `published_at` can be believed."""

    EXACT = "exact"
    NO_TIMEZONE = "no_timezone"
    ASSUMED_TIMEZONE = "assumed_timezone"  # a zone name that is ambiguous or misused
    DATE_ONLY = "date_only"
    CLAMPED = "clamped"  # a little in the future: set to when it was seen
    SKEW_CORRECTED = "skew_corrected"  # the server's clock is off by a known amount
    FROM_UPDATED = "from_updated"  # only a modification date was given
    FROM_URL = "from_url"
    ABSURD = "absurd"  # far in the future or the past: not believed
    UNREADABLE = "unreadable"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Removed:
    """A piece of text the normaliser took out, and why (a short stable name)."""

    reason: str
    text: str


@dataclass(frozen=True, slots=True)
class Article:
    """One publisher's piece in the schema of the database. Unknown is None, never invented."""

    headline: str
    url: str | None = None
    canonical_url: str | None = None
    keys: tuple[Key, ...] = ()
    alternative_headline: str | None = None
    byline: str | None = None
    authors: tuple[str, ...] = ()
    dateline: str | None = None
    source_agency: str | None = None
    source_agency_found_in: str | None = None  # byline, dateline, credit, text, source
    language: str | None = None  # BCP 47
    summary: str | None = None
    body_text: str | None = None
    body_html: str | None = None
    word_count: int = 0
    text_from: str = "feed"  # feed or page
    image_url: str | None = None
    image_caption: str | None = None
    image_credit: str | None = None
    image_alt: str | None = None
    media: tuple[Media, ...] = ()
    sections: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    published_at: datetime | None = None
    modified_at: datetime | None = None
    published_raw: str | None = None
    published_quality: PublishedQuality = PublishedQuality.MISSING
    content_hash: int = 0
    removed: tuple[Removed, ...] = ()
    block_hashes: tuple[int, ...] = ()  # of the text blocks, from which boilerplate is learned


# --- dedupe ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """The compact sketch of an article's text by which candidates are found in SQL.

    `version` names tokeniser, hash and sampling together: rows of different versions never meet.
    """

    version: int
    token_count: int
    postings: tuple[int, ...]  # the sampled hashes that go into the index


class Relation(StrEnum):
    """How an article stands to the one it matches. The first four make one story."""

    IDENTICAL = "identical"
    ABRIDGED = "abridged"  # the later text is a part of the earlier one
    EXTENDED = "extended"  # the later text contains the earlier one
    EDITED = "edited"
    QUOTES = "quotes"  # recorded, not merged
    DIGEST = "digest"  # recorded, not merged

    @property
    def makes_a_story(self) -> bool:
        """Whether articles so related belong into one story."""
        return self not in (Relation.QUOTES, Relation.DIGEST)


@dataclass(frozen=True, slots=True)
class Match:
    """The evidence that `article_id` republishes `of_article_id`."""

    article_id: int
    of_article_id: int
    relation: Relation
    resemblance: float  # weighted Jaccard, 0-1
    containment: float  # share of the article's weight found in the other
    containment_of: float  # the other way round
    shared_weight: float
    rule: str
    gap_seconds: int
    fingerprint_version: int


# --- one poll ----------------------------------------------------------------------------------


class EntryOutcome(StrEnum):
    """What became of an entry. The counts of a poll add up to the entries of the document."""

    NEW = "new"
    REVISED = "revised"
    UNCHANGED = "unchanged"
    FILTERED = "filtered"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class HarvestedEntry:
    """One entry after the pure stages.

    `article` is None where nothing had to be done: the entry is known and unchanged (`reason` is
    None), or it is invalid or filtered (`outcome` and `reason` say so).
    """

    entry_key: int
    entry_hash: int
    outcome: EntryOutcome | None = None  # UNCHANGED, FILTERED or INVALID; None: the store decides
    reason: str | None = None
    article: Article | None = None
    fingerprint: Fingerprint | None = None
    raw: bytes | None = None  # the entry as parsed, compressed, for `ingest reprocess`


@dataclass(frozen=True, slots=True)
class Harvest:
    """A changed document after the pure stages: what the worker hands to the writer."""

    document: FeedDocument  # without its entries
    entries: tuple[HarvestedEntry, ...]
    guids_are_trusted: bool = True
    stage_seconds: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Polled:
    """One finished poll, as the pipeline hands it to the writer, before anything is stored.

    `validators`, `body_hash` and `harvest` are None where nothing was learnt about them: a 304
    brings validators and no hash, a failure neither. Times are UTC, durations seconds.
    """

    started_at: datetime
    outcome: PollOutcome
    status: int | None = None
    message: str | None = None  # one line: what went wrong
    url: str | None = None  # where the answer came from, after redirects
    redirects: tuple[Redirect, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    validators: Validators | None = None
    body_hash: int | None = None
    received_bytes: int = 0
    elapsed_seconds: float = 0.0
    retry_after_seconds: float | None = None
    was_full: bool = False  # asked without validators
    harvest: Harvest | None = None


# --- schedule ----------------------------------------------------------------------------------
#
# After every poll: ScheduleInput --ingest.schedule.decide.decide--> ScheduleDecision. Pipeline and
# store stand below `schedule` and do not import it: they are handed the function.


class FeedState(StrEnum):
    """How a feed fares. Each is stored with its evidence and since when."""

    OK = "ok"
    FAILING = "failing"  # polls fail; asked again with growing distance, never given up
    STALE = "stale"  #     it answers, but has carried nothing new for a long time
    BLOCKED = "blocked"  # the site answers with 403 or a challenge: asked rarely
    GONE = "gone"  #       410: confirmed once, then stopped
    PAUSED = "paused"  #   by a person; only a person resumes it


@dataclass(frozen=True, slots=True)
class PollCounts:
    """What became of the entries of one document: they add up to `entries`."""

    entries: int = 0
    new: int = 0
    revised: int = 0
    unchanged: int = 0
    filtered: int = 0
    invalid: int = 0


@dataclass(frozen=True, slots=True)
class MoveSighting:
    """A permanent redirect that has been seen and is not believed yet."""

    target_url: str
    status: int  # 301 or 308
    first_seen_at: datetime
    last_seen_at: datetime
    sightings: int = 1
    proofs: int = 0  # sightings whose target was this very feed: it shared entries


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSchedule:
    """What is remembered of one feed between two polls: the columns of `feed_schedule`.

    The next due time can be recomputed from this row alone, so `feeds explain` shows every term
    without a term being stored. News counts decay exponentially with the age of the observation,
    so that the rate needs no look into the poll history.
    """

    state: FeedState = FeedState.OK
    state_since: datetime | None = None
    state_evidence: str | None = None
    next_poll_at: datetime | None = None  # None: never by itself (gone, paused)
    interval_seconds: float = 0.0  # between last_poll_at and next_poll_at
    failures: int = 0  # polls that failed in a row
    failure_weight: float = 0.0  # the same, weighed by how hard they failed
    last_poll_at: datetime | None = None
    last_outcome: PollOutcome | None = None
    last_success_at: datetime | None = None  # OK, NOT_MODIFIED or SAME_BYTES
    last_news_at: datetime | None = None  # a poll brought a new or revised entry
    recent_news: float = 0.0  # new entries, half-life of half a day
    recent_hours: float = 0.0  # hours watched, same half-life
    usual_news: float = 0.0  # the same with a half-life of a week
    usual_hours: float = 0.0
    entries: int = 0  # in the last document read
    gap_factor: float = 1.0  # below 1 after documents that did not overlap
    possible_gap_at: datetime | None = None  # the last time two documents did not overlap
    hints: CadenceHints = CadenceHints()  # of the last document read
    cache_seconds: float = 0.0  # how long the last answer called itself fresh
    retry_after_seconds: float = 0.0  # what the last answer asked for
    move: MoveSighting | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleInput:
    """One finished poll, as the schedule sees it."""

    feed_id: int
    url: str
    site: str
    now: datetime
    outcome: PollOutcome
    previous: FeedSchedule
    status: int | None = None
    message: str | None = None  # one line: the error's text
    headers: Mapping[str, str] = field(default_factory=dict)  # lower-case names
    redirects: tuple[Redirect, ...] = ()
    retry_after_seconds: float | None = None
    hints: CadenceHints | None = None  # of the document; None where none was read
    counts: PollCounts | None = None  # None where no document was read
    site_failures: int = 0  # rate limits in a row, from the site row
    min_interval_seconds: int | None = None  # the feed's own floor
    is_pushed: bool = False  # a WebSub subscription is active: polling is only the safety net
    is_confirmed: bool = True  # False: it may have been our own network; nothing is counted


@dataclass(frozen=True, slots=True)
class Judgement:
    """A poll's outcome, seen beside what other sites answered meanwhile.

    `outcome` is OWN_OUTAGE where the trouble was ours. `is_confirmed` is False where nobody else
    was asked meanwhile, so that it cannot be told yet: the poll is repeated soon and not counted.
    """

    outcome: PollOutcome
    is_confirmed: bool = True


@dataclass(frozen=True, slots=True)
class SitePause:
    """No request to this site before `until`."""

    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Term:
    """One term of the decision when to poll next: its value, and the interval after it."""

    name: str
    value: str
    seconds: float
    effect: str = ""  # in words: "raises", "lowers", "moves to the end of skipHours" …


@dataclass(frozen=True, slots=True)
class ScheduleDecision:
    """What to store after one poll, in the transaction of its articles."""

    schedule: FeedSchedule  # the whole new row
    site_failures: int  # for the site row
    site_pause: SitePause | None = None  # None: leave the site's pause as it is
    moved_to: str | None = None  # adopt this URL now; the old one goes into the history
    move_evidence: str | None = None
    possible_gap: bool = False  # for the poll row: entries may have fallen out unseen
    terms: tuple[Term, ...] = ()
