"""Each fault of the fault server ends in its outcome, in bounded time, and says so in one line."""

from __future__ import annotations

import asyncio
import time
import tracemalloc
from dataclasses import replace

import pytest

from ingest.config import FetchSettings
from ingest.errors import FetchError
from ingest.fetch import Client, FetchRequest
from ingest.model import PollOutcome, Validators
from tests.fault_catalogue import DOCUMENTS
from tests.faultserver import HEALTHY, FaultServer

P = PollOutcome
FAILURES = {
    "slow-drip": P.TIMEOUT,
    "slow-headers": P.TIMEOUT,
    "silence": P.TIMEOUT,
    "stalls": P.TIMEOUT,
    "endless": P.TOO_LARGE,
    "endless-chunked": P.TOO_LARGE,
    "huge-length": P.TOO_LARGE,
    "gzip-bomb": P.TOO_LARGE,
    "deflate-bomb": P.TOO_LARGE,
    "raw-deflate-bomb": P.TOO_LARGE,
    "corrupt-gzip": P.PROTOCOL_ERROR,
    "lengths-differ": P.PROTOCOL_ERROR,
    "length-negative": P.PROTOCOL_ERROR,
    "bad-chunks": P.PROTOCOL_ERROR,
    "no-body": P.PROTOCOL_ERROR,
    "reset-at-once": P.CONNECT_ERROR,
    "hangs-up": P.PROTOCOL_ERROR,
    "not-http": P.PROTOCOL_ERROR,
    "http-0.9": P.PROTOCOL_ERROR,
    "header-flood": P.TOO_LARGE,
    "header-line": P.TOO_LARGE,
    "big-headers": P.TOO_LARGE,
    "redirect-loop": P.REDIRECT_ERROR,
    "redirect-chain": P.REDIRECT_ERROR,
    "redirect-nowhere": P.REDIRECT_ERROR,
    "redirect-rubbish": P.REDIRECT_ERROR,
    "redirect-file": P.REFUSED,
    "redirect-inside": P.REFUSED,
    "challenge": P.BLOCKED,
    "challenge-as-200": P.BLOCKED,
    "forbidden": P.BLOCKED,
    "unauthorised": P.CLIENT_ERROR,
    "missing": P.CLIENT_ERROR,
    "teapot": P.CLIENT_ERROR,
    "gone": P.GONE,
    "broken": P.SERVER_ERROR,
    "unavailable": P.SERVER_ERROR,
    "too-many": P.RATE_LIMITED,
    "rest-until": P.RATE_LIMITED,
}


@pytest.mark.parametrize("fault", FAILURES)
async def test_a_fault_ends_in_its_outcome_within_the_deadline(
    settings: FetchSettings, server: FaultServer, fault: str
) -> None:
    wanted = FAILURES[fault]
    deadline_seconds = 0.8 if wanted is P.TIMEOUT else 120.0
    started_at = time.monotonic()
    async with Client(replace(settings, total_timeout_seconds=deadline_seconds)) as client:
        with pytest.raises(FetchError) as caught:
            await client.fetch(FetchRequest(url=server.url(f"/{fault}")))
    assert caught.value.outcome is wanted
    assert "\n" not in str(caught.value)
    assert time.monotonic() - started_at < deadline_seconds + 60


async def test_informational_answers_without_end_are_bounded(
    settings: FetchSettings, server: FaultServer
) -> None:
    async with Client(replace(settings, total_timeout_seconds=0.8)) as client:
        with pytest.raises(FetchError) as caught:
            await client.fetch(FetchRequest(url=server.url("/informational-flood")))
    assert caught.value.outcome in (P.TOO_LARGE, P.TIMEOUT)


@pytest.mark.parametrize(
    "fault", ["truncated-body", "truncated-chunks", "truncated-gzip", "length-too-long", "reset"]
)
async def test_a_body_cut_short_is_kept_and_its_validators_are_not(
    client: Client, server: FaultServer, fault: str
) -> None:
    got = await client.fetch(FetchRequest(url=server.url(f"/{fault}")))
    assert got.body is not None
    assert HEALTHY.startswith(got.body)
    assert not got.is_complete
    assert got.validators == Validators()


async def test_a_length_that_is_too_short_ends_the_body_there(
    client: Client, server: FaultServer
) -> None:
    got = await client.fetch(FetchRequest(url=server.url("/length-too-short")))
    assert got.body == HEALTHY[:40]


@pytest.mark.parametrize("fault", ["html", "empty", "error-as-200", "not-gzip"])
async def test_what_may_or_may_not_be_a_feed_is_left_to_the_parser(
    client: Client, server: FaultServer, fault: str
) -> None:
    got = await client.fetch(FetchRequest(url=server.url(f"/{fault}")))
    assert got.status == 200
    assert got.body is not None


async def test_hostile_documents_arrive_as_they_are(
    settings: FetchSettings, server: FaultServer
) -> None:
    async with Client(
        replace(settings, max_bytes=20_000_000, max_inflated_bytes=20_000_000)
    ) as client:
        for name, make in DOCUMENTS.items():
            got = await client.fetch(FetchRequest(url=server.url(f"/{name}")))
            assert got.body == make(), name


async def test_a_full_request_unmasks_a_frozen_etag(client: Client, server: FaultServer) -> None:
    url = server.url("/frozen-etag")
    first = await client.fetch(FetchRequest(url=url))
    lied = await client.fetch(FetchRequest(url=url, validators=first.validators))
    forced = await client.fetch(FetchRequest(url=url))
    assert lied.status == 304
    assert forced.body_hash != first.body_hash


async def test_a_bomb_is_held_in_little_memory(
    settings: FetchSettings, server: FaultServer
) -> None:
    async with Client(settings) as client:
        await client.fetch(FetchRequest(url=server.url("/healthy")))  # what is loaded once
        tracemalloc.start()
        try:
            with pytest.raises(FetchError):
                await client.fetch(FetchRequest(url=server.url("/gzip-bomb")))
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert peak < 3 * settings.max_inflated_bytes


async def test_healthy_servers_do_not_wait_for_hostile_ones(
    client: Client, server: FaultServer
) -> None:
    hostile = ("slow-drip", "slow-headers", "silence", "stalls", "endless", "header-flood")
    tasks = [
        asyncio.create_task(client.fetch(FetchRequest(url=server.url(f"/{fault}"))))
        for fault in hostile
    ]
    await asyncio.sleep(0.1)
    started_at = time.monotonic()
    for _ in range(20):
        await client.fetch(FetchRequest(url=server.url("/healthy")))
    took = time.monotonic() - started_at
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert took < 60  # half of the time after which the hostile ones are given up
    assert (await client.fetch(FetchRequest(url=server.url("/healthy")))).status == 200


async def test_nobody_listening_is_a_connect_error(settings: FetchSettings) -> None:
    async with Client(settings) as client:
        with pytest.raises(FetchError) as caught:
            await client.fetch(FetchRequest(url="http://127.0.0.1:1025/"))
    assert caught.value.outcome is P.CONNECT_ERROR
    assert "Connection refused" in str(caught.value)
