"""The pictures in the docs are pictures of this page: the same browser, the sample feeds.

`make pictures` (INGEST_PICTURES names the folder) takes them anew.
"""

from __future__ import annotations

import os
import re
import struct
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ingest.config import Settings, WebSettings
from ingest.store import feed_queries, story_queries
from ingest.store.engine import Database
from ingest.web.app import create_app
from ingest.web.health import Health
from ingest.web.server import serving
from tests.web.browser import CHROMIUM, Browser, Screen
from tests.web.lived_in import lived_in

DOCS = Path(__file__).parent.parent.parent / "docs"
FOLDER = os.environ.get("INGEST_PICTURES")
MAX_BYTES = 130_000

LIGHT = Screen(1000, 680)
DARK = Screen(1000, 680, is_dark=True)
PHONE = Screen(390, 700, is_phone=True)
PICTURES = {
    "stories": ("/", LIGHT),
    "stories-dark": ("/", DARK),
    "stories-phone": ("/", PHONE),
    "story": ("/stories/{story}", LIGHT),
    "story-phone": ("/stories/{story}", PHONE),
    "article-dark": ("/articles/{article}", DARK),
    "publishers": ("/publishers", LIGHT),
    "feeds": ("/feeds", LIGHT),
    "feed-dark": ("/feeds/{feed}", DARK),
    "quality": ("/quality", LIGHT),
    "quality-phone": ("/quality", PHONE),
}

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium is installed")


@pytest.fixture(scope="module")
def shown(newsroom: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """The sample feeds with two days behind them."""
    database = lived_in(newsroom, tmp_path_factory.mktemp("lived-in"), datetime.now(UTC))
    yield database
    database.close()


def paths_of(database: Database) -> dict[str, str]:
    """What stands for {story}, {article} and {feed}: one of which there is much to see."""
    with database.connect() as connection:
        stories = story_queries.list_stories(connection, limit=100)
        most = max(stories, key=lambda one: (one.publishers, -one.story_id))
        feeds = {one.name: one.feed_id for one in feed_queries.feed_rows(connection)}
    return {
        "story": str(most.story_id),
        "article": str(most.first_article_id),
        "feed": str(feeds["meridian-wire"]),
    }


def test_the_pictures_can_be_taken(
    shown: Database, tmp_path_factory: pytest.TempPathFactory
) -> None:
    app = create_app(shown, Settings(), clock=lambda: datetime.now(UTC), health=Health())
    known = paths_of(shown)
    with (
        serving(app, WebSettings(port=0)) as url,
        Browser(tmp_path_factory.mktemp("chromium")) as browser,
    ):
        for name, (path, screen) in PICTURES.items():
            browser.show_on(screen)
            assert browser.look(url.rstrip("/") + path.format(**known)).console == ()
            picture = browser.picture()
            assert size_of(picture) == (screen.width, screen.height)
            assert len(picture) > 10_000, name  # not blank
            if FOLDER is not None:
                (Path(FOLDER) / f"{name}.png").write_bytes(packed(picture))


def test_the_docs_show_each_picture_and_only_these() -> None:
    kept = {path.stem: path for path in (DOCS / "pictures").glob("*.png")}
    assert kept.keys() == PICTURES.keys()
    text = "".join(path.read_text(encoding="utf-8") for path in DOCS.glob("*.md"))
    assert set(re.findall(r"\(pictures/([a-z-]+)\.png\)", text)) == kept.keys()
    for name, path in kept.items():
        picture = path.read_bytes()
        screen = PICTURES[name][1]
        assert size_of(picture) == (screen.width, screen.height)
        assert len(picture) <= MAX_BYTES


def packed(png: bytes) -> bytes:
    """The same picture a quarter smaller: without line filters, which do text no good."""
    width, height = size_of(png)
    chunks = dict(chunks_of(png))
    raw = zlib.decompress(b"".join(data for kind, data in chunks_of(png) if kind == b"IDAT"))
    assert chunks[b"IHDR"][8:] == b"\x08\x02\x00\x00\x00"  # 8 bits, RGB, not interlaced
    size = 3 * width
    above = bytearray(size)
    lines = []
    for start in range(0, height * (size + 1), size + 1):
        above = unfiltered(raw[start], bytearray(raw[start + 1 : start + 1 + size]), above)
        lines.append(b"\0" + above)
    data = zlib.compress(b"".join(lines), 9)
    kept = ((b"IHDR", chunks[b"IHDR"]), (b"IDAT", data), (b"IEND", b""))
    return png[:8] + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in kept
    )


def chunks_of(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and data of each chunk (PNG specification, section 5.3)."""
    at = 8
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        yield png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        at += 12 + length


def unfiltered(kind: int, line: bytearray, above: bytearray) -> bytearray:
    """A line of RGB without its filter (PNG specification, section 9)."""
    for at in range(len(line) if kind else 0):
        left, up = (line[at - 3] if at >= 3 else 0), above[at]
        corner = above[at - 3] if at >= 3 else 0
        if kind == 1:
            guess = left
        elif kind == 2:
            guess = up
        elif kind == 3:
            guess = (left + up) // 2
        else:
            guess = min((left, up, corner), key=lambda one: abs(left + up - corner - one))
        line[at] = (line[at] + guess) & 255
    return line


def size_of(png: bytes) -> tuple[int, int]:
    """Width and height in the header of a PNG (its specification, section 11.2.1)."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", png[16:24])
    return width, height
