"""The pages in a real browser: nothing on its console, no script of a feed's, links that lead on.

Needs Debian's `chromium` (or any Chromium named by INGEST_CHROMIUM). Screenshots are left where
INGEST_SCREENSHOTS names a folder.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route

from ingest.config import Settings, WebSettings
from ingest.store.engine import Database
from ingest.web.app import create_app
from ingest.web.health import Health
from ingest.web.server import serving
from tests.web.reading import seen

CHROMIUM = os.environ.get("INGEST_CHROMIUM") or shutil.which("chromium")
SCREENSHOTS = os.environ.get("INGEST_SCREENSHOTS")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium is installed")

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--no-proxy-server",
    "--hide-scrollbars",
    "--enable-logging=stderr",
)
ANY_PORT = WebSettings(port=0)


@dataclass(frozen=True)
class Looked:
    """A page as it stands after loading, and what the browser's console said."""

    dom: str
    console: tuple[str, ...]


def look(url: str, profile: Path, *more: str) -> Looked:
    """Load a page and print its document."""
    assert CHROMIUM is not None
    done = subprocess.run(
        [CHROMIUM, *FLAGS, f"--user-data-dir={profile}", *more, "--dump-dom", url],
        capture_output=True,
        text=True,
        timeout=90,
        check=True,
    )
    return Looked(done.stdout, tuple(re.findall(r"^.*CONSOLE.*$", done.stderr, re.MULTILINE)))


@pytest.fixture(scope="module")
def profile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty browser profile."""
    return tmp_path_factory.mktemp("chromium")


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


def test_a_script_would_be_noticed(profile: Path) -> None:
    async def page(_: object) -> HTMLResponse:
        return HTMLResponse("<p>here<script>document.title='run'; pwned()</script>")

    with serving(Starlette(routes=[Route("/", page)]), ANY_PORT) as url:
        looked = look(url, profile)
    assert "<title>run</title>" in looked.dom
    assert any("pwned is not defined" in line for line in looked.console)


@pytest.mark.parametrize("path", ["", "feeds", "feeds/1", "quality", "stories/1", "articles/1"])
def test_pages_render_without_a_word_on_the_console(site: str, path: str, profile: Path) -> None:
    more = []
    if SCREENSHOTS is not None:
        name = path.replace("/", "-") or "stories"
        more = [f"--screenshot={SCREENSHOTS}/{name}.png", "--window-size=1280,1000"]
    looked = look(site + path, profile, *more)
    assert looked.console == ()
    assert "<h1" in looked.dom
    assert any(tag == "nav" for tag, _ in seen(looked.dom).elements)


def test_what_hostile_feeds_write_does_nothing(evil_site: str, profile: Path) -> None:
    shown = ""
    for path in ("?limit=200", "search?limit=200", "quality", "articles/2"):
        looked = look(evil_site + path, profile)
        shown += looked.dom
        assert looked.console == (), path
        assert all(tag != "script" for tag, _ in seen(looked.dom).elements)
    assert "pwned()" in shown  # as text
