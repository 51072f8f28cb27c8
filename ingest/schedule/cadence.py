"""When to poll a feed next, after a poll that succeeded.

The feed's own rate of news proposes an interval; the publisher's hints, the overlap between
documents and the configuration bound it; a jitter keeps feeds out of step. Each of these is a Term,
in the order applied, so that `feeds explain` can print how the answer came about.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from ingest.model import CadenceHints, Term

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ingest.config import ScheduleSettings

SECONDS_PER_DAY = 86_400.0
JITTER_SHARE = 0.1  # of the interval, upwards only: a jitter must not break a floor
PUSHED_FACTOR = 4.0  # with WebSub, polling is the safety net
OVERLAP_SHARE = 0.5  # poll before half of the document is expected to be new
MAX_CACHE_SECONDS = 7 * SECONDS_PER_DAY  # more is a mistake in a server's configuration
_PERIOD_SECONDS = {
    "hourly": 3_600.0,
    "daily": SECONDS_PER_DAY,
    "weekly": 7 * SECONDS_PER_DAY,
    "monthly": 30 * SECONDS_PER_DAY,
    "yearly": 365 * SECONDS_PER_DAY,
}
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, slots=True)
class NextPoll:
    """The decision: when, how long from now, and why."""

    next_poll_at: datetime
    interval_seconds: float
    terms: tuple[Term, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What is known of a feed when the next poll is decided."""

    feed_id: int
    polled_at: datetime
    news_per_hour: float | None  # None: not watched long enough to say
    entries: int = 0  # in the last document; 0: unknown
    gap_factor: float = 1.0
    hints: CadenceHints = field(default_factory=CadenceHints)
    cache_seconds: float = 0.0
    retry_after_seconds: float = 0.0
    min_interval_seconds: int | None = None
    is_pushed: bool = False
    is_first: bool = False


