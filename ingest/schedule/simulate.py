"""What other settings would have done: the stored poll history, replayed without the network.

Each new entry of a past poll is taken to have appeared at an even pace since the poll before. Over
these arrivals the real decision function runs with the settings in question, and is counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import TYPE_CHECKING, Protocol

from ingest.model import FeedSchedule, PollCounts, PollOutcome, ScheduleInput
from ingest.schedule.decide import decide
from ingest.schedule.states import SUCCESSES

if TYPE_CHECKING:
    from ingest.config import ScheduleSettings
    from ingest.model import CadenceHints


class StoredPoll(Protocol):
    """What is needed of a row of the poll table."""

    @property
    def started_at(self) -> datetime:
        """When the request began."""

    @property
    def outcome(self) -> PollOutcome:
        """How it ended."""

    @property
    def counts(self) -> PollCounts | None:
        """What became of the entries, where a document was read."""


@dataclass(frozen=True, slots=True)
class PastPoll:
    """One poll of the history that succeeded: when, and how many entries it brought."""

    at: datetime
    new: int = 0
    entries: int = 0  # in the document; 0 where none was read


@dataclass(frozen=True, slots=True)
class FeedHistory:
    """The past of one feed, oldest poll first."""

    feed_id: int
    polls: tuple[PastPoll, ...]
    hints: CadenceHints | None = None
    min_interval_seconds: int | None = None


def history_of(
    feed_id: int,
    stored: Iterable[StoredPoll],
    *,
    hints: CadenceHints | None = None,
    min_interval_seconds: int | None = None,
) -> FeedHistory:
    """The history of a feed from its stored polls, in whatever order they come."""
    polls = [
        PastPoll(one.started_at, one.counts.new, one.counts.entries)
        if one.counts is not None
        else PastPoll(one.started_at)
        for one in stored
        if one.outcome in SUCCESSES
    ]
    polls.sort(key=lambda poll: poll.at)
    return FeedHistory(feed_id, tuple(polls), hints, min_interval_seconds)


@dataclass(frozen=True, slots=True)
class SimulatedRow:
    """One line of the table: what a way of polling costs and brings."""

    name: str
    feeds: int
    requests: int
    requests_per_feed_day: float
    new_entries: int
    median_delay_seconds: float  # from the appearance of an entry to the poll that found it
    p90_delay_seconds: float
    missed: int  # entries that fell out of the document before they were seen


@dataclass(frozen=True, slots=True)
class _Run:
    requests: int
    days: float
    delays: Counter[int]  # whole seconds
    missed: int


class _Sum:
    """The runs of all feeds under one way of polling. Of a delay only how often it was is kept."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._feeds = 0
        self._requests = 0
        self._days = 0.0
        self._delays: Counter[int] = Counter()
        self._missed = 0

    def add(self, run: _Run) -> None:
        self._feeds += 1
        self._requests += run.requests
        self._days += run.days
        self._delays.update(run.delays)
        self._missed += run.missed

    def row(self) -> SimulatedRow:
        return SimulatedRow(
            name=self._name,
            feeds=self._feeds,
            requests=self._requests,
            requests_per_feed_day=self._requests / self._days if self._days > 0 else 0.0,
            new_entries=self._delays.total(),
            median_delay_seconds=_quantile(self._delays, 0.5),
            p90_delay_seconds=_quantile(self._delays, 0.9),
            missed=self._missed,
        )


def simulate(
    histories: Iterable[FeedHistory], settings: Sequence[tuple[str, ScheduleSettings]]
) -> tuple[SimulatedRow, ...]:
    """The table: first what was really done, then one row for each of the settings.

    Histories are taken one at a time and not kept. Feeds with fewer than two polls that succeeded
    say nothing and are left out.
    """
    polled = _Sum("as polled")
    replayed = [(_Sum(name), chosen) for name, chosen in settings]
    for history in histories:
        if len(history.polls) < 2:
            continue
        polled.add(_as_polled(history))
        for found, chosen in replayed:
            found.add(_replay(history, chosen))
    return (polled.row(), *(found.row() for found, _ in replayed))


def arrivals(history: FeedHistory) -> tuple[datetime, ...]:
    """When the entries of the history appeared, as well as can be known. Oldest first."""
    found: list[datetime] = []
    before = history.polls[0].at
    for poll in history.polls[1:]:
        gap = poll.at - before
        found += [before + gap * ((n + 1) / (poll.new + 1)) for n in range(poll.new)]
        before = poll.at
    return tuple(found)


def _as_polled(history: FeedHistory) -> _Run:
    moments = [poll.at for poll in history.polls]
    return _count(history, moments)


def _replay(history: FeedHistory, settings: ScheduleSettings) -> _Run:
    appeared = arrivals(history)
    size = _document_size(history)
    end = history.polls[-1].at
    now = history.polls[0].at
    row = FeedSchedule()
    moments: list[datetime] = []
    seen = 0
    while now <= end:
        moments.append(now)
        upto = _upto(appeared, now, seen)
        new = min(upto - seen, size)
        counts = PollCounts(entries=size, new=new, unchanged=size - new)
        row = decide(
            ScheduleInput(
                feed_id=history.feed_id,
                url="",
                site="",
                now=now,
                outcome=PollOutcome.OK,
                previous=row,
                hints=history.hints,
                counts=counts,
                min_interval_seconds=history.min_interval_seconds,
            ),
            settings,
        ).schedule
        seen = upto
        assert row.next_poll_at is not None  # a feed that answers is always polled again
        now = row.next_poll_at
    return _count(history, moments)


def _count(history: FeedHistory, moments: Sequence[datetime]) -> _Run:
    appeared = arrivals(history)
    size = _document_size(history)
    delays: Counter[int] = Counter()
    missed = 0
    seen = 0
    for moment in moments:
        upto = _upto(appeared, moment, seen)
        fallen_out = max(0, upto - seen - size)
        missed += fallen_out
        found = appeared[seen + fallen_out : upto]
        delays.update(int((moment - at).total_seconds()) for at in found)
        seen = upto
    days = (history.polls[-1].at - history.polls[0].at) / timedelta(days=1)
    return _Run(len(moments), days, delays, missed)


def _upto(appeared: Sequence[datetime], moment: datetime, start: int) -> int:
    while start < len(appeared) and appeared[start] <= moment:
        start += 1
    return start


def _document_size(history: FeedHistory) -> int:
    sizes = [poll.entries for poll in history.polls if poll.entries > 0]
    return max(1, int(median(sizes))) if sizes else 20


def _quantile(delays: Counter[int], share: float) -> float:
    """The delay in seconds that this share of the entries did not exceed; 0 without any."""
    left = share * delays.total()
    for seconds, times in sorted(delays.items()):
        left -= times
        if left <= 0:
            return float(seconds)
    return 0.0
