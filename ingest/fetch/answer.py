"""What an answer means: outcomes of statuses, challenge pages, Retry-After."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from ingest.model import PollOutcome

REDIRECT_STATUSES = frozenset({301, 302, 303, 307, 308})
_MAX_RETRY_AFTER_SECONDS = 366 * 86_400.0

# Headers by which gateways say that a person is wanted: Cloudflare documents cf-mitigated, AWS WAF
# x-amzn-waf-action, Vercel x-vercel-mitigated.
_CHALLENGE_HEADERS = {
    "cf-mitigated": "Cloudflare",
    "x-amzn-waf-action": "AWS WAF",
    "x-vercel-mitigated": "Vercel",
}
# What their pages hold, in lower case. Seen in the wild; each is a script, an id or a path rather
# than prose, so that an article about Cloudflare is not taken for a challenge.
_CHALLENGE_MARKS: tuple[tuple[bytes, str], ...] = (
    (b"/cdn-cgi/challenge-platform/", "Cloudflare"),
    (b"<title>just a moment...</title>", "Cloudflare"),
    (b"cf-browser-verification", "Cloudflare"),
    (b"<title>attention required! | cloudflare</title>", "Cloudflare"),
    (b'id="anubis_challenge"', "Anubis"),
    (b"/.within.website/x/cmd/anubis/", "Anubis"),
    (b"_incapsula_resource", "Imperva"),
    (b"sucuri_cloudproxy_js", "Sucuri"),
    (b"geo.captcha-delivery.com", "DataDome"),
    (b"window._pxappid", "PerimeterX"),
    (b"<title>ddos-guard</title>", "DDoS-Guard"),
    (b"/.well-known/ddos-guard/", "DDoS-Guard"),
    (b"awswafintegration", "AWS WAF"),
)
# Atomic and possessive groups: a page of nothing but comments must not be tried in every way.
_HTML_START = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*+(?:<!--(?>.*?-->)\s*+)*+<(?:!doctype\s+html|html|head)\b", re.I | re.S
)
_LOOK_BYTES = 65_536


def challenge_in(headers: Mapping[str, str], body: bytes) -> str | None:
    """Whose gateway wants a person, if the answer is a challenge page."""
    for name, who in _CHALLENGE_HEADERS.items():
        if headers.get(name, "").strip().lower() in ("challenge", "captcha", "deny", "block"):
            return who
    if not is_html(headers, body):
        return None
    start = body[:_LOOK_BYTES].lower()
    return next((who for mark, who in _CHALLENGE_MARKS if mark in start), None)


def is_html(headers: Mapping[str, str], body: bytes) -> bool:
    """Whether the body is an HTML page: by its own start, whatever the header claims."""
    if _HTML_START.match(body[:2048]):
        return True
    claimed = headers.get("content-type", "").partition(";")[0].strip().lower()
    return claimed == "text/html" and not body.lstrip()[:5].lower().startswith(
        (b"<?xml", b"<rss", b"<feed", b"<rdf:", b"{")
    )


def failure_of(
    status: int, headers: Mapping[str, str], body: bytes, retry_after_seconds: float | None
) -> tuple[PollOutcome, str]:
    """The outcome and the line that tells the user, for a status that brought no document."""
    who = challenge_in(headers, body)
    if who is not None:
        return (
            PollOutcome.BLOCKED,
            f"{status}: {who} asks for proof that we are a person; the publisher would have to let "
            "our user agent through",
        )
    if status == 403:
        page = " with an HTML page" if is_html(headers, body) else ""
        return PollOutcome.BLOCKED, f"403{page}: the server refuses us this document"
    if status == 410:
        return PollOutcome.GONE, "410: the publisher has taken this document down for good"
    if status == 429 or (status == 503 and retry_after_seconds is not None):
        asked = (
            ""
            if retry_after_seconds is None
            else f" and asks for {retry_after_seconds:.0f} s of rest"
        )
        return PollOutcome.RATE_LIMITED, f"{status}: the server is asked too often{asked}"
    if status == 401:
        return PollOutcome.CLIENT_ERROR, "401: a user name and password, or other ones, are needed"
    if status == 407:
        return PollOutcome.CONNECT_ERROR, "407: the proxy wants a user name and password"
    if status == 511:  # RFC 6585, section 6: never from the server that was asked
        return PollOutcome.CONNECT_ERROR, "511: our network wants a login before it lets us out"
    if status == 404:
        return PollOutcome.CLIENT_ERROR, "404: there is no such document"
    if 400 <= status < 500:
        return PollOutcome.CLIENT_ERROR, f"{status}: the server rejects the request"
    if 500 <= status < 600:
        return PollOutcome.SERVER_ERROR, f"{status}: the server has failed"
    return PollOutcome.PROTOCOL_ERROR, f"{status}: not an answer to what was asked"


def retry_after_seconds(value: str | None, *, now: datetime) -> float | None:
    """A Retry-After header as seconds from `now`; never negative, a year at most.

    Seconds or a date (RFC 9110, section 10.2.3). None where there is none or it cannot be read.
    """
    if value is None:
        return None
    value = value.strip()
    try:
        seconds = float(value)
    except ValueError:
        try:
            at = parsedate_to_datetime(value)
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
        if at.tzinfo is None:
            at = at.replace(tzinfo=UTC)
        seconds = (at - now).total_seconds()
    if not math.isfinite(seconds):
        return None
    return min(max(seconds, 0.0), _MAX_RETRY_AFTER_SECONDS)
