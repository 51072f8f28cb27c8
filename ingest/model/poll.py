"""One poll: what became of its entries, and everything the writer is told of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from ingest.model.article import Article, Fingerprint
from ingest.model.document import FeedDocument, PollOutcome, Redirect, Validators


class EntryOutcome(StrEnum):
    """What became of an entry. The counts of a poll add up to the entries of the document."""

    NEW = "new"  # became an article
    REVISED = "revised"  # changed an article
    UNCHANGED = "unchanged"  # was known and said nothing new
    FILTERED = "filtered"  # was left out as the config asks
    INVALID = "invalid"  # could not become an article


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
