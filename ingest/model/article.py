"""An entry on its way to its story: who it is, what it says, and what it matches."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ingest.model.document import Entry, Media


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

    EXACT = "exact"  # a moment with its zone
    NO_TIMEZONE = "no_timezone"  # no zone was given: read as UTC
    ASSUMED_TIMEZONE = "assumed_timezone"  # a zone name that is ambiguous or misused
    DATE_ONLY = "date_only"  # a day without a time: its beginning, UTC
    CLAMPED = "clamped"  # a little in the future: set to when it was seen
    SKEW_CORRECTED = "skew_corrected"  # the server's clock is off by a known amount
    FROM_UPDATED = "from_updated"  # only a modification date was given
    FROM_URL = "from_url"  # only the address has a day in it
    ABSURD = "absurd"  # far in the future or the past: not believed
    UNREADABLE = "unreadable"  # what was given is no date
    MISSING = "missing"  # no date was given


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


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """The compact sketch of an article's text by which candidates are found in SQL.

    `version` names tokeniser, hash and sampling together: rows of different versions never meet.
    """

    version: int
    token_count: int
    postings: tuple[int, ...]  # the sampled hashes that go into the index
    question: bytes = b""  # what the index is asked when the article's turn comes, packed


class Relation(StrEnum):
    """How an article stands to the one it matches. The first four make one story."""

    IDENTICAL = "identical"  # the same words
    ABRIDGED = "abridged"  # the later text is a part of the earlier one
    EXTENDED = "extended"  # the later text contains the earlier one
    EDITED = "edited"  # much the same length, changed here and there
    QUOTES = "quotes"  # one stands inside another piece: recorded, not merged
    DIGEST = "digest"  # one retells several: recorded, not merged

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
