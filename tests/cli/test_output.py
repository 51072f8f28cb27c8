"""How values and tables are laid out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ingest.cli.options import moment
from ingest.cli.output import Column, Style, ago, print_json, printable, span, styled, table, until
from ingest.cli.passages import shared_passages
from ingest.cli.status import sparkline
from ingest.errors import UsageError

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
COLUMNS = (
    Column("id", "ID", right=True),
    Column("headline", "HEADLINE", flexible=True),
    Column("publisher", "PUBLISHER"),
)


def test_columns_are_as_wide_as_what_is_in_them() -> None:
    rows = [
        {"id": 7, "headline": "Short", "publisher": "A"},
        {"id": 1234, "headline": "日本語", "publisher": None},
    ]
    assert table(rows, COLUMNS, None) == [
        "  ID  HEADLINE  PUBLISHER",
        "   7  Short     A",
        "1234  日本語",
    ]


def test_the_flexible_column_gives_way_to_the_terminal() -> None:
    rows = [{"id": 1, "headline": "word " * 40, "publisher": "The Harbour Ledger"}]
    lines = table(rows, COLUMNS, 60)
    assert all(len(line) <= 60 for line in lines)
    assert lines[1].endswith("The Harbour Ledger")
    assert "…" in lines[1]


def test_of_several_columns_that_give_way_the_widest_is_cut_first() -> None:
    columns = (Column("name", "NAME", flexible=True), Column("why", "WHY", flexible=True))
    row = {"name": "harbour-ledger-world", "why": "HTTP 503: try again in an hour " * 3}
    assert table([row], columns, 60)[1].startswith("harbour-ledger-world  HTTP 503: try")
    assert [len(cell) for cell in table([row], columns, 42)[1].split("  ")] == [20, 20]
    narrow = table([row], columns, 10)[1]
    assert narrow == "harbour-led…  HTTP 503: t…"


def test_nothing_makes_no_table() -> None:
    assert table([], COLUMNS, 80) == []


def test_text_from_feeds_cannot_command_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    nasty = "a\x1b[31mb\nc\x9bd\u202ee"
    assert printable(nasty) == "a [31mb c d e"
    print_json([{"headline": nasty}])
    out = capsys.readouterr().out
    assert not set(out) & {"\x1b", "\x9b"}
    assert out.count("\n") == 1


def test_colour_is_for_terminals_only(monkeypatch: pytest.MonkeyPatch) -> None:
    assert styled("a", Style.RED) == "a"
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert styled("a", Style.RED) == "\x1b[31ma\x1b[0m"
    monkeypatch.setenv("NO_COLOR", "1")
    assert styled("a", Style.RED) == "a"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "0 s"), (119, "119 s"), (120, "2 min"), (7_200, "2 h"), (86_400 * 3, "3 d")],
)
def test_durations_are_shown_in_their_largest_unit(seconds: float, shown: str) -> None:
    assert span(seconds) == shown
    assert ago(NOW)(NOW - timedelta(seconds=seconds)) == f"{shown} ago"


def test_what_is_overdue_is_due_now() -> None:
    assert until(NOW)(NOW + timedelta(minutes=3)) == "in 3 min"
    assert until(NOW)(NOW - timedelta(minutes=3)) == until(NOW)(NOW) == "now"
    assert until(NOW)(None) == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30m", NOW - timedelta(minutes=30)),
        ("12h", NOW - timedelta(hours=12)),
        ("2d", NOW - timedelta(days=2)),
        ("1w", NOW - timedelta(weeks=1)),
        ("2026-03-01", datetime(2026, 3, 1, tzinfo=UTC)),
        ("2026-03-01T10:00+02:00", datetime(2026, 3, 1, 8, 0, tzinfo=UTC)),
    ],
)
def test_a_moment_is_an_age_or_a_date(text: str, expected: datetime) -> None:
    found = moment(text, NOW)
    assert found == expected
    assert found is not None
    assert found.utcoffset() == timedelta(0)


@pytest.mark.parametrize("text", ["", "soon", "2 fortnights", "999999999w", "2026-13-01"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="has to be like"):
        moment(text, NOW)


def test_shared_passages_are_found_longest_first_whatever_the_punctuation() -> None:
    first = "He said so. The bridge over the river Tarn is closed for ten days! Walkers wait here."
    second = "THE BRIDGE, over the river Tarn, is closed for ten days. But walkers wait here now."
    passages = shared_passages(first, second)
    assert [passage.text for passage in passages] == [
        "The bridge over the river Tarn is closed for ten days"
    ]
    assert passages[0].words == 11
    assert shared_passages("one two three", "four five six") == []


def test_a_sparkline_reaches_its_top_at_the_highest_value() -> None:
    assert sparkline([0, 1, 8]) == " ▁█"
    assert sparkline([0, 0]) == "  "
    assert sparkline([]) == ""


def test_on_a_narrow_terminal_spare_columns_go_before_the_text_does() -> None:
    columns = (
        Column("id", "ID"),
        Column("at", "AT", spare=True),
        Column("language", "LANG", spare=True),
        Column("headline", "HEADLINE", flexible=True),
    )
    row = {"id": 7, "at": "2026-03-04", "language": "pt-BR", "headline": "word " * 12}

    def titles(width: int | None) -> list[str]:
        lines = table([row], columns, width)
        assert width is None or all(len(line) <= width for line in lines)
        return lines[0].split()

    assert titles(None) == titles(51) == ["ID", "AT", "LANG", "HEADLINE"]
    assert titles(48) == ["ID", "AT", "HEADLINE"]
    assert titles(36) == titles(20) == ["ID", "HEADLINE"]
