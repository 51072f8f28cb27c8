"""A redirect to another site is held to the politeness of that site."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from ingest.errors import FetchError
from ingest.fetch.client import standing_still
from ingest.model import PollOutcome
from ingest.schedule.politeness import SiteGate
from ingest.store.engine import Database
from ingest.turns import Turns
from tests.faults.fleet import fleet, own_host, rss
from tests.faultserver import FaultServer, answers, redirects, serves


class Gate:
    """Remembers which turns were taken, and whose are held."""

    def __init__(self) -> None:
        self._gate = SiteGate(connections_per_site=1, delay_seconds=0.0)
        self.pause, self.paused_seconds = self._gate.pause, self._gate.paused_seconds
        self.visited: list[str] = []
        self.inside: list[str] = []

    @asynccontextmanager
    async def visit(self, site: str, *, wait_seconds: float = 0.0) -> AsyncIterator[None]:
        async with self._gate.visit(site, wait_seconds=wait_seconds):
            self.visited.append(site)
            self.inside.append(site)
            try:
                yield
            finally:
                self.inside.remove(site)


async def test_the_turn_at_the_target_is_taken_before_it_is_asked(database: Database) -> None:
    gate, first, second = Gate(), own_host(), own_host()
    with FaultServer(host="0.0.0.0") as server:
        server.on("/old", redirects(302, server.url("/new", host=second)))
        server.on("/new", serves(rss(1, 2)))
        async with fleet(database, gate=gate) as one:
            (due,) = one.claim(one.subscribe(server.url("/old", host=first)))
            async with gate.visit(second):
                poll = asyncio.create_task(one.pipeline.poll(due))
                while not (server.asked("/old") and gate.inside == [second]):
                    await asyncio.sleep(0.01)
                # The first site's turn is given back, the second's is not there yet.
                assert server.asked("/new") == []
            recorded = await poll
    assert recorded.polled.outcome is PollOutcome.OK
    assert gate.visited == [second, first, second]
    assert gate.inside == []


async def test_a_redirect_within_the_site_keeps_its_turn(database: Database) -> None:
    gate, host = Gate(), own_host()
    with FaultServer(host="0.0.0.0") as server:
        server.on("/old", redirects(301, "/new"))
        server.on("/new", serves(rss(1)))
        async with fleet(database, gate=gate) as one:
            (due,) = one.claim(one.subscribe(server.url("/old", host=host)))
            assert (await one.pipeline.poll(due)).polled.outcome is PollOutcome.OK
    assert gate.visited == [host]


@pytest.mark.parametrize("known_by", ["gate", "database"])
async def test_a_paused_target_is_not_asked_and_the_feed_waits_as_long(
    database: Database, known_by: str
) -> None:
    gate, first, second = Gate(), own_host(), own_host()
    with FaultServer(host="0.0.0.0") as server:
        server.on("/old", redirects(302, server.url("/new", host=second)))
        server.on("/new", serves(rss(1, 2)))
        async with fleet(database, gate=gate) as one:
            feed_ids = one.subscribe(
                server.url("/old", host=first), server.url("/other", host=second)
            )
            if known_by == "gate":
                gate.pause(second, 3_600)
            else:
                with database.begin() as connection:
                    connection.execute(
                        text("UPDATE site SET paused_until = :until WHERE name = :name"),
                        {"until": _stored(database, timedelta(hours=1)), "name": second},
                    )
            (due,) = one.claim(feed_ids[:1])
            recorded = await one.pipeline.poll(due)
        assert server.asked("/new") == []
    assert recorded.polled.outcome is PollOutcome.RATE_LIMITED
    assert recorded.polled.message is not None
    assert f"leads to {second}, which is left alone" in recorded.polled.message
    assert recorded.decision is not None
    assert recorded.decision.schedule.interval_seconds >= 3_500
    assert recorded.decision.site_pause is None  # nobody asked for more than is known
    assert gate.paused_seconds(first) == 0


@pytest.mark.parametrize("is_known", [True, False])
async def test_a_429_of_the_target_pauses_the_target_and_not_who_led_there(
    database: Database, is_known: bool
) -> None:
    """`is_known`: a feed of ours lives there, so that other workers hear of the pause."""
    gate, first, second = Gate(), own_host(), own_host()
    with FaultServer(host="0.0.0.0") as server:
        server.on("/old", redirects(302, server.url("/new", host=second)))
        server.on("/new", answers(429, retry_after="1800"))
        urls = [server.url("/old", host=first), server.url("/beside", host=first)]
        urls += [server.url("/other", host=second)] if is_known else []
        async with fleet(database, gate=gate) as one:
            feed_ids = one.subscribe(*urls)
            (due,) = one.claim(feed_ids[:1])
            recorded = await one.pipeline.poll(due)
            with database.connect() as connection:
                paused = connection.execute(
                    text("SELECT name FROM site WHERE paused_until IS NOT NULL")
                ).scalars()
                assert list(paused) == ([second] if is_known else [])
    assert recorded.polled.outcome is PollOutcome.RATE_LIMITED
    assert recorded.decision is not None
    assert recorded.decision.schedule.interval_seconds >= 1_800  # this feed waits all the same
    assert gate.paused_seconds(second) > 1_500
    assert gate.paused_seconds(first) == 0


async def test_the_wait_for_a_turn_is_bounded() -> None:
    gate = Gate()
    async with (
        gate.visit("busy.example"),
        Turns(gate, "first.example", longest_wait_seconds=0.05) as turns,
    ):
        with pytest.raises(FetchError) as refusal:
            await turns.go_on("busy.example")
        assert refusal.value.outcome is PollOutcome.TIMEOUT
        assert gate.inside == ["busy.example"]


async def test_sites_that_redirect_to_each_other_do_not_wait_in_a_circle(
    database: Database,
) -> None:
    gate, first, second = Gate(), own_host(), own_host()
    with FaultServer(host="0.0.0.0") as server:
        server.on("/a", redirects(302, server.url("/feed", host=second)))
        server.on("/b", redirects(302, server.url("/feed", host=first)))
        server.on("/feed", serves(rss(1, 2)))
        async with fleet(database, gate=gate) as one:
            feed_ids = one.subscribe(server.url("/a", host=first), server.url("/b", host=second))
            polls = [one.pipeline.poll(due) for due in one.claim(feed_ids)]
            done = await asyncio.gather(*polls)
    assert [one.polled.outcome for one in done] == [PollOutcome.OK, PollOutcome.OK]


async def test_the_deadline_stands_still_while_the_turn_is_waited_for() -> None:
    async with asyncio.timeout(3_600) as deadline:
        due_at = deadline.when()
        assert due_at is not None

        async def go_on(_: str) -> None:
            assert deadline.when() is None
            await asyncio.sleep(0.01)

        waited = await standing_still(deadline, go_on("other.example"))
        assert waited > 0
        assert deadline.when() == due_at + waited


def _stored(database: Database, ahead: timedelta) -> object:
    """A time as the database keeps it."""
    at = datetime.now(UTC) + ahead
    return f"{at:%Y-%m-%d %H:%M:%S.%f}" if database.dialect == "sqlite" else at
