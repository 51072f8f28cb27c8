"""How often a feed brings something new, remembered in four numbers.

News and hours watched are both sums that decay with age, so a rate is their quotient. The recent
pair (half-life of half a day) sees a busy day, the usual pair (a week) remembers through the night
and the weekend; the higher rate counts. Both begin with a guess that decays like any observation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from datetime import datetime

    from ingest.model import FeedSchedule

RECENT_HALF_LIFE_HOURS = 12.0
USUAL_HALF_LIFE_HOURS = 7 * 24.0
PRIOR_HOURS = 3.0  # a new feed counts as watched for so long, at one new entry an hour
PRIOR_NEWS = 3.0
MAX_WATCHED_HOURS = 14 * 24.0  # a longer silence of ours says no more than this


class Watched(NamedTuple):
    """The four numbers: sums that decay with a half-life of half a day and of a week."""

    recent_news: float
    recent_hours: float
    usual_news: float
    usual_hours: float


def observe(row: FeedSchedule, polled_at: datetime, new_entries: int) -> Watched:
    """The numbers of `row` after a poll that succeeded and found `new_entries`.

    The first poll only starts the watch: everything in its document is new to us, and says nothing
    about how fast it came. The time since the last success counts, so failed polls in between
    neither slow the rate down nor are they taken for silence of the feed.
    """
    if row.last_success_at is None:
        return Watched(PRIOR_NEWS, PRIOR_HOURS, PRIOR_NEWS, PRIOR_HOURS)
    hours = (polled_at - row.last_success_at).total_seconds() / 3_600.0
    hours = min(max(hours, 0.0), MAX_WATCHED_HOURS)  # a clock may have been stepped back
    recent: float = 0.5 ** (hours / RECENT_HALF_LIFE_HOURS)
    usual: float = 0.5 ** (hours / USUAL_HALF_LIFE_HOURS)
    return Watched(
        row.recent_news * recent + new_entries,
        row.recent_hours * recent + hours,
        row.usual_news * usual + new_entries,
        row.usual_hours * usual + hours,
    )


def news_per_hour(row: FeedSchedule) -> float | None:
    """New entries an hour, or None before the first successful poll."""
    if row.usual_hours <= 0:
        return None
    usual = row.usual_news / row.usual_hours
    if row.recent_hours <= 0:
        return usual
    return max(usual, row.recent_news / row.recent_hours)
