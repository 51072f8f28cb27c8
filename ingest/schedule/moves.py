"""Whether a permanent redirect is believed.

A captive portal, an expired domain and a misconfigured proxy all answer 301. So a feed moves only
after the same permanent redirect was seen several times over days, and each time led to a document
that shares entries with what the feed carried before.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from ingest.model import MoveSighting, PollCounts, PollOutcome

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from ingest.model import Redirect

PERMANENT = (301, 308)
MIN_SIGHTINGS = 3
MIN_PROOFS = 3


@dataclass(frozen=True, slots=True)
class MoveVerdict:
    """The sighting to remember, and the URL to adopt now with the evidence for it."""

    sighting: MoveSighting | None
    moved_to: str | None = None
    evidence: str | None = None


def permanent_target(redirects: Sequence[Redirect]) -> tuple[int, str] | None:
    """Status and URL at the end of the permanent hops that begin the chain, if there are any.

    What follows a temporary hop is not ours to remember (RFC 9110, section 15.4).
    """
    target: tuple[int, str] | None = None
    for hop in redirects:
        if hop.status not in PERMANENT:
            break
        target = (hop.status, hop.url)
    return target


def shares_entries(outcome: PollOutcome, counts: PollCounts | None) -> bool:
    """Whether what came from the target was this feed.

    A 304 or the same bytes as last time is the strongest proof; in a document, at least one entry
    must have been known before.
    """
    if outcome in (PollOutcome.NOT_MODIFIED, PollOutcome.SAME_BYTES):
        return True
    if outcome is not PollOutcome.OK or counts is None:
        return False
    return counts.unchanged + counts.revised > 0


def judge_move(
    previous: MoveSighting | None,
    url: str,
    redirects: Sequence[Redirect],
    outcome: PollOutcome,
    counts: PollCounts | None,
    now: datetime,
    after_days: float,
) -> MoveVerdict:
    """What one more poll says about where the feed lives.

    A poll that failed cannot undo what was seen so far, nor prove anything.
    """
    answered = outcome in (PollOutcome.OK, PollOutcome.NOT_MODIFIED, PollOutcome.SAME_BYTES)
    target = permanent_target(redirects)
    if target is None or target[1] == url:
        return MoveVerdict(None if answered else previous)
    status, target_url = target
    proved = 1 if shares_entries(outcome, counts) else 0
    if previous is None or previous.target_url != target_url:
        if previous is not None and not answered:
            return MoveVerdict(previous)
        return MoveVerdict(MoveSighting(target_url, status, now, now, 1, proved))
    seen = replace(
        previous,
        status=status,
        last_seen_at=max(now, previous.last_seen_at),
        sightings=previous.sightings + 1,
        proofs=previous.proofs + proved,
    )
    long_enough = seen.last_seen_at - seen.first_seen_at >= timedelta(days=after_days)
    if long_enough and proved and seen.sightings >= MIN_SIGHTINGS and seen.proofs >= MIN_PROOFS:
        evidence = (
            f"{status} to {target_url} seen {seen.sightings} times since "
            f"{seen.first_seen_at:%Y-%m-%d}, {seen.proofs} times with this feed's entries"
        )
        return MoveVerdict(None, target_url, evidence)
    return MoveVerdict(seen)
