"""What a finished poll means for its feed and its site: ScheduleInput -> ScheduleDecision.

    outcome -> state and failures (states)         \\
    new entries -> rate of news (news_rate)          > the new row -> next due time (plan)
    headers, hints, overlap -> bounds, moves         /

Pure: the row after a poll depends on the row before it and on the poll. `plan` needs only the row,
so `explain` prints later exactly what was decided then.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from ingest.fetch.site import site_of
from ingest.model import (
    FeedSchedule,
    FeedState,
    MoveSighting,
    PollCounts,
    PollOutcome,
    ScheduleDecision,
    ScheduleInput,
    SitePause,
    Term,
)
from ingest.model.schedule import replace
from ingest.schedule.backoff import (
    GONE_CONFIRM_SECONDS,
    OUTAGE_SECONDS,
    blocked_wait_seconds,
    failure_wait_seconds,
    pause_seconds,
)
from ingest.schedule.cadence import (
    Observed,
    decide_next_poll,
    freshness_seconds,
    share,
)
from ingest.schedule.moves import judge_move
from ingest.schedule.news_rate import PRIOR_HOURS, news_per_hour, observe
from ingest.schedule.outage import UNREACHED
from ingest.schedule.states import SUCCESSES, Answer, next_state

if TYPE_CHECKING:
    from datetime import datetime

    from ingest.config import ScheduleSettings


GAP_SHRINK = 0.5  # of the interval, after documents without a common entry
GAP_RECOVERY = 1.25  # after a document that overlaps again
MIN_GAP_FACTOR = 0.125


@dataclass(frozen=True, slots=True)
class Plan:
    """When a feed is due next: `next_poll_at` is None where it is not polled by itself any more."""

    next_poll_at: datetime | None
    interval_seconds: float
    terms: tuple[Term, ...]


def decide(given: ScheduleInput, settings: ScheduleSettings) -> ScheduleDecision:
    """The feed's whole new row, and what changes for its site."""
    before = given.previous
    site_failures = given.site_failures
    pause: SitePause | None = None
    waited = given.retry_after_seconds or 0.0
    if given.outcome is PollOutcome.RATE_LIMITED:
        asked_by = site_of(given.redirects[-1].url) if given.redirects else given.site
        is_own = asked_by == given.site
        floor = _floor(given.min_interval_seconds, settings)
        luck = share(given.feed_id, given.now.timestamp(), "pause")
        times = site_failures + 1
        waited = pause_seconds(given.retry_after_seconds, times, luck, floor, settings)
        until = given.now + timedelta(seconds=waited)
        if is_own:
            site_failures = times
            pause = SitePause(until, _pause_reason(given))
        elif given.status is not None:  # else nobody was asked: the pause is known
            pause = SitePause(until, _pause_reason(given), asked_by)
    elif given.outcome in SUCCESSES:
        site_failures = 0

    gap = possible_gap(before, given.counts)
    verdict = judge_move(
        before.move,
        given.url,
        given.redirects,
        given.outcome,
        given.counts,
        given.now,
        settings.move_after_days,
    )
    row = _judged(_observed(given, gap, verdict.sighting, waited), given, settings)
    next_poll = plan(
        given.feed_id,
        row,
        settings,
        min_interval_seconds=given.min_interval_seconds,
        is_pushed=given.is_pushed,
    )
    return ScheduleDecision(
        schedule=replace(
            row,
            next_poll_at=next_poll.next_poll_at,
            interval_seconds=next_poll.interval_seconds,
        ),
        site_failures=site_failures,
        site_pause=pause,
        moved_to=verdict.moved_to,
        move_evidence=verdict.evidence,
        possible_gap=gap,
        terms=next_poll.terms,
    )


def plan(
    feed_id: int,
    row: FeedSchedule,
    settings: ScheduleSettings,
    *,
    min_interval_seconds: int | None = None,
    is_pushed: bool = False,
) -> Plan:
    """When the feed of this row is due next, with every term. The row must have been polled."""
    polled_at = row.last_poll_at
    if polled_at is None or row.last_outcome is None:
        return Plan(row.next_poll_at, 0.0, (Term("new", "never polled: due at once", 0.0, "sets"),))
    if row.state is FeedState.PAUSED:
        return Plan(None, 0.0, (Term("paused", row.state_evidence or "by a person", 0.0, "stops"),))
    if row.last_outcome in SUCCESSES:
        healthy = decide_next_poll(
            Observed(
                feed_id=feed_id,
                polled_at=polled_at,
                news_per_hour=news_per_hour(row),
                entries=row.entries,
                gap_factor=row.gap_factor,
                hints=row.hints,
                cache_seconds=row.cache_seconds,
                retry_after_seconds=row.retry_after_seconds,
                min_interval_seconds=min_interval_seconds,
                is_pushed=is_pushed,
                is_first=row.usual_hours == PRIOR_HOURS,
            ),
            settings,
        )
        return Plan(healthy.next_poll_at, healthy.interval_seconds, healthy.terms)
    return _plan_failed(feed_id, row, polled_at, _floor(min_interval_seconds, settings), settings)


