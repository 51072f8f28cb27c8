"""How values are shown on a page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ingest.web.shown import ago

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("age", "shown"),
    [
        (timedelta(seconds=40), "40 s ago"),
        (timedelta(hours=-3), "in 3 h"),
        (timedelta(days=59), "59 d ago"),
        (timedelta(days=400), "2025-01-28"),
    ],
)
def test_an_age_is_told_until_a_date_says_more(age: timedelta, shown: str) -> None:
    assert ago(NOW - age, NOW) == shown
