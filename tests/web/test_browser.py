"""The pages in a real browser: nothing on its console, no script of a feed's, links that lead on.

Needs Debian's `chromium` (or any Chromium named by INGEST_CHROMIUM).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urljoin

import pytest
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route

from ingest.config import Settings, WebSettings
from ingest.store.engine import Database
from ingest.web.app import create_app
from ingest.web.health import Health
from ingest.web.server import serving
from tests.web.browser import CHROMIUM, DARK, DESK, PHONE, Browser, Screen
from tests.web.conftest import client_of
from tests.web.reading import seen
from tests.web.test_inert import every_page

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium is installed")

ANY_PORT = WebSettings(port=0)
PAGES = (
    "",
    "stories/1",
    "articles/1",
    "publishers",
    "feeds",
    "feeds/1",
    "search?q=ferries",
    "quality",
)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One for the whole module: starting it costs more than all its pages."""
    with Browser(tmp_path_factory.mktemp("chromium")) as opened:
        yield opened


def served(database: Database) -> Iterator[str]:
    app = create_app(database, Settings(), clock=lambda: datetime.now(UTC), health=Health())
    with serving(app, ANY_PORT) as url:
        yield url


@pytest.fixture(scope="module")
def site(newsroom: Database) -> Iterator[str]:
    """The URL of the page over the sample feeds."""
    yield from served(newsroom)


@pytest.fixture(scope="module")
def evil_site(hostile: Database) -> Iterator[str]:
    """The URL of the page over the hostile feeds."""
    yield from served(hostile)


def test_a_script_would_be_noticed_in_a_page_and_in_a_frame(browser: Browser) -> None:
    async def page(_: object) -> HTMLResponse:
        return HTMLResponse(
            "<p>here<script>document.title='run'; pwned()</script><img src='data:,x' onerror=1>"
        )

    async def framing(_: object) -> HTMLResponse:
        return HTMLResponse("<iframe sandbox='allow-scripts' src='/page'></iframe>")

    routes = [Route("/page", page), Route("/", framing)]
    with serving(Starlette(routes=routes), ANY_PORT) as url:
        looked = browser.look(url + "page")
        assert "<title>run</title>" in looked.dom
        assert any("pwned is not defined" in line for line in looked.console)
        framed = browser.look(url)
        assert any("pwned is not defined" in line for line in framed.console)


@pytest.mark.parametrize("screen", [DESK, DARK, PHONE], ids=["desk", "dark", "phone"])
def test_pages_render_without_a_word_on_the_console(
    site: str, browser: Browser, screen: Screen
) -> None:
    browser.show_on(screen)
    grounds = set()
    for path in PAGES:
        looked = browser.look(site + path)
        assert looked.console == (), path
        assert "<h1" in looked.dom
        assert any(tag == "nav" for tag, _ in seen(looked.dom).elements)
        # What is too wide scrolls in a frame of its own, never the whole page.
        assert browser.run("document.documentElement.scrollWidth") <= screen.width, path
        grounds.add(browser.run("getComputedStyle(document.body).backgroundColor"))
    assert len(grounds) == 1
    (red, *_) = [int(part) for part in grounds.pop()[4:-1].split(",")]
    assert (red < 64) is screen.is_dark


def test_every_link_leads_to_a_page(newsroom: Database) -> None:
    """Every link of every page is followed; `every_page` wants each to be answered."""
    assert len(every_page(client_of(newsroom))) > 100


def test_a_reader_gets_from_stories_to_a_text_by_keyboard(site: str, browser: Browser) -> None:
    browser.show_on(DESK)
    browser.look(site)
    browser.press("Tab", 9)
    assert browser.run("document.activeElement.className") == "skip"
    assert browser.run("document.activeElement.getBoundingClientRect().left") >= 0
    for start, sort in ((site, "/stories/"), (None, "/articles/")):
        if start is not None:
            browser.look(start)
        for _ in range(60):
            browser.press("Tab", 9)
            if sort in (browser.run("document.activeElement.href || ''") or ""):
                break
        outline = browser.run("getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none"
        assert sort in browser.follow()
    assert browser.run("document.querySelectorAll('article.text p').length") > 0


def test_what_hostile_feeds_write_does_nothing(evil_site: str, browser: Browser) -> None:
    browser.show_on(DESK)
    shown = ""
    paths = ["?limit=200", "search?limit=200", "quality", "publishers", "feeds/1", "stories/1"]
    paths += [f"articles/{number}" for number in (1, 2, 3, 9)]
    for path in paths:
        looked = browser.look(urljoin(evil_site, path))
        shown += looked.dom
        assert looked.console == (), path
        assert browser.run("typeof pwned") == "undefined"
        assert browser.run("document.title").endswith(" · ingest"), path
        assert all(tag != "script" for tag, _ in seen(looked.dom).elements)
        sources = browser.run(
            "performance.getEntriesByType('resource').map(one => one.name).join(' ')"
        )
        assert all(one.startswith(evil_site) for one in sources.split()), path
    assert "pwned()" in shown  # as text