def share(*parts: object) -> float:
    """A number in [0, 1) that looks random and is always the same for the same parts."""
    digest = hashlib.blake2b("|".join(map(str, parts)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


class _Reckoning:
    """The interval so far, and the terms that made it so."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.terms: list[Term] = []

    def set(self, name: str, value: str, seconds: float, effect: str) -> None:
        self.seconds = seconds
        self.terms.append(Term(name, value, seconds, effect))


def decide_next_poll(seen: Observed, settings: ScheduleSettings) -> NextPoll:
    """When to poll a healthy feed next.

    The interval follows the inverse square root of the news rate: for a given number of requests
    that makes the mean delay of a new entry smallest (Sia, Cho, Cho: "Efficient Monitoring
    Algorithm for Fast News Alerts", IEEE TKDE 19(7), 2007). It is anchored so that a feed with
    one new entry an hour is polled every `default_interval_seconds`.
    """
    reckoning = _Reckoning()
    floor = float(max(settings.min_interval_seconds, seen.min_interval_seconds or 0))
    ceiling = max(float(settings.max_interval_seconds), floor)
    safe = max(_overlap_seconds(seen.news_per_hour, seen.entries), floor)
    _propose(reckoning, seen, ceiling, float(settings.default_interval_seconds))
    asked = _heed_publisher(reckoning, seen, min(ceiling, safe))
    if safe < reckoning.seconds:
        text = f"{seen.entries} entries in the document, half of them may be new"
        reckoning.set("overlap", text, safe, "lowers")
    if seen.gap_factor < 1:
        text = f"documents did not overlap: x {seen.gap_factor:.3g}"
        reckoning.set("gap", text, reckoning.seconds * seen.gap_factor, "lowers")
    if reckoning.seconds > ceiling:
        reckoning.set("max_interval", f"{ceiling:.0f} s", ceiling, "lowers")
    if reckoning.seconds < floor:
        reckoning.set("min_interval", f"{floor:.0f} s", floor, "raises")
    if seen.retry_after_seconds > reckoning.seconds:
        text = f"{seen.retry_after_seconds:.0f} s"
        reckoning.set("retry_after", text, seen.retry_after_seconds, "raises")
    luck = share(seen.feed_id, seen.polled_at.timestamp())
    if seen.is_first:
        lowest = max(floor, seen.retry_after_seconds, min(asked, reckoning.seconds))
        _spread(reckoning, luck, lowest, float(settings.default_interval_seconds))
    else:
        jittered = reckoning.seconds * (1 + JITTER_SHARE * luck)
        reckoning.set("jitter", f"+{luck * JITTER_SHARE:.1%}", jittered, "raises")
    due = _skip_hours(reckoning, seen, luck, safe)
    return NextPoll(due, reckoning.seconds, tuple(reckoning.terms))


def _propose(reckoning: _Reckoning, seen: Observed, ceiling: float, base: float) -> None:
    rate = seen.news_per_hour
    if rate is None:
        reckoning.set("default", "no news rate known yet", base, "sets")
    elif rate <= 0:
        reckoning.set("news_rate", "no news while watched", ceiling, "sets")
    else:
        text = f"{rate:.3g} new entries an hour"
        reckoning.set("news_rate", text, base / math.sqrt(rate), "sets")
    if seen.is_pushed:
        text = "pushed by its hub; polling is the safety net"
        reckoning.set("websub", text, reckoning.seconds * PUSHED_FACTOR, "raises")


def _heed_publisher(reckoning: _Reckoning, seen: Observed, most: float) -> float:
    """Raise the interval to what the publisher asks for, at most to `most`; return that."""
    asked = 0.0
    for name, value, wanted in _publisher_floors(seen):
        allowed = min(wanted, most)
        asked = max(asked, allowed)
        if allowed > reckoning.seconds:
            effect = "raises" if allowed == wanted else "raises, but less than asked"
            reckoning.set(name, value, allowed, effect)
        else:
            reckoning.set(name, value, reckoning.seconds, "already met")
    return asked


def _spread(reckoning: _Reckoning, luck: float, lowest: float, base: float) -> None:
    """Feeds that were added together must not stay together.

    The second poll of each falls anywhere between the least that is polite and its interval; where
    these are one, in a window above it.
    """
    highest = max(reckoning.seconds, min(2 * lowest, lowest + base))
    text = f"{luck:.0%} of the way from {lowest:.0f} to {highest:.0f} s"
    reckoning.set("first_spread", text, lowest + (highest - lowest) * luck, "spreads")


def _skip_hours(reckoning: _Reckoning, seen: Observed, luck: float, safe: float) -> datetime:
    due = seen.polled_at + timedelta(seconds=reckoning.seconds)
    awake = after_skips(due, seen.hints)
    if awake == due:
        return due
    if (awake - seen.polled_at).total_seconds() > safe:
        text = "ignored: entries could fall out unseen"
        reckoning.set("skip_hours", text, reckoning.seconds, "none")
        return due
    # Everybody wakes at the full hour, so the jitter is laid on top once more.
    awake += timedelta(seconds=luck * min(JITTER_SHARE * reckoning.seconds, 600.0))
    text = "the publisher asks not to be polled then"
    reckoning.set("skip_hours", text, (awake - seen.polled_at).total_seconds(), "moves on")
    return awake


def _overlap_seconds(rate: float | None, entries: int) -> float:
    """The longest interval in which only half of the document is expected to be replaced."""
    if not rate or entries < 1 or rate <= 0:
        return math.inf
    return OVERLAP_SHARE * entries / rate * 3_600.0


def _publisher_floors(seen: Observed) -> list[tuple[str, str, float]]:
    floors = []
    if seen.cache_seconds > 0:
        floors.append(("cache", f"fresh for {seen.cache_seconds:.0f} s", seen.cache_seconds))
    ttl = seen.hints.ttl_minutes
    if ttl is not None and ttl > 0:
        floors.append(("ttl", f"{ttl} min", ttl * 60.0))
    period = update_period_seconds(seen.hints)
    if period is not None:
        times = seen.hints.update_frequency or 1
        floors.append(("sy", f"{times} times {seen.hints.update_period}", period))
    return floors


def update_period_seconds(hints: CadenceHints) -> float | None:
    """What sy:updatePeriod and sy:updateFrequency ask for (RSS 1.0 syndication module).

    WordPress writes "hourly, 1" into every feed by default, so it is a floor worth keeping.
    """
    if hints.update_period is None:
        return None
    period = _PERIOD_SECONDS.get(hints.update_period.strip().lower())
    if period is None:
        return None
    return period / max(1, hints.update_frequency or 1)


def freshness_seconds(headers: Mapping[str, str], now: datetime) -> float:
    """How long an answer calls itself fresh, in seconds from now (RFC 9111, section 4.2).

    `max-age` goes before `Expires`; `s-maxage` is for shared caches and not for us; `Age` has
    already passed. Unreadable values count as none.
    """
    lifetime: float | None = None
    for directive in headers.get("cache-control", "").split(","):
        name, _, value = directive.strip().partition("=")
        name = name.strip().lower()
        if name in ("no-cache", "no-store"):
            return 0.0
        if name == "max-age":
            digits = value.strip().strip('"')
            if digits.isascii() and digits.isdigit():
                lifetime = float(digits[:12])
    if lifetime is None and "expires" in headers:
        expires = http_date(headers["expires"])
        if expires is not None:
            lifetime = (expires - (http_date(headers.get("date", "")) or now)).total_seconds()
    if lifetime is None:
        return 0.0
    age = headers.get("age", "").strip()
    if age.isascii() and age.isdigit():
        lifetime -= float(age[:12])
    return min(max(lifetime, 0.0), MAX_CACHE_SECONDS)


def http_date(text: str) -> datetime | None:
    """An HTTP date (RFC 9110, section 5.6.7), or None."""
    try:
        parsed = parsedate_to_datetime(text)
        return parsed.replace(tzinfo=parsed.tzinfo or UTC).astimezone(UTC)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None


def after_skips(at: datetime, hints: CadenceHints) -> datetime:
    """`at`, or the first full hour after it that is neither in skipHours nor in skipDays.

    Both are in GMT (RSS 2.0). Hints that leave no hour of the week are not followed.
    """
    hours = {hour % 24 for hour in hints.skip_hours}  # some write 24 for midnight
    days = {_WEEKDAYS.index(d) for d in map(_weekday, hints.skip_days) if d in _WEEKDAYS}
    if len(hours) >= 24 or len(days) >= 7 or not (hours or days):
        return at
    moment = at.astimezone(UTC)
    while moment.hour in hours or moment.weekday() in days:
        moment = moment.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return moment


def _weekday(name: str) -> str:
    return name.strip().lower()
