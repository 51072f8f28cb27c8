"""Articles, stories, search, why and status over a database filled by `ingest fetch`."""

from __future__ import annotations

import re

import pytest

from ingest.store import views
from tests.cli.conftest import Cli, Newsroom, Result


def keys(view: views.View) -> list[str]:
    return [column.name for column in view.columns]


def test_json_rows_have_the_columns_of_the_views(cli: Cli, newsroom: Newsroom) -> None:
    def first(*arguments: str) -> list[str]:
        result = cli(*newsroom.option, *arguments, "--json")
        assert result.code == 0
        return list(result.rows[0])

    assert first("articles") == keys(views.V_ARTICLES)
    assert first("articles", "list") == keys(views.V_ARTICLES)
    assert first("search", "ferry") == keys(views.V_ARTICLES)
    assert first("stories") == keys(views.V_STORIES)
    assert first("stories", "list") == keys(views.V_STORIES)
    assert first("feeds", "list") == keys(views.V_FEEDS)
    pair = copied_pair(cli, newsroom)
    match = cli(*newsroom.option, "why", *pair, "--json").rows[0]["match"]
    assert list(match) == keys(views.V_MATCHES)


def copied_pair(cli: Cli, newsroom: Newsroom) -> tuple[str, str]:
    """The ids of two articles of one story, the copy first."""
    rows = cli(*newsroom.option, "search", "--json", "harbour pilots").rows
    wire = next(row for row in rows if row["publisher"] == "Meridian Wire")
    copy = next(row for row in rows if row["publisher"] == "Coastline Today")
    return str(copy["id"]), str(wire["id"])


def test_republications_of_the_sample_feeds_make_eleven_stories(
    cli: Cli, newsroom: Newsroom
) -> None:
    stories = cli(*newsroom.option, "stories", "--min-publishers", "2", "--json").rows
    assert len(stories) == 11
    first = {story["first_publisher"] for story in stories}
    assert first == {"Meridian Wire", "The Harbour Ledger"}
    marsh = next(story for story in stories if "marsh fever" in story["headline"])
    assert marsh["articles"] == 4


def test_one_article_in_two_feeds_of_its_publisher_is_one_article(
    cli: Cli, newsroom: Newsroom
) -> None:
    rows = cli(*newsroom.option, "articles", "--publisher", "meridian wire", "--json").rows
    assert len(rows) == 10
    assert len({row["headline"] for row in rows}) == 10
    seen = cli(*newsroom.option, "articles", "--feed", "meridian-sci", "--json").rows
    assert len(seen) == 3


def test_an_edit_is_a_revision_and_not_an_article(cli: Cli, newsroom: Newsroom) -> None:
    (row,) = cli(*newsroom.option, "search", "archivist Okafor", "--json").rows
    assert "electrical fault" in row["headline"]
    page = cli(*newsroom.option, "articles", "show", str(row["id"]))
    assert "Versions" in page.out
    assert "under control" in page.out.partition("Versions")[2]


def test_articles_are_filtered(cli: Cli, newsroom: Newsroom) -> None:
    def count(*arguments: str) -> int:
        return len(cli(*newsroom.option, "articles", "--json", *arguments).rows)

    assert count("--language", "de") == 5
    assert count("--since", "1h") == count()
    assert count("--until", "1h") == 0
    assert count("--limit", "3") == 3
    assert count("--publisher", "harbour") == count("--publisher", "The Harbour Ledger") == 5
    assert "did you mean Meridian Wire?" in unknown(
        cli(*newsroom.option, "stories", "--publisher", "Meridan Wire")
    )
    assert "could be any of" in unknown(cli(*newsroom.option, "search", "x", "--publisher", "b"))


def test_what_is_found_can_be_filtered_too(cli: Cli, newsroom: Newsroom) -> None:
    def found(*arguments: str) -> set[str]:
        rows = cli(*newsroom.option, "search", "harbour OR Elbe", "--json", *arguments).rows
        return {row["publisher"] for row in rows}

    everybody = found()
    assert len(everybody) > 3
    assert found("--publisher", "coastline") == {"Coastline Today"}
    assert "Coastline Today" not in found("--language", "de")
    assert found("--language", "de") < everybody
    assert found("--agency", "nobody") == found("--until", "1d") == set()
    assert found("--since", "1d") == everybody


def test_a_table_has_a_line_for_each_row_under_its_titles(cli: Cli, newsroom: Newsroom) -> None:
    result = cli(*newsroom.option, "stories", "--limit", "4")
    lines = result.out.splitlines()
    assert len(lines) == 5
    assert lines[0].split()[:2] == ["STORY", "PUBLISHED"]
    assert "\x1b" not in result.out


