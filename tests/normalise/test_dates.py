from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.model import PublishedQuality
from ingest.normalise.dates import believed, estimate_clock_skew, modified, read_date

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
TEN = datetime(2021, 9, 6, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("raw", "at", "quality"),
    [
        ("Mon, 06 Sep 2021 10:00:00 GMT", TEN, "exact"),
        ("Mon, 06 Sep 2021 12:00:00 +0200", TEN, "exact"),
        ("Mon, 6 Sep 2021 12:00 CEST", TEN, "exact"),
        ("Mon, 06 Sep 2021 19:00:00 GMT+9", TEN, "exact"),
        ("Mon, 06 Sep 2021 06:00:00 -0400 (EDT)", TEN, "exact"),
        ("Mon, 06 Sep 21 05:00:00 EST", TEN, "exact"),
        ("Mon, 06 Sep 2021 11:00:00 BST", TEN, "assumed_timezone"),
        ("Mon, 06 Sep 2021 10:00:00", TEN, "no_timezone"),
        ("2021-09-06T10:00:00Z", TEN, "exact"),
        ("2021-09-06T12:00:00.123+02:00", TEN.replace(microsecond=123000), "exact"),
        ("2021-09-06 12:00:00 +0200", TEN, "exact"),
        ("2021-09-06 10:00:00", TEN, "no_timezone"),
        ("1630922400", TEN, "exact"),
        ("1630922400000", TEN, "exact"),
        ("2021年09月06日 10:00", TEN, "no_timezone"),
        ("2021年9月6日(月) 午前10時00分", TEN, "no_timezone"),
        ("2021년 9월 6일 오전 10:00", TEN, "no_timezone"),
        ("lun., 06 sept. 2021 12:00:00 +0200", TEN, "exact"),
        ("Mo, 6. September 2021 10:00:00", TEN, "no_timezone"),
        ("Пн, 06 сен 2021 13:00:00 +0300", TEN, "exact"),
        ("6 сентября 2021 г. 10:00", TEN, "no_timezone"),
        ("pon, 06 wrz 2021 12:00:00 +0200", TEN, "exact"),
        ("Pzt, 06 Eyl 2021 13:00:00 +0300", TEN, "exact"),
        ("Δευ, 06 Σεπ 2021 13:00:00 +0300", TEN, "exact"),
        ("6 de septiembre de 2021", TEN.replace(hour=0), "date_only"),
        ("Sep 6, 2021 10:00 AM UTC", TEN, "exact"),
        ("Mon Sep 06 2021 12:00:00 GMT+0200 (CEST)", TEN, "exact"),
        ("Mon Sep  6 10:00:00 UTC 2021", TEN, "exact"),
        ("06.09.2021 10:00", TEN, "no_timezone"),
        ("20210906", TEN.replace(hour=0), "date_only"),
        ("Thứ hai, 06 Sep 2021 17:00:00 +0700", TEN, "exact"),
    ],
)
def test_dates_are_read(raw: str, at: datetime, quality: str) -> None:
    dated = read_date(raw)
    assert dated.at == at
    assert dated.quality == quality


@pytest.mark.parametrize("raw", ["yesterday", "32 Sep 2021", "", "2 hours ago", "Mon, 99 Foo 2021"])
def test_what_is_no_date_is_unreadable(raw: str) -> None:
    assert read_date(raw).quality is PublishedQuality.UNREADABLE


def test_the_language_decides_which_number_is_the_month() -> None:
    assert read_date("09/06/2021", language="en-US").at == datetime(2021, 9, 6, tzinfo=UTC)
    assert read_date("06/09/2021", language="en-GB").at == datetime(2021, 9, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    "raw",
    [
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "9999-12-31T23:59:59Z",
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "0001-01-01T00:00:00Z",
        "Tue, 10 Mar 3247 10:00:00 GMT",
        "2026-03-20T00:00:00Z",
    ],
)
def test_absurd_dates_are_not_believed(raw: str) -> None:
    dated = believed(raw, None, now=NOW)
    assert dated.at is None
    assert dated.quality is PublishedQuality.ABSURD


def test_a_date_a_little_ahead_is_set_to_now() -> None:
    dated = believed("2026-03-10T15:00:00Z", None, now=NOW)
    assert (dated.at, dated.quality) == (NOW, PublishedQuality.CLAMPED)


def test_the_modification_date_stands_in() -> None:
    dated = believed("Thu, 01 Jan 1970 00:00:00 GMT", "2026-03-09T10:00:00Z", now=NOW)
    assert dated.at == datetime(2026, 3, 9, 10, tzinfo=UTC)
    assert dated.quality is PublishedQuality.FROM_UPDATED


def test_a_date_in_the_url_stands_in_for_none() -> None:
    dated = believed(None, None, now=NOW, url="https://news.example/2026/03/08/a")
    assert dated.at == datetime(2026, 3, 8, tzinfo=UTC)
    assert dated.quality is PublishedQuality.FROM_URL
    assert believed(None, None, now=NOW).quality is PublishedQuality.MISSING


def test_a_known_skew_is_taken_off() -> None:
    dated = believed("2026-03-10T14:00:00Z", None, now=NOW, clock_skew_seconds=3 * 3600)
    assert dated.at == datetime(2026, 3, 10, 11, tzinfo=UTC)
    assert dated.quality is PublishedQuality.SKEW_CORRECTED


def test_entries_ahead_of_a_right_clock_are_in_a_wrong_zone() -> None:
    claims = [NOW + timedelta(hours=2, minutes=m) for m in (40, 45, 55)] + [NOW]
    assert estimate_clock_skew(claims, NOW, NOW) == 3 * 3600
    assert estimate_clock_skew([NOW - timedelta(hours=1)], NOW, NOW) == 0
    assert estimate_clock_skew([], NOW + timedelta(hours=1), NOW) == 3600


def test_one_embargoed_entry_is_no_skew() -> None:
    assert estimate_clock_skew([NOW + timedelta(hours=5), NOW], NOW, NOW) == 0


@given(st.text(max_size=60), st.text(max_size=60))
def test_no_text_raises_and_nothing_lies_ahead(published: str, updated: str) -> None:
    dated = believed(published, updated, now=NOW)
    assert dated.at is None or dated.at <= NOW
    assert (modified(updated, now=NOW) or NOW) <= NOW


@given(st.datetimes(datetime(1991, 1, 1), datetime(2026, 3, 9)), st.integers(-14 * 60, 14 * 60))
def test_rfc_822_and_3339_survive_the_round_trip(local: datetime, offset: int) -> None:
    local = local.replace(microsecond=0)
    sign = "-" if offset < 0 else "+"
    hours, minutes = divmod(abs(offset), 60)
    wanted = local.replace(tzinfo=UTC) - timedelta(minutes=offset)
    rfc822 = f"{local:%a, %d %b %Y %H:%M:%S} {sign}{hours:02}{minutes:02}"
    assert read_date(rfc822).at == wanted
    assert read_date(f"{local.isoformat()}{sign}{hours:02}:{minutes:02}").at == wanted
