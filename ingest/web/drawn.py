"""What the plots of the pages show: polls, latency, entries, scores. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from ingest.model import PollOutcome
from ingest.store.status import Hour
from ingest.store.view_rows import PollRow
from ingest.store.web_queries import FeedHour
from ingest.web.plots import Plot, Stack, stacked
from ingest.web.shown import minute, share

DAY_HOURS = 24
_GOOD = {PollOutcome.OK, PollOutcome.NOT_MODIFIED, PollOutcome.SAME_BYTES}


def by_feed(hours: Sequence[FeedHour]) -> dict[int, dict[int, FeedHour]]:
    """Hours by feed, and by how many hours ago they were."""
    found: dict[int, dict[int, FeedHour]] = defaultdict(dict)
    for hour in hours:
        found[hour.feed_id][hour.hours_ago] = hour
    return found


def feed_day(name: str, hours: Mapping[int, FeedHour]) -> Plot:
    """The polls of a feed in the last 24 hours, small."""
    columns = []
    for back in range(DAY_HOURS - 1, -1, -1):
        hour = hours.get(back)
        if hour is None:
            columns.append(Stack((), ""))
            continue
        parts = (("good", float(hour.polls - hour.failed)), ("bad", float(hour.failed)))
        said = f"{back} h ago: {hour.polls} polls, {hour.failed} failed, {hour.new} new"
        columns.append(Stack(parts, said))
    return stacked(columns, f"Polls of {name} in the last 24 hours", width=120.0, height=22.0)


def _hour_ticks(hours: Sequence[Hour]) -> list[tuple[int, str]]:
    return [
        (at, f"{hour.began_at:%a %H:%M}")
        for at, hour in enumerate(hours)
        if hour.began_at.hour % 12 == 0
    ]


def polls_an_hour(hours: Sequence[Hour]) -> Plot:
    """Polls an hour, those that failed on top."""
    columns = [
        Stack(
            (("good", float(hour.polls - hour.failed)), ("bad", float(hour.failed))),
            f"{minute(hour.began_at)}: {hour.polls} polls, {hour.failed} failed",
        )
        for hour in hours
    ]
    label = f"Polls an hour, last {len(hours)} hours"
    return stacked(columns, label, ticks=_hour_ticks(hours))


def news_an_hour(hours: Sequence[Hour]) -> Plot:
    """New articles an hour."""
    columns = [
        Stack(
            (("news", float(hour.new_articles)),),
            f"{minute(hour.began_at)}: {hour.new_articles} new articles",
        )
        for hour in hours
    ]
    label = f"New articles an hour, last {len(hours)} hours"
    return stacked(columns, label, ticks=_hour_ticks(hours))


def _poll_ticks(polls: Sequence[PollRow]) -> list[tuple[int, str]]:
    """The times of the first, a middle and a late one of the polls, oldest first."""
    if len(polls) < 8:
        return [(0, f"{polls[0].started_at:%d %b %H:%M}")] if polls else []
    return [
        (at, f"{polls[at].started_at:%d %b %H:%M}")
        for at in (0, len(polls) // 3, len(polls) * 2 // 3)
    ]


def latency(polls: Sequence[PollRow]) -> Plot:
    """How long each poll took, given newest first.

    Polls that failed are as tall as the plot at most: one timeout would flatten all the others.
    """
    ordered = polls[::-1]
    took = [one.elapsed_seconds * 1000 for one in ordered]
    good = [PollOutcome(one.outcome) in _GOOD for one in ordered]
    most = max((value for value, is_good in zip(took, good, strict=True) if is_good), default=None)
    columns = [
        Stack(
            (("good", value) if is_good else ("bad", value if most is None else min(value, most)),),
            f"{minute(one.started_at)}: {one.outcome}, {value:.0f} ms",
        )
        for one, value, is_good in zip(ordered, took, good, strict=True)
    ]
    label = f"Milliseconds a poll took, last {len(polls)} polls"
    return stacked(columns, label, ticks=_poll_ticks(ordered))


def entries(polls: Sequence[PollRow]) -> Plot:
    """What each poll brought, given newest first; possible gaps in a colour of their own."""
    ordered = polls[::-1]
    columns = [
        Stack(
            (
                ("gap" if one.possible_gap else "news", float(one.entries_new or 0)),
                ("revised", float(one.entries_revised or 0)),
            ),
            f"{minute(one.started_at)}: {one.entries_new or 0} new,"
            f" {one.entries_revised or 0} revised"
            + (", some may have been missed" if one.possible_gap else ""),
        )
        for one in ordered
    ]
    label = f"New and revised entries, last {len(polls)} polls"
    return stacked(columns, label, ticks=_poll_ticks(ordered))


def resemblance(histogram: Sequence[tuple[int, int]]) -> Plot:
    """Matches by resemblance: those that made one story, and those recorded only."""
    bins = len(histogram)
    columns = [
        Stack(
            (("good", float(merged)), ("apart", float(apart))),
            f"resemblance {share(at / bins)} to {share((at + 1) / bins)}:"
            f" {merged} one story, {apart} recorded only",
        )
        for at, (merged, apart) in enumerate(histogram)
    ]
    ticks = [(at, share(at / bins)) for at in range(0, bins, max(1, bins // 5))]
    return stacked(columns, "Matches by resemblance", ticks=ticks)
