"""SOCKS proxies: libcurl has them, and the guard stands in front; httpx has none and says so."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ingest.config import FetchSettings
from ingest.errors import FetchError
from ingest.fetch import Client, FetchRequest
from ingest.model import PollOutcome
from tests.faultserver import HEALTHY, FaultServer, redirects
from tests.fetch.conftest import LOOPBACK, names
from tests.fetch.socks import SocksProxy

OUTSIDE = "93.184.215.14"  # an address the guard has nothing against; the proxy leads it home


def via(proxy: SocksProxy, *, scheme: str = "socks5", user: str = "") -> FetchSettings:
    pytest.importorskip("pycurl")
    url = f"{scheme}://{user}127.0.0.1:{proxy.port}"
    return replace(LOOPBACK, transport="curl", proxy=url, allow_networks=())


@pytest.fixture
def outside(server: FaultServer) -> dict[str, list[str]]:
    return {"feeds.example": [OUTSIDE], "inside.example": ["10.0.0.7"]}


async def failed(client: Client, url: str) -> FetchError:
    with pytest.raises(FetchError) as caught:
        await client.fetch(FetchRequest(url=url))
    return caught.value


async def test_a_document_comes_through_a_socks_proxy_at_the_address_that_was_checked(
    server: FaultServer, outside: dict[str, list[str]]
) -> None:
    with SocksProxy(server.port) as proxy:
        async with Client(via(proxy), resolver=names(outside)) as client:
            got = await client.fetch(FetchRequest(url="http://feeds.example/healthy"))
    assert got.body == HEALTHY
    assert proxy.asked == [(OUTSIDE, 80)]


async def test_a_proxy_that_resolves_names_itself_is_given_the_name(
    server: FaultServer, outside: dict[str, list[str]]
) -> None:
    with SocksProxy(server.port) as proxy:
        async with Client(via(proxy, scheme="socks5h"), resolver=names({})) as client:
            got = await client.fetch(FetchRequest(url="http://feeds.example/healthy"))
    assert got.body == HEALTHY
    assert proxy.asked == [("feeds.example", 80)]


async def test_a_socks_proxy_gets_its_user_and_word(
    server: FaultServer, outside: dict[str, list[str]]
) -> None:
    with SocksProxy(server.port, user=("ann", "hunter2")) as proxy:
        settings = via(proxy, user="ann:hunter2@")
        async with Client(settings, resolver=names(outside)) as client:
            got = await client.fetch(FetchRequest(url="http://feeds.example/healthy"))
            assert got.body == HEALTHY
        wrong = via(proxy, user="ann:hunter3@")
        async with Client(wrong, resolver=names(outside)) as client:
            error = await failed(client, "http://feeds.example/healthy")
    assert error.outcome is PollOutcome.CONNECT_ERROR
    assert "hunter" not in str(error)


@pytest.mark.parametrize(
    ("scheme", "url"),
    [
        ("socks5", "http://inside.example/healthy"),  # resolves to an address inside
        ("socks5", "http://10.0.0.7/healthy"),
        ("socks5h", "http://10.0.0.7/healthy"),
        ("socks5", "http://169.254.169.254/latest/meta-data/"),
        ("socks5h", "http://printer.local/"),
        ("socks5h", "http://[::1]/"),
    ],
)
async def test_the_guard_stands_before_a_socks_proxy_too(
    server: FaultServer, outside: dict[str, list[str]], scheme: str, url: str
) -> None:
    with SocksProxy(server.port) as proxy:
        async with Client(via(proxy, scheme=scheme), resolver=names(outside)) as client:
            error = await failed(client, url)
    assert error.outcome is PollOutcome.REFUSED
    assert proxy.asked == []


async def test_a_redirect_through_a_socks_proxy_does_not_lead_inside(
    server: FaultServer, outside: dict[str, list[str]]
) -> None:
    server.on("/lure", redirects(302, "http://inside.example/healthy"))
    with SocksProxy(server.port) as proxy:
        async with Client(via(proxy), resolver=names(outside)) as client:
            error = await failed(client, "http://feeds.example/lure")
    assert error.outcome is PollOutcome.REFUSED
    assert proxy.asked == [(OUTSIDE, 80)]


async def test_a_name_that_is_rebound_between_two_requests_is_refused(
    server: FaultServer,
) -> None:
    table = {"feeds.example": [OUTSIDE]}
    with SocksProxy(server.port) as proxy:
        for address, is_refused in ((OUTSIDE, False), ("127.0.0.1", True)):
            table["feeds.example"] = [address]
            async with Client(via(proxy), resolver=names(table)) as client:
                if is_refused:
                    error = await failed(client, "http://feeds.example/healthy")
                    assert error.outcome is PollOutcome.REFUSED
                else:
                    await client.fetch(FetchRequest(url="http://feeds.example/healthy"))
    assert proxy.asked == [(OUTSIDE, 80)]


@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
async def test_httpx_refuses_a_socks_proxy_in_one_clear_line(scheme: str) -> None:
    settings = replace(LOOPBACK, transport="httpx", proxy=f"{scheme}://ann:hunter2@127.0.0.1:9")
    async with Client(settings, resolver=names({"feeds.example": [OUTSIDE]})) as client:
        error = await failed(client, "http://feeds.example/healthy")
    # Not "cannot be reached": that would look like an outage of our own network.
    assert error.outcome is PollOutcome.REFUSED
    assert str(error) == 'refused: a SOCKS proxy needs fetch.transport = "curl"'
