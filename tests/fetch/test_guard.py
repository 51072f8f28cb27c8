from __future__ import annotations

from dataclasses import replace

import pytest

from ingest.config import FetchSettings
from ingest.errors import ConfigError, FetchError
from ingest.fetch import Client, FetchRequest
from ingest.fetch.guard import Guard
from ingest.fetch.target import parse_target
from ingest.model import PollOutcome
from tests.faultserver import FaultServer, redirects
from tests.fetch.conftest import names

CLOSED = FetchSettings()
INSIDE = [
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "127.0.0.1",
    "127.8.9.10",
    "169.254.169.254",
    "172.31.255.255",
    "192.0.0.8",
    "192.168.1.1",
    "198.18.0.1",
    "224.0.0.251",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",  # IPv4-compatible
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:0:127.0.0.1",  # RFC 2765
    "64:ff9b::7f00:1",
    "64:ff9b::10.0.0.1",
    "64:ff9b:1::1",
    "2002:7f00:1::",
    "2002:a00:1::1",
    "2001::1",  # Teredo
    "2001:db8::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fec0::1",
    "ff02::1",
    "100::1",
    "5f00::1",
    "4000::1",
]
OUTSIDE = ["93.184.216.34", "1.1.1.1", "2606:4700::1111", "64:ff9b::101:101", "::ffff:1.1.1.1"]
SPELLINGS = [
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0177.0.0.1/",
    "http://017700000001/",
    "http://127.1/",
    "http://0x7f.1/",
    "http://127.0.0.1./",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[0:0:0:0:0:0:0:1]/",
    "http://[64:ff9b::127.0.0.1]/",
    "http://１２７.０.０.１/",  # full-width digits
    "http://127。0。0。1/",  # ideographic full stops
    "http://%31%32%37.0.0.1/",
    "http://user@127.0.0.1/",
    "http://0/",
]


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_inside_is_refused(address: str) -> None:
    with pytest.raises(FetchError) as caught:
        Guard(CLOSED).check_address(address)
    assert caught.value.outcome is PollOutcome.REFUSED
    assert "allow_networks" in str(caught.value)


@pytest.mark.parametrize("address", OUTSIDE)
def test_an_address_outside_passes(address: str) -> None:
    assert Guard(CLOSED).allows(address)


@pytest.mark.parametrize("url", SPELLINGS)
async def test_no_spelling_of_loopback_gets_through(settings: FetchSettings, url: str) -> None:
    async with Client(replace(settings, allow_networks=()), resolver=names({})) as client:
        with pytest.raises(FetchError) as caught:
            await client.fetch(FetchRequest(url=url))
    assert caught.value.outcome is PollOutcome.REFUSED


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "ftp://example.org/feed",
        "http://example.org:22/",
        "http://example.org:25/",
        "https://example.org:6000/",
        "example.org/feed",
        "http://",
        "http://exa mple.org/",
        "http://[fe80::1%25eth0]/",
        "http://a\\@b/",
        "",
    ],
)
async def test_what_is_no_public_web_address_is_refused(settings: FetchSettings, url: str) -> None:
    async with Client(settings, resolver=names({})) as client:
        with pytest.raises(FetchError) as caught:
            await client.fetch(FetchRequest(url=url))
    assert caught.value.outcome is PollOutcome.REFUSED


async def test_a_port_can_be_opened(settings: FetchSettings) -> None:
    async with Client(replace(settings, allow_ports=(81,))) as client:
        with pytest.raises(FetchError) as caught:
            await client.fetch(FetchRequest(url="http://127.0.0.1:81/"))
    assert caught.value.outcome is PollOutcome.CONNECT_ERROR


async def test_a_name_that_points_inside_is_refused_before_a_byte_is_sent(
    settings: FetchSettings, server: FaultServer
) -> None:
    closed = replace(settings, allow_networks=())
    before = server.connections
    resolver = names({"inside.example": ["127.0.0.1"]})
    async with Client(closed, resolver=resolver) as client:
        with pytest.raises(FetchError) as caught:
            await client.fetch(FetchRequest(url=server.url("/healthy", host="inside.example")))
    assert caught.value.outcome is PollOutcome.REFUSED
    assert "inside.example is 127.0.0.1, which is loopback" in str(caught.value)
    assert server.connections == before


async def test_one_address_inside_condemns_the_name(settings: FetchSettings) -> None:
    resolver = names({"mixed.example": ["93.184.216.34", "10.0.0.1"]})
    async with Client(replace(settings, allow_networks=()), resolver=resolver) as client:
        with pytest.raises(FetchError) as caught:
            await client.fetch(FetchRequest(url="http://mixed.example/"))
    assert caught.value.outcome is PollOutcome.REFUSED


