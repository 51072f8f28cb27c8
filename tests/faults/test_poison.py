"""What cannot be stored, or cannot be compared, harms nothing beside it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import text

from ingest.dedupe import Decision, Document
from ingest.errors import DatabaseError
from ingest.model import PollOutcome
from ingest.store import articles, stories
from ingest.store.engine import Connection, Database
from tests.faults.fleet import fleet, own_host, rss, stored
from tests.faultserver import FaultServer, serves
from tests.schedule.conftest import said
from tests.schedule.daemons import Said

__all__ = ["said"]

FEEDS = 5
ENTRIES = 4


async def _poll_all(database: Database) -> list[PollOutcome]:
    """Poll all feeds at once; two neighbours share a text. Their outcomes, in order."""
    with FaultServer(host="0.0.0.0") as server:
        async with fleet(database) as one:
            feed_ids = one.subscribe(
                *(
                    server.url(path, host=own_host())
                    for path in (f"/{number}" for number in range(FEEDS))
                )
            )
            for number in range(FEEDS):
                first = ENTRIES * number
                body = rss(*range(first, first + ENTRIES))
                server.on(f"/{number}", serves(body, etag=f'"{number}"'))
            polls = [asyncio.create_task(one.pipeline.poll(due)) for due in one.claim(feed_ids)]
            return [recorded.polled.outcome for recorded in await asyncio.gather(*polls)]


@pytest.mark.parametrize("error", [DatabaseError("refused"), ValueError("a mistake of ours")])
async def test_a_document_that_cannot_be_stored_is_recorded_without_its_entries(
    database: Database, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    save = articles.save

    def refuse(connection: Any, polled: Sequence[articles.PolledHarvest], *rest: Any, **more: Any):  # type: ignore[no-untyped-def]
        if any(one.due.url.endswith("/3") for one in polled):
            raise error
        return save(connection, polled, *rest, **more)

    monkeypatch.setattr(articles, "save", refuse)
    outcomes = await _poll_all(database)
    expected = [PollOutcome.OK] * FEEDS
    expected[3] = PollOutcome.PARSE_FAILED
    assert outcomes == expected
    after = stored(database)
    assert (after.polls, after.articles) == (FEEDS, (FEEDS - 1) * ENTRIES)


async def test_an_article_that_cannot_be_compared_gets_a_story_of_its_own(
    database: Database, monkeypatch: pytest.MonkeyPatch, said: Said
) -> None:
    decide = vars(stories)["decide"]
    poison: set[int] = set()

    def fail(document: Document, found: Sequence[Document], *rest: Any) -> Decision:
        if found and (not poison or document.article_id in poison):
            poison.add(document.article_id)
            raise RecursionError("too deep")
        decision: Decision = decide(document, found, *rest)
        return decision

    monkeypatch.setattr(stories, "decide", fail)
    await _poll_all(database)
    after = stored(database)
    assert len(poison) == 1
    assert said.count("article_set_aside") == 1
    assert said.fields("article_set_aside")["article_id"] in poison
    assert after.waiting == 0
    assert after.in_stories == after.articles == FEEDS * ENTRIES


async def test_an_article_that_cannot_even_be_read_leaves_the_queue(
    database: Database, monkeypatch: pytest.MonkeyPatch, said: Said
) -> None:
    read_queue = vars(stories)["read_queue"]

    def fail(connection: Connection, limit: int) -> Any:
        queued = read_queue(connection, limit)
        named = text("SELECT id FROM article WHERE headline = 'Piece 7'")
        if connection.scalar(named) in queued:
            raise ValueError("unreadable")
        return queued

    monkeypatch.setattr(stories, "read_queue", fail)
    await _poll_all(database)
    after = stored(database)
    assert said.count("article_set_aside") == 1
    assert after.waiting == 0
    assert after.articles == FEEDS * ENTRIES
    assert after.in_stories == FEEDS * ENTRIES - 1