def _plan_failed(
    feed_id: int, row: FeedSchedule, polled_at: datetime, floor: float, settings: ScheduleSettings
) -> Plan:
    luck = share(feed_id, polled_at.timestamp(), row.failures)
    outcome = row.last_outcome
    assert outcome is not None
    if outcome is PollOutcome.OWN_OUTAGE or (outcome in UNREACHED and row.failures == 0):
        text = "our own network is down" if outcome is PollOutcome.OWN_OUTAGE else "perhaps ours"
        # A server that took too long was perhaps asked; one that was not reached was not.
        shortest = floor if outcome is PollOutcome.TIMEOUT else OUTAGE_SECONDS
        term = Term("outage", text, shortest * (1 + luck), "sets")
    elif outcome is PollOutcome.GONE:
        if row.state_since is not None and row.state_since < polled_at:
            return Plan(None, 0.0, (Term("gone", "410, confirmed by a second", 0.0, "stops"),))
        wait = max(floor, GONE_CONFIRM_SECONDS * (1 + 0.1 * luck))
        term = Term("gone", "410: asked once more, to be sure", wait, "sets")
    elif outcome is PollOutcome.BLOCKED:
        wait = blocked_wait_seconds(row.failures, luck, floor, settings)
        term = Term("blocked", f"{row.failures} in a row", wait, "sets")
    elif outcome is PollOutcome.RATE_LIMITED:
        wait = max(floor, row.retry_after_seconds) + luck * floor
        term = Term("site_pause", f"the site waits {row.retry_after_seconds:.0f} s", wait, "sets")
    else:
        wait = failure_wait_seconds(outcome, row.failure_weight, luck, floor, settings)
        text = f"{row.failures} in a row, weight {row.failure_weight:g}, jitter {luck:.0%}"
        term = Term("backoff", text, wait, "sets")
    terms = [term]
    asked = row.retry_after_seconds
    if asked > term.seconds:
        terms.append(Term("retry_after", f"{asked:.0f} s", asked * (1 + 0.1 * luck), "raises"))
    seconds = terms[-1].seconds
    return Plan(polled_at + timedelta(seconds=seconds), seconds, tuple(terms))


def possible_gap(before: FeedSchedule, counts: PollCounts | None) -> bool:
    """Whether a document shares nothing with the one before: entries may have fallen out unseen."""
    if counts is None or before.entries == 0 or counts.new == 0:
        return False
    return counts.unchanged + counts.revised + counts.filtered + counts.invalid == 0


def _observed(
    given: ScheduleInput, gap: bool, move: MoveSighting | None, waited: float
) -> FeedSchedule:
    """The row with what the answer said, without what it means for the state."""
    row = given.previous
    if given.outcome not in SUCCESSES:
        return replace(row, move=move, retry_after_seconds=waited)
    counts = given.counts if given.outcome is PollOutcome.OK else None
    watched = observe(row, given.now, counts.new if counts else 0)
    factor = row.gap_factor
    if counts is not None:
        factor = min(1.0, max(MIN_GAP_FACTOR, factor * (GAP_SHRINK if gap else GAP_RECOVERY)))
    return replace(
        row,
        recent_news=watched.recent_news,
        recent_hours=watched.recent_hours,
        usual_news=watched.usual_news,
        usual_hours=watched.usual_hours,
        cache_seconds=freshness_seconds(given.headers, given.now),
        entries=(counts.entries if counts else 0) or row.entries,
        gap_factor=factor,
        possible_gap_at=given.now if gap else row.possible_gap_at,
        hints=given.hints if counts and given.hints is not None else row.hints,
        move=move,
        retry_after_seconds=waited,
    )


def _judged(row: FeedSchedule, given: ScheduleInput, settings: ScheduleSettings) -> FeedSchedule:
    """The row with the state the answer brings about."""
    if not given.is_confirmed and given.outcome not in SUCCESSES:
        return replace(row, last_outcome=given.outcome, last_poll_at=given.now)
    counts = given.counts
    answer = Answer(
        outcome=given.outcome,
        at=given.now,
        status=given.status,
        message=given.message,
        brought_news=counts is not None and counts.new + counts.revised > 0,
    )
    return next_state(row, answer, settings.stale_after_days)


def _floor(min_interval_seconds: int | None, settings: ScheduleSettings) -> float:
    return float(max(settings.min_interval_seconds, min_interval_seconds or 0))


def _pause_reason(given: ScheduleInput) -> str:
    status = f"HTTP {given.status}" if given.status else "rate limited"
    if given.retry_after_seconds:
        return f"{status}, asked to wait {given.retry_after_seconds:.0f} s"
    return f"{status}, without Retry-After"
