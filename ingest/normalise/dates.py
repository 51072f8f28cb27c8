"""A feed's date strings to UTC, with how far they can be believed.

RFC 822 and RFC 3339 first, then what feeds write instead: zone names, epochs, CJK and localised
dates. No library guesses here: what does not read as one date is UNREADABLE, and stays in
`published_raw`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import cache, lru_cache

from ingest.model import PublishedQuality
from ingest.model.filling import filling
from ingest.normalise.data import table

# No news feed existed before: what claims to be older is a default value of some program.
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
_MAX_LENGTH = 120  # characters of a date string worth looking at
_SKEW_STEP_SECONDS = 900  # zones are quarters of an hour apart
_LEAST_SKEW_SECONDS = 600

_TIME = r"(\d{1,2})[:.h時时點点시](\d{1,2})(?:[:.分분](\d{1,2}))?(?:[.,]\d+)?"
_DAY_FIRST = re.compile(
    rf"^(?:[^\W\d_][\w.-]*[.,]*\s+|[^\W\d_][^\d,.]{{0,24}}[.,]+\s*)?(\d{{1,2}})(?:st|nd|rd|th|er|º|ª|\.|ος)?[\s-]+(?:de\s+|of\s+)?([^\W\d_][^\s\d,-]*?)"
    rf"[.,]?[\s,-]+(?:de\s+|del\s+)?(\d{{4}}|\d\d)(?:\s*(?:г\.?|р\.?))?(?:[\s,T]+(?:\S{{1,3}}\s+)?{_TIME}\s*(.*))?$"
)
_MONTH_FIRST = re.compile(
    rf"^(?:[^\W\d_][\w.-]*,?\s+)?([^\W\d_][^\s\d,]*?)\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?,?\s+(\d{{4}})"
    rf"(?:[\s,]+(?:at\s+|@\s*|-\s*)?{_TIME}\s*(.*))?$"
)
_ASCTIME = re.compile(
    rf"^[^\W\d_]{{3,}},?\s+([^\W\d_]{{3,}})\s+(\d{{1,2}}),?\s+{_TIME}\s+(?:(\S+)\s+)?(\d{{4}})$"
)
_NUMERIC = re.compile(
    rf"^(?:[^\W\d_]+\.?,?\s+)?(\d{{1,4}})([-./])(\d{{1,2}})\2(\d{{1,4}})(?:[\sT,]+(?:-\s+)?{_TIME}\s*(.*))?$"
)
_CJK = re.compile(
    rf"^\D{{0,12}}?(\d{{4}})\s*[年년]\s*(\d{{1,2}})\s*[月월]\s*(\d{{1,2}})\s*[日일号]?"
    rf"(?:\s*[(（]?[月火水木金土日一二三四五六]?[)）]?(?:曜日?|星期.)?\s*(午前|午後|上午|下午|오전|오후)?\s*{_TIME}\s*[分분]?\s*(.*))?"
)
# As nearly all of RSS writes it (RFC 822, section 5, with the year of RFC 1123, section 5.2.14).
_RFC_822 = re.compile(
    r"[A-Z][a-z]{2}, ([0-3]?\d) ([A-Z][a-z]{2}) (20\d\d) ([01]\d|2[0-3]):([0-5]\d):([0-5]\d) "
    r"(?:GMT|UTC|Z|[+-]0000)",
    re.A,
).fullmatch
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_ENGLISH_MONTHS = {name: number for number, name in enumerate(_MONTHS, 1)}
_OFFSET = re.compile(r"^(?:GMT|UTC|UT|Z)?\s*([+-−])\s?(\d{1,2}):?(\d\d)?\b", re.I)
_HALF_DAY = re.compile(r"^([ap]\.?m\.?)(?:\s+|$)", re.I)
_EPOCH = re.compile(r"^-?\d{9,13}(?:\.\d+)?$")
_IN_URL = re.compile(r"/((?:19|20)\d\d)[/-](0[1-9]|1[0-2])[/-](0[1-9]|[12]\d|3[01])(?=[/-])")


@dataclass(frozen=True, slots=True)
class Dated:
    """A moment in UTC, or None, and what to think of it."""

    at: datetime | None
    quality: PublishedQuality


make_dated = filling(Dated)


@lru_cache(maxsize=512)
def read_date(raw: str, *, language: str | None = None) -> Dated:
    """What `raw` says, believed or not: quality EXACT, NO_TIMEZONE, ASSUMED_TIMEZONE, DATE_ONLY,
    ABSURD (years no datetime can hold) or UNREADABLE (then `at` is None).

    A date without a zone is read as UTC. `language` decides between 6/9 and 9/6.
    """
    text = raw.strip()
    if not text or len(text) > _MAX_LENGTH:
        return make_dated(None, PublishedQuality.UNREADABLE)
    try:
        return _read(text, language)
    except (ValueError, OverflowError):
        return make_dated(None, PublishedQuality.UNREADABLE)


def believed(
    published_raw: str | None,
    updated_raw: str | None,
    *,
    now: datetime,
    max_future_seconds: int = 86_400,
    clock_skew_seconds: float = 0.0,
    language: str | None = None,
    url: str | None = None,
) -> Dated:
    """When the article was published, as far as its entry can be believed at `now`.

    A date a little ahead of `now` is set to `now` (CLAMPED); one further ahead than
    `max_future_seconds`, or before 1990, is ABSURD. Then, and where no date is given, the
    modification date is taken, then a date in the URL; failing these `at` is None.
    `clock_skew_seconds` is how far the feed's clock is ahead of ours (see `estimate_clock_skew`).
    """
    first = PublishedQuality.MISSING
    for raw, is_update in ((published_raw, False), (updated_raw, True)):
        if raw is None or not raw.strip():
            continue
        dated = _checked(
            read_date(raw, language=language), now, max_future_seconds, clock_skew_seconds
        )
        if dated.at is not None:
            return make_dated(dated.at, PublishedQuality.FROM_UPDATED) if is_update else dated
        if first is PublishedQuality.MISSING:
            first = dated.quality
    if first is PublishedQuality.MISSING and url is not None:
        at = _date_in_url(url)
        if at is not None and EARLIEST <= at <= now:
            return make_dated(at, PublishedQuality.FROM_URL)
    return make_dated(None, first)


def modified(
    updated_raw: str | None,
    *,
    now: datetime,
    max_future_seconds: int = 86_400,
    clock_skew_seconds: float = 0.0,
    language: str | None = None,
) -> datetime | None:
    """The believed modification date, or None."""
    if updated_raw is None:
        return None
    read = read_date(updated_raw, language=language)
    return _checked(read, now, max_future_seconds, clock_skew_seconds).at


def estimate_clock_skew(
    claims: Sequence[datetime], server_now: datetime | None, now: datetime
) -> float:
    """Seconds by which a feed's dates run ahead of our clock; 0 where nothing says so.

    `claims` are the dates of a document's entries, `server_now` the response's Date header.
    A server whose own clock is off takes its dates with it. A server whose clock is right but
    whose newest entries lie in the future by about whole quarters of an hour writes local time
    with a wrong zone.
    """
    if server_now is not None:
        server_skew = (server_now - now).total_seconds()
        if abs(server_skew) >= _LEAST_SKEW_SECONDS:
            return server_skew
    ahead = sorted(
        seconds
        for claim in claims
        if _LEAST_SKEW_SECONDS < (seconds := (claim - now).total_seconds()) < 15 * 3600
    )
    if len(ahead) < 2:
        return 0.0
    # Several entries lie ahead: the zone is wrong by at least the newest one's distance.
    farthest = ahead[-1] if ahead[-1] - ahead[-2] < 3600 else ahead[-2]
    steps = -(-int(farthest) // _SKEW_STEP_SECONDS)
    return float(steps * _SKEW_STEP_SECONDS)


def _checked(
    dated: Dated, now: datetime, max_future_seconds: int, clock_skew_seconds: float
) -> Dated:
    at, quality = dated.at, dated.quality
    if at is None:
        return dated
    is_moment = quality is not PublishedQuality.DATE_ONLY
    if is_moment and abs(clock_skew_seconds) >= _LEAST_SKEW_SECONDS:
        quality = PublishedQuality.SKEW_CORRECTED
        at -= timedelta(seconds=clock_skew_seconds)
    if at < EARLIEST:
        return make_dated(None, PublishedQuality.ABSURD)
    if at > now:
        if (at - now).total_seconds() > max_future_seconds:
            return make_dated(None, PublishedQuality.ABSURD)
        return make_dated(now, PublishedQuality.CLAMPED)
    return make_dated(at, quality)


def _read(text: str, language: str | None) -> Dated:
    if (rfc := _RFC_822(text)) is not None and rfc[2] in _ENGLISH_MONTHS:
        at = datetime(
            *(int(rfc[3]), _ENGLISH_MONTHS[rfc[2]], int(rfc[1])),
            *(int(rfc[4]), int(rfc[5]), int(rfc[6])),
            tzinfo=UTC,
        )
        return make_dated(at, PublishedQuality.EXACT)
    if text[:4].isdigit() and (text[4:5] == "-" or (text[:8].isdigit() and text[8:9] in ("", "T"))):
        iso = _read_iso(text)
        if iso is not None:
            return iso
    if _EPOCH.match(text):
        return _read_epoch(text)
    if match := _DAY_FIRST.match(text):
        day, month, year, hour, minute, second, rest = match.groups()
        number = _months().get(month.lower().rstrip("."))
        if number is not None:
            return _built(_year(year), number, int(day), hour, minute, second, rest)
    if match := _MONTH_FIRST.match(text):
        month, day, year, hour, minute, second, rest = match.groups()
        number = _months().get(month.lower().rstrip("."))
        if number is not None:
            return _built(int(year), number, int(day), hour, minute, second, rest)
    if match := _ASCTIME.match(text):
        month, day, hour, minute, second, rest, year = match.groups()
        number = _months().get(month.lower())
        if number is not None:
            return _built(int(year), number, int(day), hour, minute, second, rest)
    if match := _CJK.match(text):
        return _read_cjk(match)
    if match := _NUMERIC.match(text):
        return _read_numeric(match, language)
    return make_dated(None, PublishedQuality.UNREADABLE)


def _read_iso(text: str) -> Dated | None:
    if text.isdigit() and len(text) != 8:
        return None
    if text.startswith(("0000", "0001")):
        return make_dated(None, PublishedQuality.ABSURD)
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    if len(text) <= 10:
        return make_dated(at.replace(tzinfo=UTC), PublishedQuality.DATE_ONLY)
    if at.tzinfo is None:
        return make_dated(at.replace(tzinfo=UTC), PublishedQuality.NO_TIMEZONE)
    return make_dated(at.astimezone(UTC), PublishedQuality.EXACT)


def _read_epoch(text: str) -> Dated:
    seconds = float(text)
    if abs(seconds) >= 1e11:
        seconds /= 1000
    return make_dated(datetime.fromtimestamp(seconds, UTC), PublishedQuality.EXACT)


def _read_cjk(match: re.Match[str]) -> Dated:
    year, month, day, half, hour, minute, second, rest = match.groups()
    if half is not None and hour is not None:
        rest = f"{'pm' if half in ('午後', '下午', '오후') else 'am'} {rest}"
    return _built(int(year), int(month), int(day), hour, minute, second, rest)


def _read_numeric(match: re.Match[str], language: str | None) -> Dated:
    first, separator, second, third, hour, minute, seconds, rest = match.groups()
    if len(first) == 4:
        year, month, day = int(first), int(second), int(third)
    else:
        year, day, month = _year(third), int(first), int(second)
        american = separator == "/" and (language or "").lower() in ("en-us", "en", "fil", "es-us")
        if month > 12 or (american and day <= 12):
            day, month = month, day
    return _built(year, month, day, hour, minute, seconds, rest)


def _year(text: str) -> int:
    year = int(text)
    if len(text) > 2:
        return year
    return year + (2000 if year < 70 else 1900)


def _built(
    year: int,
    month: int,
    day: int,
    hour: str | None,
    minute: str | None,
    second: str | None,
    rest: str | None,
) -> Dated:
    if year > 9998 or year < 2:
        return make_dated(None, PublishedQuality.ABSURD)
    if hour is None or minute is None:
        return make_dated(datetime(year, month, day, tzinfo=UTC), PublishedQuality.DATE_ONLY)
    hours, seconds = int(hour), int(second or 0)
    rest = (rest or "").strip()
    if half := _HALF_DAY.match(rest):
        hours = hours % 12 + (12 if half[1][0] in "pP" else 0)
        rest = rest[half.end() :].strip()
    offset, quality = _zone(rest)
    zone = timezone(timedelta(minutes=offset)) if offset else UTC
    # A leap second is real (RFC 3339, section 5.6), and no datetime can hold it.
    at = datetime(year, month, day, hours % 24, int(minute), min(seconds, 59), tzinfo=zone)
    if hours == 24:
        at += timedelta(days=1)
    return make_dated(at.astimezone(UTC) if offset else at, quality)


def _zone(text: str) -> tuple[int | None, PublishedQuality]:
    """Minutes east of Greenwich, or None where `text` names no zone, and the quality this gives."""
    if text in ("+0000", "GMT", "Z", "UTC"):
        return 0, PublishedQuality.EXACT
    if not text:
        return None, PublishedQuality.NO_TIMEZONE
    if match := _OFFSET.match(text):
        sign, hours, minutes = match.groups()
        value = int(hours) * 60 + int(minutes or 0)
        if value > 15 * 60:
            return None, PublishedQuality.ASSUMED_TIMEZONE
        return (value if sign == "+" else -value), PublishedQuality.EXACT
    name = text.split()[0].strip("()[].,;").lower()
    zones, assumed = _zones()
    if name in zones:
        return zones[name], PublishedQuality.EXACT
    if name in assumed:
        return assumed[name], PublishedQuality.ASSUMED_TIMEZONE
    if len(name) == 1 and name.isalpha():
        # RFC 822 had the military letters backwards; RFC 2822, section 4.3: read them as +0000.
        return 0, PublishedQuality.ASSUMED_TIMEZONE
    return None, PublishedQuality.NO_TIMEZONE


def _date_in_url(url: str) -> datetime | None:
    match = _IN_URL.search(url)
    if match is None:
        return None
    try:
        return datetime(int(match[1]), int(match[2]), int(match[3]), tzinfo=UTC)
    except ValueError:
        return None


@cache
def _months() -> Mapping[str, int]:
    return {
        name: int(number)
        for number, names in table("dates")["months"].items()
        for name in names.split()
    }


@cache
def _zones() -> tuple[Mapping[str, int], Mapping[str, int]]:
    data = table("dates")
    return data["zones"], data["assumed_zones"]
