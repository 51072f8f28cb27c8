"""The pages ask PostgreSQL what they ask SQLite, and get the same answers."""

from __future__ import annotations

import re
from pathlib import Path

from ingest.cli.demo.server import DemoServer
from ingest.store.engine import Database, open_database
from tests.once import fetched, write_config
from tests.web.conftest import client_of

_TIMES = re.compile(r"\d+ (s|min|h|d) ago|in \d+ (s|min|h|d)|\bdue\b|[\d\u202f.]+ ms")


def words(html: str) -> list[str]:
    """The words of a page in their order, those that tell the time left out."""
    return sorted(set(re.findall(r"[^\W\d_]{3,}", _TIMES.sub("", re.sub(r"<[^>]+>", " ", html)))))


def test_pages_over_postgresql_say_what_they_say_over_sqlite(
    newsroom: Database, postgresql_url: str, tmp_path: Path
) -> None:
    with DemoServer() as server:
        write_config(tmp_path / "config.toml", postgresql_url, server)
        fetched(tmp_path / "config.toml")
    database = open_database(postgresql_url)
    try:
        ours, theirs = client_of(newsroom), client_of(database)
        for path in ("/", "/publishers", "/feeds", "/quality", "/search?q=harbour+pilots"):
            answer = theirs.get(path)
            assert answer.status_code == 200, path
            assert words(answer.text) == words(ours.get(path).text), path
        for path in ("/stories/1", "/articles/1", "/articles/1/frame", "/feeds/1"):
            assert theirs.get(path).status_code == 200, path
        items = theirs.get("/stories.json?min_publishers=2").json()["items"]
        assert len(items) == 11
        assert "ingest_stories 22.0" in theirs.get("/metrics").text
        assert theirs.get("/healthz").json()["ready"] is True
    finally:
        database.close()
