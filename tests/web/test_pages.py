"""Every page answers, leads only to pages that answer, and shows what the database holds."""

from __future__ import annotations

import re

import pytest
from httpx import Client

from tests.web.conftest import BASE
from tests.web.reading import seen

PAGES = ("/", "/publishers", "/feeds", "/quality", "/search", "/search?q=ferry")


def story_of(client: Client, words: str) -> str:
    """The path of the story whose headline has these words."""
    parsed = client.get("/stories.json").json()
    found = next(one for one in parsed["items"] if words in one["title"])
    return f"/stories/{found['_ingest']['story_id']}"


def test_every_link_of_every_page_answers(client: Client) -> None:
    waiting = {*PAGES}
    done: set[str] = set()
    while waiting:
        path = waiting.pop()
        done.add(path)
        answer = client.get(path)
        assert answer.status_code == 200, path
        if answer.headers["content-type"].startswith("text/html"):
            waiting |= seen(answer.text).links(BASE + path) - done
    assert len(done) > 100
    for kind in ("/stories/", "/articles/", "/feeds/"):
        assert any(path.startswith(kind) for path in done)
    assert any(path.endswith("/frame") for path in done)


def test_a_story_says_who_was_first_and_how_far_behind_the_others_were(client: Client) -> None:
    html = client.get("/?min_publishers=4").text
    assert "Island health service reports first year" in html
    assert "<b>Meridian Wire</b> first" in html
    assert "+31 min" in html
    assert "Freibad" not in html


@pytest.mark.parametrize(
    ("query", "there", "not_there"),
    [
        ("publisher=nordsee-bote", "Wölfin", "marsh fever"),
        ("language=fr", "Le dernier bac", "marsh fever"),
        ("since=1h", "marsh fever", "No stories"),
        ("publisher=nobody", "No stories", "marsh fever"),
    ],
)
def test_stories_are_filtered(client: Client, query: str, there: str, not_there: str) -> None:
    html = client.get(f"/?{query}").text
    assert there in html
    assert not_there not in html


@pytest.mark.parametrize(
    "query", ["since=yesterday", "min_publishers=0", "min_publishers=x", "limit=100000"]
)
def test_a_filter_that_cannot_be_is_refused_with_a_reason(client: Client, query: str) -> None:
    for path in ("/", "/stories.atom", "/stories.json"):
        answer = client.get(f"{path}?{query}")
        assert answer.status_code == 400
        assert query.partition("=")[0] in answer.text


def test_two_copies_stand_side_by_side_with_what_only_one_says_marked(client: Client) -> None:
    html = client.get(story_of(client, "marsh fever")).text
    assert "<mark>Researchers from three universities" in html
    assert "<mark>The islands of the Orla chain" not in html
    assert "77% shared" in html or "78% shared" in html
    assert "100% shared" in html


def test_any_two_articles_of_a_story_can_be_compared(client: Client) -> None:
    path = story_of(client, "marsh fever")
    links = [one for one in seen(client.get(path).text).links(BASE + path) if "right=" in one]
    assert len(links) >= 3
    pages = {client.get(link).text.partition("Side by side")[2] for link in links}
    assert len(pages) == len(links)


def test_an_article_shows_its_edits_and_what_was_removed(client: Client) -> None:
    path = next(
        one
        for one in seen(client.get("/search?q=archivist+Okafor").text).links(BASE + "/")
        if one.startswith("/articles/")
    )
    html = client.get(path).text
    assert "Version 2" in html
    assert "<del>" in html
    assert "<ins>" in html
    removed = client.get("/search?q=harbour+pilots").text
    articles = [one for one in seen(removed).links(BASE + "/") if one.startswith("/articles/")]
    assert any("Removed as boilerplate" in client.get(one).text for one in articles)


def test_feeds_in_trouble_come_first_with_a_remedy(client: Client) -> None:
    html = client.get("/feeds").text
    assert html.index("evening-signal") < html.index("altmark-kurier")
    path = next(
        one
        for one in sorted(seen(html).links(BASE + "/feeds"))
        if one.startswith("/feeds/") and "evening-signal" in client.get(one).text
    )
    page = client.get(path).text
    assert "There is a web page where the feed was" in page
    assert "<svg" in page


def test_publishers_are_told_by_who_leads(client: Client) -> None:
    html = client.get("/publishers").text
    assert html.index("Meridian Wire") < html.index("Northfield Post")
    assert "Lead and lag" in html
    assert client.get("/publishers?since=1x").status_code == 400


def test_borderline_matches_come_with_commands_to_copy(client: Client) -> None:
    html = client.get("/quality").text
    assert "ingest stories split" in html
    assert "abridged" in html


def test_what_does_not_exist_is_a_page_that_says_so(client: Client) -> None:
    for path in ("/stories/999999", "/articles/999999", "/articles/999999/frame", "/feeds/99999"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert "Content-Security-Policy" in answer.headers
    assert client.get("/nowhere").status_code == 404
    assert client.get("/static/../app.py").status_code == 404


def test_nothing_can_be_written(client: Client) -> None:
    for path in PAGES:
        for method in ("POST", "PUT", "DELETE", "PATCH"):
            assert client.request(method, path).status_code == 405


def test_a_search_is_narrowed_by_the_same_filters(client: Client) -> None:
    def found(**filters: str) -> int:
        answer = client.get("/search", params={"q": "harbour OR Elbe", **filters})
        assert answer.status_code == 200
        return int(re.findall(r"<h1>(\d+) articles?", answer.text)[0])

    everything = found()
    assert 0 < found(language="de") < everything
    assert 0 < found(publisher="Coastline Today") < everything
    assert found(since="1d") == everything
    assert found(agency="nobody") == 0
    assert client.get("/search", params={"since": "soon"}).status_code == 400
    assert "<h1>The best 1 article with" in client.get("/search?q=harbour&limit=1").text
    assert 'value="Coastline Today"' in client.get("/search?publisher=Coastline+Today").text
