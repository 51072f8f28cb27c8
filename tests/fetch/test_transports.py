"""Which transport carries a fetch, and that any httpx transport will do."""

from __future__ import annotations

import asyncio
import errno
import socket
import subprocess
import sys
import time
from dataclasses import replace
from types import SimpleNamespace

import httpx
import pytest

from ingest.config import FetchSettings
from ingest.errors import FetchError, MissingExtra
from ingest.fetch import Client, FetchRequest
from ingest.model import PollOutcome
from tests.faultserver import HEALTHY, FaultServer, answers, redirects, serves
from tests.fetch.conftest import LOOPBACK, names


async def test_any_httpx_transport_can_stand_in_for_the_network() -> None:
    def respond(request: httpx.Request) -> httpx.Response:
        assert request.url.host == "feeds.example"
        return httpx.Response(200, content=HEALTHY, headers={"ETag": '"x"'})

    async with Client(FetchSettings(), transport=httpx.MockTransport(respond)) as client:
        got = await client.fetch(FetchRequest(url="https://feeds.example/rss"))
    assert (got.body, got.validators.etag) == (HEALTHY, '"x"')


@pytest.mark.parametrize(
    ("raised", "outcome"),
    [
        (httpx.ConnectTimeout(""), PollOutcome.TIMEOUT),
        (httpx.ReadTimeout(""), PollOutcome.TIMEOUT),
        (httpx.ConnectError(""), PollOutcome.CONNECT_ERROR),
        (httpx.ProxyError(""), PollOutcome.CONNECT_ERROR),
        (httpx.RemoteProtocolError(""), PollOutcome.PROTOCOL_ERROR),
        (RuntimeError("with a\nline break"), PollOutcome.PROTOCOL_ERROR),
    ],
)
async def test_whatever_a_transport_raises_becomes_an_outcome(
    raised: Exception, outcome: PollOutcome
) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise raised

    async with Client(FetchSettings(), transport=httpx.MockTransport(fail)) as client:
        with pytest.raises(FetchError) as caught:
            await client.fetch(FetchRequest(url="https://feeds.example/rss"))
    assert caught.value.outcome is outcome
    assert "\n" not in str(caught.value)


async def test_without_pycurl_auto_means_httpx_and_curl_says_what_to_install(
    server: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "ingest.fetch.curl", raising=False)
    monkeypatch.setitem(sys.modules, "pycurl", None)
    async with Client(replace(LOOPBACK, transport="auto")) as client:
        assert (await client.fetch(FetchRequest(url=server.url("/healthy")))).status == 200
    with pytest.raises(MissingExtra, match=r"ingest\[curl\]"):
        async with Client(replace(LOOPBACK, transport="curl")):
            pass


