"""The state of a feed: a pure transition, with evidence and since when.

ok <-> failing      one poll that fails, one that succeeds
ok <-> stale        nothing new for long, then news
any -> blocked      403 or a challenge page, until a poll succeeds
any -> gone         410, until a poll succeeds
paused              only a person enters and leaves it
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from ingest.model import FeedSchedule, FeedState, PollOutcome
from ingest.model.schedule import replace
from ingest.schedule.backoff import FAILURE_WEIGHTS

if TYPE_CHECKING:
    from datetime import datetime

SUCCESSES = frozenset({PollOutcome.OK, PollOutcome.NOT_MODIFIED, PollOutcome.SAME_BYTES})


@dataclass(frozen=True, slots=True)
class Answer:
    """One poll, as far as the state depends on it."""

    outcome: PollOutcome
    at: datetime
    status: int | None = None
    message: str | None = None
    brought_news: bool = False


class _Entered(NamedTuple):
    state: FeedState
    since: datetime | None
    evidence: str | None


def next_state(row: FeedSchedule, answer: Answer, stale_after_days: float) -> FeedSchedule:
    """`row` with state, evidence and failure counts as they are after this answer.

    Only the state's own columns change: state, state_since, state_evidence, failures,
    failure_weight, last_outcome, last_poll_at, last_success_at, last_news_at.
    """
    if answer.outcome is PollOutcome.OWN_OUTAGE:
        return replace(row, last_outcome=answer.outcome, last_poll_at=answer.at)
    if answer.outcome in SUCCESSES:
        return _after_success(row, answer, stale_after_days)
    failures = row.failures + 1
    entered = _enter(row, _failed_state(answer.outcome), _evidence(answer, failures), answer)
    return replace(
        row,
        state=entered.state,
        state_since=entered.since,
        state_evidence=entered.evidence,
        last_outcome=answer.outcome,
        last_poll_at=answer.at,
        failures=failures,
        failure_weight=row.failure_weight + FAILURE_WEIGHTS.get(answer.outcome, 0.0),
    )


def _after_success(row: FeedSchedule, answer: Answer, stale_after_days: float) -> FeedSchedule:
    is_first = row.last_success_at is None
    news_at = answer.at if answer.brought_news or is_first else row.last_news_at
    entered = _enter(row, FeedState.OK, None, answer)
    if stale_after_days > 0 and news_at is not None:
        silent = answer.at - news_at
        if silent > timedelta(days=stale_after_days):
            evidence = f"nothing new since {news_at:%Y-%m-%d}"
            entered = _enter(row, FeedState.STALE, evidence, answer)
    return replace(
        row,
        state=entered.state,
        state_since=entered.since,
        state_evidence=entered.evidence,
        last_outcome=answer.outcome,
        last_poll_at=answer.at,
        last_success_at=answer.at,
        last_news_at=news_at,
        failures=0,
        failure_weight=0.0,
    )


def _failed_state(outcome: PollOutcome) -> FeedState:
    if outcome is PollOutcome.GONE:
        return FeedState.GONE
    if outcome is PollOutcome.BLOCKED:
        return FeedState.BLOCKED
    return FeedState.FAILING


def _enter(row: FeedSchedule, state: FeedState, evidence: str | None, answer: Answer) -> _Entered:
    """The state with its beginning; who is paused stays so, whatever was answered."""
    if row.state is FeedState.PAUSED:
        return _Entered(row.state, row.state_since, row.state_evidence)
    since = row.state_since if row.state is state and row.state_since else answer.at
    return _Entered(state, since, evidence)


def _evidence(answer: Answer, failures: int) -> str:
    text = answer.message or answer.outcome.value.replace("_", " ")
    if answer.status is not None and str(answer.status) not in text:
        text = f"HTTP {answer.status}: {text}"
    return text if failures == 1 else f"{text} ({failures} polls in a row)"
