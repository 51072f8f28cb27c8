"""The output feeds: read by our own parser, with validators, under the filters of the page."""

from __future__ import annotations

import pytest
from httpx import Client

from ingest.config import ParseSettings
from ingest.model import FeedDocument
from ingest.normalise.identity import identify
from ingest.parse import parse_feed
from ingest.store.engine import Database
from tests.web.conftest import client_of
from tests.web.hostile import PAYLOADS

STREAMS = ("/stories.atom", "/stories.json")


def read(client: Client, path: str) -> FeedDocument:
    answer = client.get(path)
    assert answer.status_code == 200
    return parse_feed(
        answer.content,
        url=str(answer.url),
        content_type=answer.headers["content-type"],
        settings=ParseSettings(),
    )


@pytest.mark.parametrize("path", STREAMS)
def test_our_own_parser_reads_each_story_once(client: Client, path: str) -> None:
    document = read(client, path)
    assert document.faults == ()
    assert document.format in ("atom10", "json11")
    assert len(document.entries) == 22
    keys = {one.entry_key for one in identify(document)}
    assert len(keys) == 22
    for entry in document.entries:
        assert entry.guid is not None
        assert entry.guid.startswith("urn:uuid:")
        assert entry.link is not None
        assert entry.published_raw is not None
        assert entry.content is not None


def test_both_say_the_same(client: Client) -> None:
    atom, json = (read(client, path) for path in STREAMS)
    for ours, theirs in zip(atom.entries, json.entries, strict=True):
        assert (ours.guid, ours.link) == (theirs.guid, theirs.link)
        assert ours.title is not None
        assert theirs.title is not None
        assert ours.title.value == theirs.title.value


@pytest.mark.parametrize("path", STREAMS)
def test_the_filters_of_the_page_hold(client: Client, path: str) -> None:
    assert len(read(client, f"{path}?min_publishers=2").entries) == 11
    assert len(read(client, f"{path}?language=fr&min_publishers=2").entries) == 1
    assert len(read(client, f"{path}?limit=3").entries) == 3


@pytest.mark.parametrize("path", STREAMS)
def test_who_knows_the_document_gets_no_body(client: Client, path: str) -> None:
    first = client.get(path)
    etag = first.headers["etag"]
    for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        again = client.get(path, headers={"if-none-match": known})
        assert again.status_code == 304
        assert again.content == b""
        assert again.headers["etag"] == etag
    assert client.get(path, headers={"if-none-match": '"other"'}).status_code == 200
    assert "last-modified" in first.headers


@pytest.mark.parametrize("path", STREAMS)
def test_hostile_text_does_not_break_the_document(hostile: Database, path: str) -> None:
    document = read(client_of(hostile), f"{path}?limit=200")
    assert document.faults == ()
    assert len(document.entries) >= len(PAYLOADS)
    for entry in document.entries:
        assert entry.link is not None
        assert entry.link.startswith("http")