async def test_the_connection_goes_to_what_was_checked_however_the_name_changes(
    settings: FetchSettings, server: FaultServer
) -> None:
    answers = iter([["127.0.0.1"], ["169.254.169.254"], ["169.254.169.254"]])
    asked: list[str] = []

    async def rebinding(host: str, port: int) -> list[str]:
        asked.append(host)
        return next(answers)

    async with Client(settings, resolver=rebinding) as client:
        got = await client.fetch(FetchRequest(url=server.url("/healthy", host="rebind.example")))
        assert got.status == 200
        assert asked == ["rebind.example"]
        with pytest.raises(FetchError) as caught:  # another port: another connection, a new lookup
            await client.fetch(FetchRequest(url="http://rebind.example:8099/"))
    assert caught.value.outcome is PollOutcome.REFUSED


async def test_a_redirect_is_guarded_like_a_first_request(
    settings: FetchSettings, server: FaultServer
) -> None:
    url = server.on("/to-name", redirects(302, "http://inside.example:8099/"))
    async with Client(settings, resolver=names({"inside.example": ["10.0.0.1"]})) as client:
        with pytest.raises(FetchError) as caught:
            await client.fetch(FetchRequest(url=url))
    assert caught.value.outcome is PollOutcome.REFUSED
    assert len(caught.value.redirects) == 1


async def test_the_next_address_is_tried_when_the_first_does_not_answer(
    settings: FetchSettings, server: FaultServer
) -> None:
    resolver = names({"two.example": ["127.0.0.99", "127.0.0.1"]})
    async with Client(settings, resolver=resolver) as client:
        got = await client.fetch(FetchRequest(url=server.url("/healthy", host="two.example")))
    assert got.status == 200


async def test_a_name_without_address_is_a_name_error(settings: FetchSettings) -> None:
    async with Client(settings, resolver=names({"empty.example": []})) as client:
        for host in ("nowhere.example", "empty.example"):
            with pytest.raises(FetchError) as caught:
                await client.fetch(FetchRequest(url=f"http://{host}/"))
            assert caught.value.outcome is PollOutcome.NAME_ERROR


async def test_lookups_are_kept_for_a_minute_and_no_longer() -> None:
    now = [0.0]
    asked: list[str] = []

    async def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["1.1.1.1"]

    guard = Guard(CLOSED, resolver=resolve, clock=lambda: now[0])
    for moment in (0.0, 59.0, 61.0):
        now[0] = moment
        assert await guard.addresses("a.example", 80) == ("1.1.1.1",)
    assert len(asked) == 2


def test_a_network_that_cannot_be_read_is_a_config_error() -> None:
    with pytest.raises(ConfigError, match="allow_networks"):
        Guard(FetchSettings(allow_networks=("10.0.0.0/99",)))


def test_an_ipv6_form_of_an_allowed_network_is_allowed() -> None:
    guard = Guard(FetchSettings(allow_networks=("10.0.0.0/8", "fd00::/8")))
    assert guard.allows("::ffff:10.1.1.1")
    assert guard.allows("fd12::1")
    assert not guard.allows("192.168.0.1")


@pytest.mark.parametrize("name", ["localhost", "printer", "db.internal", "nas.local", "127.0.0.1"])
async def test_a_proxy_is_not_asked_for_names_of_its_own_network(
    settings: FetchSettings, server: FaultServer, name: str
) -> None:
    proxied = replace(
        settings, allow_networks=(), proxy=f"http://ann:hunter2@127.0.0.1:{server.port}"
    )
    async with Client(proxied) as client:
        with pytest.raises(FetchError) as caught:
            await client.fetch(FetchRequest(url=f"http://{name}/feed"))
    assert caught.value.outcome is PollOutcome.REFUSED
    assert server.requests == []


@pytest.mark.parametrize("proxy", ["http://127.0.0.1:1", "nonsense", "http://[half"])
async def test_a_proxy_that_cannot_be_used_is_a_connect_error_without_its_password(
    settings: FetchSettings, proxy: str
) -> None:
    proxy = proxy.replace("http://1", "http://ann:hunter2@1")
    async with Client(replace(settings, proxy=proxy)) as client:
        with pytest.raises(FetchError) as caught:
            await client.fetch(FetchRequest(url="http://feeds.example/feed"))
    assert caught.value.outcome is PollOutcome.CONNECT_ERROR
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("HTTP://ExAmple.ORG", "http://example.org/"),
        ("https://example.org:443/a?b=c#d", "https://example.org/a?b=c"),
        ("http://example.org:8080/a b/é?q=ü", "http://example.org:8080/a%20b/%C3%A9?q=%C3%BC"),
        ("http://example.org/a%20b%zz", "http://example.org/a%20b%zz"),
        ("http://bücher.example/", "http://xn--bcher-kva.example/"),
        ("http://[2606:4700:0:0::1]:8080/x", "http://[2606:4700::1]:8080/x"),
        ("  http://example.org/\n", "http://example.org/"),
        ("http://under_score.example/", "http://under_score.example/"),
    ],
)
def test_a_url_is_spelled_one_way(url: str, wanted: str) -> None:
    assert parse_target(url).url == wanted