def test_a_story_is_shown_with_its_copies_in_the_order_of_time(
    cli: Cli, newsroom: Newsroom
) -> None:
    (story,) = [
        story
        for story in cli(*newsroom.option, "stories", "--json").rows
        if "Brask Strait" in story["headline"]
    ]
    shown = cli(*newsroom.option, "stories", "show", str(story["story_id"]))
    assert "4 articles of 4 publishers, first by Meridian Wire" in shown.out
    assert "abridged" in shown.out
    head, _, page = shown.out.partition("The text, by Meridian Wire")
    behind = re.findall(r" (first|\+\d+ min)  ", head)
    assert behind[0] == "first"
    assert sorted(behind[1:], key=lambda one: int(one[1:-4])) == behind[1:]
    assert len(behind) == 4
    assert "214 harbour pilots walked" in page
    assert page.count("  Headline\n") == 3  # each copy has its own
    assert re.search(r"(?m)^  - BRASK STRAIT|^  - [A-Z ]+, \w+ \d+ \(Meridian Wire\)", page)
    members = cli(*newsroom.option, "stories", "show", str(story["story_id"]), "--json").rows
    assert {member["story_id"] for member in members} == {story["story_id"]}
    assert len(members) == 4


def test_why_prints_the_evidence_and_the_shared_passages(cli: Cli, newsroom: Newsroom) -> None:
    copy, wire = copied_pair(cli, newsroom)
    result = cli(*newsroom.option, "why", copy, wire)
    assert result.code == 0
    for word in ("One story", "abridged", "resemblance", "containment", "Shared passages"):
        assert word in result.out
    assert "214 harbour pilots walked out" in result.out
    backwards = cli(*newsroom.option, "why", wire, copy)
    assert backwards.code == 0
    assert "abridged" in backwards.out


def test_why_says_that_two_articles_are_not_one_story(cli: Cli, newsroom: Newsroom) -> None:
    copy, _ = copied_pair(cli, newsroom)
    other = cli(*newsroom.option, "search", "Tannwitz", "--json").rows[0]["id"]
    result = cli(*newsroom.option, "why", copy, str(other))
    assert result.code == 1
    assert "Not one story" in result.out
    assert "missing       no shared passage" in result.out
    told = cli(*newsroom.option, "why", copy, str(other), "--json")
    assert told.code == 1
    (row,) = told.rows
    assert row["match"] is None
    assert (row["missing"], row["vetoes"], row["rule"]) == ("no shared passage", [], None)
    assert row["is_one_story"] is False
    assert cli(*newsroom.option, "why", copy, copy).code == 2


@pytest.mark.parametrize("words", ["zzzz", "-ferry", '"', "(((", "ferry AND", "*"])
def test_a_search_that_finds_nothing_is_no_error(cli: Cli, newsroom: Newsroom, words: str) -> None:
    result = cli(*newsroom.option, "search", "--", words)
    assert result.code == 0


def test_status_counts_what_is_there(cli: Cli, newsroom: Newsroom) -> None:
    text = cli(*newsroom.option, "status")
    assert text.code == 0
    assert "16 by 14 publishers" in text.out
    (row,) = cli(*newsroom.option, "status", "--json").rows
    assert row["feeds"] == 16
    assert row["stories_of_several"] == 11
    assert row["queued_for_matching"] == 0


def test_explain_names_the_terms_of_the_next_poll(cli: Cli, newsroom: Newsroom) -> None:
    good = cli(*newsroom.option, "feeds", "explain", "city-beacon")
    assert "news_rate" in good.out
    assert "TERM" in good.out
    (row,) = cli(*newsroom.option, "feeds", "explain", "city-beacon", "--json").rows
    assert row["terms"][0].keys() == {"name", "value", "seconds", "effect"}
    assert [poll["outcome"] for poll in row["polls"]] == ["ok", "ok"]
    bad = cli(*newsroom.option, "feeds", "explain", "static")
    assert "failing" in bad.out
    assert "refused" in bad.out.lower()


def unknown(result: Result) -> str:
    assert result.code == 2
    assert result.out == ""
    return result.err


def test_what_is_not_there_is_named(cli: Cli, newsroom: Newsroom) -> None:
    option = newsroom.option
    assert "no article with id 9999" in unknown(cli(*option, "articles", "show", "9999"))
    assert "no story with id 9999" in unknown(cli(*option, "stories", "show", "9999"))
    assert "no article with id 9999" in unknown(cli(*option, "why", "1", "9999"))
    assert "city-beacon" in unknown(cli(*option, "feeds", "explain", "city-bacon"))
