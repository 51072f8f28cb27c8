"""Laws of the fetch stage, over addresses, URLs and answers that nobody thought of."""

from __future__ import annotations

import ipaddress
import random
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ingest.config import FetchSettings
from ingest.errors import FetchError
from ingest.fetch import Client, FetchRequest, site_of
from ingest.fetch.guard import Guard
from ingest.fetch.target import InvalidUrl, masked, parse_target, redirect_target
from ingest.model import Fetched
from tests.faultserver import HEALTHY, FaultServer, sends

GUARD = Guard(FetchSettings())


@given(st.ip_addresses(v=4))
@example(ipaddress.ip_address("192.88.99.1"))
def test_what_the_standard_library_calls_not_global_never_passes(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    if not address.is_global or address.is_multicast:
        assert not GUARD.allows(str(address))


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_judged_alike_in_every_ipv6_dress(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    number = int(address)
    plain = GUARD.allows(str(address))
    for dressed in (0xFFFF << 32 | number, 0x64FF9B << 96 | number, 0x2002 << 112 | number << 80):
        assert GUARD.allows(str(ipaddress.IPv6Address(dressed))) is plain


@given(st.ip_addresses(v=6))
def test_only_global_unicast_passes(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    dresses = ("2000::/3", "64:ff9b::/96", "::ffff:0:0/96")
    if GUARD.allows(str(address)):
        assert any(address in ipaddress.ip_network(dress) for dress in dresses)


@given(st.text() | st.text(alphabet="htps:/.@[]%0x127\\?# a").map("http://".__add__))
def test_a_url_is_read_or_refused_and_reading_it_again_changes_nothing(url: str) -> None:
    try:
        target = parse_target(url)
    except InvalidUrl:
        assert masked(url) == "(not a URL)"
        return
    assert target.url.isascii()
    assert not any(character.isspace() for character in target.url)
    if target.scheme in ("http", "https"):
        assert parse_target(target.url) == parse_target(parse_target(target.url).url)
        assert parse_target(target.url).host == target.host
    site_of(url)


@given(st.text())
def test_any_location_leads_somewhere_or_is_invalid(location: str) -> None:
    base = parse_target("https://example.org/feed")
    with suppress(InvalidUrl):
        assert redirect_target(base, location).url.isascii()


PIECES = [
    b"HTTP/1.1 200 OK\r\n",
    b"HTTP/1.1 304 Not Modified\r\n",
    b"HTTP/1.0 99999 ?\r\n",
    b"HTTP/1.1 301 Moved\r\nLocation: \xff\xfe//\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\n",
    b"content-length: 10\r\n",
    b"content-length: x\r\n",
    b"transfer-encoding: chunked\r\n",
    b"content-encoding: gzip\r\n",
    b"content-encoding: br\r\n",
    b"etag: \x00\xff\r\n",
    b": \r\n",
    b"\r\n",
    b"\n",
    b"5\r\nhello\r\n",
    b"0\r\n\r\n",
    b"\x1f\x8b\x08\x00",
    b"\x00",
    HEALTHY,
]


async def test_no_answer_makes_a_fetch_raise_anything_but_its_own_error(
    settings: FetchSettings, server: FaultServer
) -> None:
    dice = random.Random(7)
    said: list[str] = []
    async with Client(settings) as client:
        for _ in range(150):
            answer = b"".join(dice.choices(PIECES, k=dice.randint(0, 8)))
            if dice.random() < 0.3:
                answer = PIECES[0] + answer
            url = server.on("/fuzz", sends(answer))
            try:
                assert isinstance(await client.fetch(FetchRequest(url=url)), Fetched)
            except FetchError as error:
                said.append(str(error))
    assert 0 < len(said) < 150
    assert not [line for line in said if "\n" in line or "while fetching" in line]


@pytest.mark.parametrize("url", ["http://ann:hunter2@example.org/a?key=k3y", "http://k3y:@b.org/"])
def test_a_masked_url_keeps_no_secret(url: str) -> None:
    assert "hunter2" not in masked(url)
    assert "k3y" not in masked(url)
