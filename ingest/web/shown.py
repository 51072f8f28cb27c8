"""How values are shown on a page: times, durations, shares, addresses. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from urllib.parse import urlsplit

LONG_AGO_DAYS = 60  # from here on a date says more than a number of days
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]+")


def clean(text: object) -> str:
    """`text` without control characters and without those that turn the direction of writing."""
    return _CONTROL.sub(" ", "" if text is None else str(text))


def minute(value: datetime | None) -> str:
    """A time to the minute, in UTC."""
    return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M") if value is not None else ""


def iso(value: datetime | None) -> str:
    """A time as machines read it."""
    return value.astimezone(UTC).isoformat(timespec="seconds") if value is not None else ""


def span(seconds: float | None) -> str:
    """A duration in its largest fitting unit: `40 s`, `12 min`, `3 h`, `5 d`."""
    if seconds is None:
        return ""
    amount = abs(seconds)
    for unit, size in (("d", 86_400.0), ("h", 3_600.0), ("min", 60.0)):
        if amount >= 2 * size:
            return f"{amount / size:.0f} {unit}"
    return f"{amount:.0f} s"


def ago(value: datetime | None, now: datetime) -> str:
    """How long before `now`, or after it; the day where that is long ago."""
    if value is None:
        return ""
    seconds = (now - value).total_seconds()
    if seconds >= LONG_AGO_DAYS * 86_400:
        return minute(value)[:10]
    return f"{span(seconds)} ago" if seconds >= 0 else f"in {span(seconds)}"


def share(value: float | None) -> str:
    """A number between 0 and 1 as a percentage."""
    return "" if value is None else f"{value:.0%}"


def amount(value: float | None) -> str:
    """A count with a thin space between thousands; a rate with one decimal below ten."""
    if value is None:
        return ""
    if value != int(value) and value < 10:
        return f"{value:.1f}"
    return f"{value:,.0f}".replace(",", "\u202f")


def web_url(value: str | None) -> str | None:
    """`value` where a link may lead there: an absolute http or https address, else None."""
    if not value or value != value.strip():
        return None
    try:
        parts = urlsplit(value)
    except ValueError:
        return None
    return value if parts.scheme in ("http", "https") and parts.hostname else None


def host_of(value: str | None) -> str:
    """The host of an address, for a link's text."""
    url = web_url(value)
    return (urlsplit(url).hostname or "") if url else ""
