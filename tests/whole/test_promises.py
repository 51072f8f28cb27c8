"""What the schedule and the fetcher promise, seen from outside: whole polls, a clock by hand."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from ingest.config import FeedSettings
from ingest.fetch.site import site_of
from ingest.model import FeedState, PollOutcome
from ingest.record import Recorded
from ingest.schedule.remedy import remedy
from ingest.store import feeds, leases, moving
from ingest.store.engine import Database
from ingest.workers import WorkerPool
from tests.faults.fleet import LOOPBACK, Fleet, fleet, own_host, rss
from tests.faultserver import HEALTHY, FaultServer, answers, redirects, serves
from tests.whole.test_manners import START, Clock


async def daily(one: Fleet, clock: Clock, feed_id: int, *, days: int) -> list[Recorded]:
    """Poll the feed once a day, whatever its schedule says."""
    recorded = []
    for day in range(days):
        clock.now = START + timedelta(days=day)
        (due,) = one.claim([feed_id])
        recorded.append(await one.pipeline.poll(due))
    return recorded


async def test_the_same_bytes_with_200_cost_no_parse(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = 0
    harvest = WorkerPool.harvest

    async def counted(*given: object) -> object:
        nonlocal read
        read += 1
        return await harvest(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(WorkerPool, "harvest", counted)
    clock = Clock()
    with FaultServer(host="0.0.0.0") as server:
        server.on("/feed", serves(rss(1, 2)))  # no validators at all
        async with fleet(database, clock=clock, gate=clock.gate()) as one:
            (feed_id,) = one.subscribe(server.url("/feed", host=own_host()))
            polls = await daily(one, clock, feed_id, days=4)
    outcomes = [poll.polled.outcome for poll in polls]
    assert outcomes == [PollOutcome.OK] + [PollOutcome.SAME_BYTES] * 3
    assert read == 1


async def test_a_feeds_own_settings_reach_its_server_and_its_secrets_no_log(
    database: Database,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("FEED_WORD", "hunter2")
    (tmp_path / "token").write_text("t0ken-t0ken\n", encoding="utf-8")
    clock = Clock()
    with FaultServer(host="0.0.0.0") as server, FaultServer(host="0.0.0.0") as proxy:
        server.on("/basic", serves(rss(1)))
        server.on("/bearer", answers(401))
        proxied = f"http://{own_host()}/feed"
        proxy.on(proxied, serves(rss(2)))
        wanted = [
            FeedSettings(
                url=server.url("/basic", host=own_host()),
                user_agent="reader/1 (+https://me.example)",
                headers={"X-Key": "k3y-k3y"},
                auth="basic",
                username="ann",
                password_env="FEED_WORD",
                min_interval_seconds=90_000,
            ),
            FeedSettings(
                url=server.url("/bearer", host=own_host()),
                auth="bearer",
                password_file=str(tmp_path / "token"),
            ),
            FeedSettings(url=proxied, proxy=proxy.url("")),
        ]
        async with fleet(database, clock=clock, gate=clock.gate()) as one:
            with database.begin() as connection:
                ids = [feeds.add(connection, each, now=clock.now).feed_id for each in wanted]
            polls = [await one.pipeline.poll(due) for due in one.claim(ids)]
        (basic,), (bearer,) = server.asked("/basic"), server.asked("/bearer")
        assert len(proxy.asked(proxied)) == 1
    assert basic.headers["user-agent"] == "reader/1 (+https://me.example)"
    assert basic.headers["x-key"] == "k3y-k3y"
    assert basic.headers["authorization"] == "Basic YW5uOmh1bnRlcjI="
    assert bearer.headers["authorization"] == "Bearer t0ken-t0ken"
    assert [poll.polled.outcome for poll in polls] == [
        PollOutcome.OK,
        PollOutcome.CLIENT_ERROR,
        PollOutcome.OK,
    ]
    assert polls[0].decision is not None
    assert polls[0].decision.schedule.interval_seconds >= 90_000
    told = caplog.text + repr(polls)
    for secret in ("hunter2", "YW5uOmh1bnRlcjI=", "t0ken-t0ken"):
        assert secret not in told


async def test_a_permanent_redirect_moves_the_feed_after_days_and_its_past_is_kept(
    database: Database,
) -> None:
    clock = Clock()
    with FaultServer(host="0.0.0.0") as server:
        old, new = server.url("/old", host=own_host()), server.url("/new", host=own_host())
        server.on("/old", serves(rss(1, 2, 3)), redirects(301, new))
        server.on("/new", serves(rss(2, 3, 4)))
        async with fleet(database, clock=clock, gate=clock.gate()) as one:
            (feed_id,) = one.subscribe(old)
            polls = await daily(one, clock, feed_id, days=7)
    addresses = [poll.due.url for poll in polls]
    assert addresses[:4] == [old] * 4  # seen for days first
    assert addresses[-1] == new
    with database.connect() as connection:
        (former,) = moving.former_urls(connection, feed_id)
        articles = connection.scalar(text("SELECT count(*) FROM article"))
    assert former.url == old
    assert "301" in former.reason
    assert articles == 4  # nothing came twice


@pytest.mark.parametrize("lives", ["outside", "inside"])
async def test_a_captive_portal_moves_no_feed_and_counts_against_none(
    database: Database, lives: str
) -> None:
    clock = Clock()
    names = [f"/{number}" for number in range(8)]
    with FaultServer(host="0.0.0.0") as server:
        server.on("/portal", answers(200, b"<html><title>Log in</title></html>"))
        portal = server.url("/portal", host=own_host() if lives == "outside" else "10.0.0.1")
        for name in names:
            server.on(name, serves(HEALTHY), redirects(301, portal))
        urls = [server.url(name, host=own_host()) for name in names]
        async with fleet(database, clock=clock, gate=clock.gate(), hold_seconds=60) as one:
            ids = one.subscribe(*urls)
            for day in range(6):
                clock.now = START + timedelta(days=day)
                await asyncio.gather(*map(one.pipeline.poll, one.claim(ids)))
    with database.connect() as connection:
        found = [feeds.get(connection, feed_id) for feed_id in ids]
        assert connection.scalar(text("SELECT count(*) FROM feed_url_history")) == 0
    assert [feed.url for feed in found] == urls
    assert {feed.schedule.last_outcome for feed in found} == {PollOutcome.OWN_OUTAGE}
    assert {feed.schedule.failures for feed in found} == {0}


async def test_a_blocked_feed_says_so_where_people_look_and_is_polled_rarely(
    database: Database,
) -> None:
    clock = Clock()
    with FaultServer(host="0.0.0.0") as server:
        page = b"<html><title>Just a moment...</title></html>"
        server.on("/feed", answers(403, page, ("cf-mitigated", "challenge")))
        async with fleet(database, clock=clock, gate=clock.gate()) as one:
            (feed_id,) = one.subscribe(server.url("/feed", host=own_host()))
            polls = await daily(one, clock, feed_id, days=3)
    with database.connect() as connection:
        row = connection.execute(text("SELECT state, state_since, state_evidence FROM v_feeds"))
        state, since, evidence = row.one()
    assert state == "blocked"
    assert str(since).startswith("2026-03-02 09:00:00")
    assert "Cloudflare" in evidence
    assert "contact" in (remedy(FeedState(state), PollOutcome.BLOCKED) or "")
    last = polls[-1].decision
    assert last is not None
    assert last.schedule.interval_seconds >= 0.7 * LOOPBACK.schedule.blocked_interval_seconds


async def test_hosts_of_one_registrable_domain_share_its_pace(database: Database) -> None:
    urls = [f"http://{host}.news.co.uk/feed" for host in ("www", "feeds", "a.b")]
    urls.append("http://other.co.uk/feed")
    assert len(set(map(site_of, urls))) == 2
    with database.begin() as connection:
        for url in urls:
            feeds.add(connection, FeedSettings(url=url), now=START)
        claimed = leases.claim_due(
            connection, now=START, limit=9, owner="x", lease_seconds=300, site_delay_seconds=2.0
        )
    slots = {one.url: (one.start_not_before - START).total_seconds() for one in claimed}
    assert sorted(slots[url] for url in urls[:3]) == [0, 2, 4]
    assert slots[urls[3]] == 0


async def test_limits_are_arguments_of_the_config(database: Database) -> None:
    tight = replace(
        LOOPBACK,
        fetch=replace(
            LOOPBACK.fetch,
            max_bytes=2_000,
            max_inflated_bytes=3_000,
            max_header_bytes=1_000,
            max_redirects=1,
        ),
    )
    body = rss(*range(100))
    with FaultServer(host="0.0.0.0") as server:
        server.on("/large", serves(body))
        server.on("/headers", answers(200, HEALTHY, ("x-long", "x" * 2_000)))
        server.on("/hop", redirects(302, "/hop2"))
        server.on("/hop2", redirects(302, "/fine"))
        server.on("/fine", serves(HEALTHY))
        paths = ("/large", "/headers", "/hop", "/hop2")
        async with fleet(database, tight) as one:
            ids = one.subscribe(*(server.url(path, host=own_host()) for path in paths))
            polls = [await one.pipeline.poll(due) for due in one.claim(ids)]
    assert [poll.polled.outcome for poll in polls] == [
        PollOutcome.TOO_LARGE,
        PollOutcome.TOO_LARGE,
        PollOutcome.REDIRECT_ERROR,
        PollOutcome.OK,
    ]
