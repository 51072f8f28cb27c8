"""Why a feed is polled when it is: its schedule in words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from ingest.cli.output import (
    Column,
    Row,
    Style,
    ago,
    minute,
    print_rows,
    printable,
    span,
    styled,
    until,
)
from ingest.cli.rows import row_of

if TYPE_CHECKING:
    from ingest.config import ScheduleSettings
    from ingest.model import Term
    from ingest.store.feeds import Feed
    from ingest.store.moving import FormerUrl
    from ingest.store.view_rows import PollRow

TERM_COLUMNS = (
    Column("name", "TERM"),
    Column("value", "VALUE", flexible=True),
    Column("effect", "EFFECT", spare=True),
    Column("interval", "INTERVAL THEN", right=True),
)
POLL_COLUMNS = (
    Column("started_at", "POLL", minute),
    Column("outcome", "OUTCOME"),
    Column("status", "STATUS", right=True, spare=True),
    Column("entries", "ENTRIES", right=True),
    Column("entries_new", "NEW", right=True),
    Column("entries_revised", "REVISED", right=True, spare=True),
    Column("detail", "DETAIL", flexible=True),
)
FORMER_COLUMNS = (
    Column("url", "POLLED BEFORE AT", flexible=True),
    Column("until_at", "UNTIL", minute),
    Column("reason", "BECAUSE"),
)


def print_former_urls(former: Sequence[FormerUrl]) -> None:
    """Print where the feed was polled before, newest first."""
    if former:
        print()
        print_rows([row_of(one) for one in former], FORMER_COLUMNS, as_json=False)


def terms_of(feed: Feed, settings: ScheduleSettings, *, is_pushed: bool = False) -> Sequence[Term]:
    """The terms of the decision when the feed is polled next."""
    from ingest.schedule.decide import plan

    return plan(
        feed.feed_id,
        feed.schedule,
        settings,
        min_interval_seconds=feed.settings.min_interval_seconds,
        is_pushed=is_pushed,
    ).terms


def explanation_row(
    feed: Feed, polls: Sequence[PollRow], terms: Sequence[Term], former: Sequence[FormerUrl]
) -> Row:
    """All of it as one object."""
    schedule = feed.schedule
    return {
        "feed_id": feed.feed_id,
        "name": feed.name,
        "url": feed.url,
        "publisher": feed.publisher,
        "state": schedule.state.value,
        "state_since": schedule.state_since,
        "state_evidence": schedule.state_evidence,
        "failures": schedule.failures,
        "last_news_at": schedule.last_news_at,
        "next_poll_at": schedule.next_poll_at,
        "terms": [row_of(term) for term in terms],
        "polls": [row_of(poll) for poll in polls],
        "former_urls": [row_of(one) for one in former],
    }


def print_explanation(
    feed: Feed, polls: Sequence[PollRow], terms: Sequence[Term], now: datetime
) -> None:
    """Print the state of `feed`, the terms of its next poll, and its last polls."""
    schedule = feed.schedule
    facts = [
        ("publisher", feed.publisher),
        ("state", f"{schedule.state.value} since {minute(schedule.state_since)}"),
        ("because", schedule.state_evidence),
        ("failures", f"{schedule.failures} in a row" if schedule.failures else None),
        ("last news", ago(now)(schedule.last_news_at) or "none seen"),
        ("next poll", _when(schedule.next_poll_at, now)),
        ("held by", feed.lease_owner if feed.lease_until and feed.lease_until > now else None),
    ]
    for name, value in facts:
        if value:
            print(f"{styled(f'{name:10}', Style.DIM)} {printable(value)}")
    if terms:
        print()
        print_rows(
            [{**row_of(term), "interval": span(term.seconds)} for term in terms],
            TERM_COLUMNS,
            as_json=False,
        )
    if polls:
        print()
        print_rows([row_of(poll) for poll in polls], POLL_COLUMNS, as_json=False)


def _when(at: datetime | None, now: datetime) -> str:
    if at is None:
        return "never by itself; `ingest feeds resume` polls it again"
    return f"{until(now)(at)}, {'at' if at > now else 'since'} {minute(at)} UTC"
