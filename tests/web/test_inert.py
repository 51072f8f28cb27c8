"""What feeds write stays text: a corpus of attacks in every field, read as a browser reads it."""

from __future__ import annotations

import pytest
from httpx import Client

from ingest.store.engine import Database
from ingest.web.frame import framed
from tests.web.conftest import BASE, client_of
from tests.web.hostile import PAYLOADS
from tests.web.reading import seen

HARMLESS_SCHEMES = ("http://", "https://", "/", "#")
NEVER = {"script", "object", "embed", "base", "meta", "form", "style", "template", "math", "video"}
OURS = {"meta", "form", "svg", "iframe", "link"}  # that the pages themselves have


def every_page(client: Client) -> dict[str, str]:
    """All pages that can be reached from the front page, by path."""
    pages: dict[str, str] = {}
    waiting = {"/", "/feeds", "/quality", "/publishers", "/search"}
    while waiting:
        path = waiting.pop()
        answer = client.get(path)
        assert answer.status_code == 200, path
        pages[path] = answer.text if "html" in answer.headers["content-type"] else ""
        waiting |= seen(pages[path]).links(BASE + path) - pages.keys()
    return pages


def assert_inert(html: str, allowed: set[str]) -> None:
    """No element or attribute that could run or load anything."""
    for tag, attributes in seen(html).elements:
        assert tag not in NEVER - allowed, tag
        for name, value in attributes.items():
            assert not name.startswith("on"), (tag, name)
            assert name not in ("style", "srcdoc", "formaction", "background"), (tag, name)
            if name in ("href", "src", "action") and value is not None:
                assert value.startswith(HARMLESS_SCHEMES), (tag, value)


@pytest.fixture(scope="module")
def pages(hostile: Database) -> dict[str, str]:
    """All pages over the hostile feeds."""
    return every_page(client_of(hostile))


def test_attacks_in_every_field_of_a_feed_stay_text_on_every_page(pages: dict[str, str]) -> None:
    assert sum(path.startswith("/articles/") for path in pages) > len(PAYLOADS)
    for path, html in pages.items():
        if path.endswith("/frame"):
            assert_inert(html.partition("<body>")[2], set())
        else:
            assert_inert(html, OURS)
    shown = "".join("".join(seen(html).texts) for html in pages.values())
    assert "<script>pwned()</script>" in shown  # as text: it was not just left out


@pytest.mark.parametrize("payload", PAYLOADS)
def test_the_frame_lets_nothing_through(payload: str) -> None:
    html = bytes(framed(f"<p>before</p>{payload}<p>after</p>").body).decode()
    body = html.partition("<body>")[2]
    assert_inert(body, set())
    assert "evil.example" not in "".join(str(attributes) for _, attributes in seen(body).elements)


def test_a_link_leads_only_to_the_web(pages: dict[str, str]) -> None:
    for path, html in pages.items():
        assert 'href="javascript' not in html.lower(), path


def test_characters_that_turn_or_hide_text_are_not_shown(hostile: Database) -> None:
    html = client_of(hostile).get("/search?q=%E2%80%AEevil%07").text
    assert "\u202e" not in html
    assert "\x07" not in html


def test_words_that_are_searched_for_are_escaped(client: Client) -> None:
    for payload in PAYLOADS:
        answer = client.get("/search", params={"q": payload})
        assert answer.status_code == 200
        assert_inert(answer.text, OURS)
