"""The canonical line of a poll: everything about it, once."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from ingest.schedule.log import say
from ingest.schedule.states import SUCCESSES

if TYPE_CHECKING:
    from ingest.record import Recorded


def report_poll(recorded: Recorded) -> None:
    """Log one poll as it was stored: info where it succeeded, warning where it did not."""
    due, polled, counts = recorded.due, recorded.polled, recorded.counts
    if recorded.is_lost:
        say(logging.WARNING, "poll_lost", feed=due.name, detail="another worker has claimed it")
        return
    decision = recorded.decision
    late = None if due.due_at is None else (polled.started_at - due.due_at).total_seconds()
    say(
        logging.INFO if polled.outcome in SUCCESSES else logging.WARNING,
        "poll",
        feed=due.name,
        feed_id=due.feed_id,
        outcome=polled.outcome.value,
        status=polled.status,
        entries=counts.entries if counts else None,
        new=counts.new if counts else None,
        revised=counts.revised if counts else None,
        invalid=counts.invalid or None if counts else None,
        received_bytes=polled.received_bytes,
        seconds=round(polled.elapsed_seconds, 3),
        late_seconds=None if late is None else round(late, 1),
        state=decision.schedule.state.value if decision else None,
        interval_seconds=round(decision.schedule.interval_seconds) if decision else None,
        next_poll_at=decision.schedule.next_poll_at if decision else None,
        possible_gap=(decision.possible_gap or None) if decision else None,
        moved_to=decision.moved_to if decision else None,
        site_paused_until=decision.site_pause.until
        if decision is not None and decision.site_pause is not None
        else None,
        detail=polled.message,
    )
