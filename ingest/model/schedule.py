"""What decides when a feed is polled next.

After every poll: ScheduleInput --ingest.schedule.decide.decide--> ScheduleDecision. Pipeline and
store stand below `schedule` and do not import it: they are handed the function.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from ingest.model.document import CadenceHints, PollOutcome, Redirect
from ingest.model.filling import replacing

_NO_HINTS = CadenceHints()


class FeedState(StrEnum):
    """How a feed fares. Each is stored with its evidence and since when."""

    OK = "ok"  #           it answers and has news now and then
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
    hints: CadenceHints = _NO_HINTS  # of the last document read
    cache_seconds: float = 0.0  # how long the last answer called itself fresh
    retry_after_seconds: float = 0.0  # what the last answer asked for
    move: MoveSighting | None = None


# A row is changed three times in every decision, which was half of what deciding costs.
if TYPE_CHECKING:
    from dataclasses import replace as replace
else:
    replace = replacing(FeedSchedule)


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
    site: str | None = None  # None: the feed's own; else the one that its redirect led to


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
