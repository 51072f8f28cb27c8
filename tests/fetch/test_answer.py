from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from ingest.fetch.answer import challenge_in, failure_of, is_html, retry_after_seconds
from ingest.model import PollOutcome
from ingest.schedule.outage import UNREACHED
from tests.faultserver import CHALLENGE, HEALTHY, PAGE

NOW = datetime(2026, 11, 2, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("0", 0.0),
        ("120", 120.0),
        (" 7.5 ", 7.5),
        ("-5", 0.0),
        ("99999999999", 366 * 86_400.0),
        ("nan", None),
        ("inf", None),
        ("soon", None),
        ("", None),
        ("Mon, 02 Nov 2026 10:01:00 GMT", 60.0),
        ("Mon, 02 Nov 2026 09:00:00 GMT", 0.0),
        ("Monday, 02-Nov-26 10:01:00 GMT", 60.0),
        ("Mon Nov  2 10:01:00 2026", 60.0),
        ("Mon, 99 Nov 2026 10:01:00 GMT", None),
    ],
)
def test_retry_after_in_every_form_servers_write(value: str | None, seconds: float | None) -> None:
    assert retry_after_seconds(value, now=NOW) == seconds


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"cf-mitigated": "challenge"}, b""),
        ({"content-type": "text/html"}, CHALLENGE),
        ({}, CHALLENGE),
        ({"x-amzn-waf-action": "captcha"}, b""),
        ({"content-type": "text/html"}, b"<html><script src='/.well-known/ddos-guard/js'></html>"),
    ],
)
def test_a_challenge_is_known_by_its_header_or_its_page(
    headers: dict[str, str], body: bytes
) -> None:
    assert challenge_in(headers, body) is not None


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"content-type": "application/rss+xml"}, HEALTHY),
        ({"content-type": "text/html"}, PAGE),
        (
            {"content-type": "text/html"},
            HEALTHY.replace(b"One.", b"&lt;script src='/cdn-cgi/challenge-platform/'&gt;"),
        ),
        ({"server": "cloudflare", "cf-ray": "8f"}, HEALTHY),
    ],
)
def test_a_feed_that_writes_about_challenges_is_none(headers: dict[str, str], body: bytes) -> None:
    assert challenge_in(headers, body) is None


def test_a_challenge_with_any_status_is_blocked_and_not_rate_limited() -> None:
    outcome, message = failure_of(503, {"cf-mitigated": "challenge"}, CHALLENGE, 5.0)
    assert outcome is PollOutcome.BLOCKED
    assert "Cloudflare" in message


def test_a_network_that_wants_a_login_is_ours_and_not_the_feeds_fault() -> None:
    outcome, message = failure_of(511, {"content-type": "text/html"}, PAGE, None)
    assert outcome in UNREACHED
    assert "login" in message


def test_a_page_of_nothing_but_comments_is_read_at_once() -> None:
    started_at = time.process_time()
    assert not is_html({}, b"<!---->" * 1000)
    assert time.process_time() - started_at < 5


@pytest.mark.parametrize(
    ("headers", "body", "html"),
    [
        ({"content-type": "text/html"}, PAGE, True),
        ({"content-type": "application/rss+xml"}, PAGE, True),
        ({"content-type": "text/html"}, HEALTHY, False),
        ({}, b"\xef\xbb\xbf\n<!-- hi -->\n<HTML lang=en>", True),
        ({"content-type": "text/html; charset=utf-8"}, b"<div>bare</div>", True),
        ({"content-type": "text/html"}, b'{"version": "https://jsonfeed.org/version/1.1"}', False),
    ],
)
def test_html_is_known_by_how_it_starts(headers: dict[str, str], body: bytes, html: bool) -> None:
    assert is_html(headers, body) is html