async def test_a_machine_without_ipv6_goes_on_to_the_next_address(
    server: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pycurl")
    real = socket.socket
    tried: list[int] = []

    def without_ipv6(family: int, *rest: int) -> socket.socket:
        tried.append(family)
        if family == socket.AF_INET6:
            raise OSError(errno.EAFNOSUPPORT, "Address family not supported by protocol")
        return real(family, *rest)

    resolver = names({"both.example": ["::1", "127.0.0.1"], "six.example": ["::1"]})
    open_to = replace(LOOPBACK, transport="curl", allow_networks=("127.0.0.0/8", "::1/128"))
    async with Client(open_to, resolver=resolver) as client:
        fake = SimpleNamespace(socket=without_ipv6)
        monkeypatch.setattr("ingest.fetch.curl.socket", fake)
        got = await client.fetch(FetchRequest(url=server.url("/healthy", host="both.example")))
        assert got.status == 200
        assert socket.AF_INET6 in tried
        with pytest.raises(FetchError, match="family not supported") as caught:
            await client.fetch(FetchRequest(url=server.url("/healthy", host="six.example")))
    assert caught.value.outcome is PollOutcome.CONNECT_ERROR


async def test_many_fetches_at_once_each_get_their_own_answer(
    client: Client, server: FaultServer
) -> None:
    for number in range(40):
        server.on(f"/n{number}", serves(b"<rss>%d</rss>" % number))
    got = await asyncio.gather(
        *(client.fetch(FetchRequest(url=server.url(f"/n{number}"))) for number in range(40))
    )
    assert [one.body for one in got] == [b"<rss>%d</rss>" % number for number in range(40)]


async def test_a_cancelled_fetch_leaves_the_client_fit_for_the_next(
    client: Client, server: FaultServer
) -> None:
    for fault in ("silence", "slow-drip", "stalls"):
        task = asyncio.create_task(client.fetch(FetchRequest(url=server.url(f"/{fault}"))))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert (await client.fetch(FetchRequest(url=server.url("/healthy")))).body == HEALTHY


async def test_closing_ends_what_is_under_way(settings: FetchSettings, server: FaultServer) -> None:
    async with Client(settings) as client:
        task = asyncio.create_task(client.fetch(FetchRequest(url=server.url("/silence"))))
        await asyncio.sleep(0.05)
        started_at = time.monotonic()
        task.cancel()
    assert time.monotonic() - started_at < 60  # and not the deadline of two minutes
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_post_carries_its_body_and_the_next_fetch_is_a_get_again(
    client: Client, server: FaultServer
) -> None:
    url = server.on("/hub", redirects(307, "/hub2"))
    server.on("/hub2", answers(202))
    assert await client.post(url, b"hub.mode=subscribe", content_type="text/plain") == 202
    assert (await client.fetch(FetchRequest(url=server.url("/healthy")))).body == HEALTHY
    seen = [(one.method, one.path, one.body) for one in server.requests]
    assert seen == [
        ("POST", "/hub", b"hub.mode=subscribe"),
        ("POST", "/hub2", b"hub.mode=subscribe"),
        ("GET", "/healthy", b""),
    ]
    assert server.requests[0].headers["content-type"] == "text/plain"


@pytest.mark.parametrize(
    ("path", "outcome"),
    [
        ("/missing", PollOutcome.CLIENT_ERROR),
        ("/redirect-nowhere", PollOutcome.PROTOCOL_ERROR),
        ("/reset-at-once", PollOutcome.CONNECT_ERROR),
    ],
)
async def test_a_post_that_fails_says_so(
    client: Client, server: FaultServer, path: str, outcome: PollOutcome
) -> None:
    with pytest.raises(FetchError) as caught:
        await client.post(server.url(path), b"x", content_type="text/plain")
    assert caught.value.outcome is outcome


async def test_a_post_is_guarded_too(client: Client) -> None:
    with pytest.raises(FetchError) as caught:
        await client.post("http://10.0.0.1/hub", b"x", content_type="text/plain")
    assert caught.value.outcome is PollOutcome.REFUSED


async def test_a_client_that_is_not_open_says_so() -> None:
    with pytest.raises(RuntimeError, match="async with"):
        await Client(LOOPBACK).fetch(FetchRequest(url="http://127.0.0.1:8099/"))


async def test_an_unchanged_feed_costs_little_cpu(server: FaultServer) -> None:
    """Only this thread is counted. Measured: 0.1 ms over curl; the bound leaves room for load."""
    pytest.importorskip("pycurl")
    async with Client(replace(LOOPBACK, transport="curl")) as client:
        url = server.url("/healthy")
        first = await client.fetch(FetchRequest(url=url))
        request = FetchRequest(url=url, validators=first.validators)
        await client.fetch(request)
        started_at = time.thread_time()
        for _ in range(100):
            assert (await client.fetch(request)).status == 304
        took = time.thread_time() - started_at
    assert took / 100 < 0.002


def test_over_curl_httpx_is_never_loaded() -> None:
    """It takes 70 ms of CPU to import: as much as seven hundred unchanged feeds."""
    pytest.importorskip("pycurl")
    program = "import sys, ingest.fetch, ingest.fetch.curl; sys.exit('httpx' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
