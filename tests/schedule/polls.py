"""Short ways to say "this feed was polled, and this happened"."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from ingest.config import ScheduleSettings
from ingest.model import (
    CadenceHints,
    FeedSchedule,
    PollCounts,
    PollOutcome,
    Redirect,
    ScheduleDecision,
    ScheduleInput,
)
from ingest.schedule.decide import decide

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)  # a Monday
SETTINGS = ScheduleSettings()
OUTCOMES_WITHOUT_DOCUMENT = tuple(
    outcome
    for outcome in PollOutcome
    if outcome not in (PollOutcome.OK, PollOutcome.NOT_MODIFIED, PollOutcome.SAME_BYTES)
)


def after(**units: float) -> datetime:
    """START plus a timedelta."""
    return START + timedelta(**units)


class Feed:
    """One feed and a clock turned by hand: each poll goes through `decide`."""

    def __init__(
        self,
        feed_id: int = 1,
        settings: ScheduleSettings = SETTINGS,
        *,
        min_interval_seconds: int | None = None,
        is_pushed: bool = False,
    ) -> None:
        self.feed_id = feed_id
        self.settings = settings
        self.row = FeedSchedule()
        self.now = START
        self.site_failures = 0
        self.min_interval_seconds = min_interval_seconds
        self.is_pushed = is_pushed
        self.last: ScheduleDecision | None = None

    def poll(
        self,
        outcome: PollOutcome = PollOutcome.OK,
        *,
        new: int = 0,
        known: int = 20,
        headers: Mapping[str, str] | None = None,
        hints: CadenceHints | None = None,
        redirects: tuple[Redirect, ...] = (),
        retry_after_seconds: float | None = None,
        status: int | None = None,
        is_confirmed: bool = True,
    ) -> ScheduleDecision:
        """Poll now; `new` and `known` are the entries of the document, where there is one."""
        counts = None
        if outcome is PollOutcome.OK:
            counts = PollCounts(entries=new + known, new=new, unchanged=known)
        decision = decide(
            ScheduleInput(
                feed_id=self.feed_id,
                url="https://example.org/feed",
                site="example.org",
                now=self.now,
                outcome=outcome,
                previous=self.row,
                status=status,
                headers=headers or {},
                redirects=redirects,
                retry_after_seconds=retry_after_seconds,
                hints=hints,
                counts=counts,
                site_failures=self.site_failures,
                min_interval_seconds=self.min_interval_seconds,
                is_pushed=self.is_pushed,
                is_confirmed=is_confirmed,
            ),
            self.settings,
        )
        self.row = decision.schedule
        self.site_failures = decision.site_failures
        self.last = decision
        return decision

    def poll_when_due(
        self, outcome: PollOutcome = PollOutcome.OK, *, new: int = 0, known: int = 20
    ) -> ScheduleDecision:
        """Turn the clock to the next due time, and poll."""
        self.wait()
        return self.poll(outcome, new=new, known=known)

    def wait(self) -> None:
        """Turn the clock to the next due time."""
        assert self.row.next_poll_at is not None
        self.now = self.row.next_poll_at

    def term(self, name: str) -> float:
        """The interval after the term of this name, in the last decision."""
        assert self.last is not None
        return next(term.seconds for term in self.last.terms if term.name == name)

    def term_names(self) -> list[str]:
        """The names of the terms of the last decision, in order."""
        assert self.last is not None
        return [term.name for term in self.last.terms]
