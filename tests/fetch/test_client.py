from __future__ import annotations

import gzip
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import xxhash

from ingest.config import FetchSettings
from ingest.errors import FetchError
from ingest.fetch import Auth, Client, FetchRequest
from ingest.model import PollOutcome, Validators
from tests.faultserver import HEALTHY, FaultServer, answers, redirects, serves
from tests.fetch.conftest import names

ODD_ETAG = 'W/"caf\xe9 \'; -- 1"'


async def failure(client: Client, url: str, **fields: object) -> FetchError:
    with pytest.raises(FetchError) as caught:
        await client.fetch(FetchRequest(url=url, **fields))  # type: ignore[arg-type]
    return caught.value


async def test_a_document_arrives_with_its_validators_and_hash(
    client: Client, server: FaultServer
) -> None:
    got = await client.fetch(FetchRequest(url=server.url("/healthy")))
    assert (got.status, got.body) == (200, HEALTHY)
    assert got.validators == Validators('"healthy"', "Mon, 02 Nov 2026 10:00:00 GMT")
    assert got.received_bytes == len(HEALTHY)
    digest = xxhash.xxh3_64_intdigest(HEALTHY)
    assert got.body_hash == (digest - 2**64 if digest >= 2**63 else digest)
    assert got.headers["content-type"] == "application/rss+xml; charset=utf-8"


async def test_asking_again_with_what_was_given_costs_no_body(
    client: Client, server: FaultServer
) -> None:
    url = server.url("/healthy")
    first = await client.fetch(FetchRequest(url=url))
    again = await client.fetch(FetchRequest(url=url, validators=first.validators))
    assert (again.status, again.body, again.body_hash) == (304, None, None)
    assert again.validators == first.validators
    asked = server.asked("/healthy")[1].headers
    assert asked["if-none-match"] == '"healthy"'
    assert asked["if-modified-since"] == "Mon, 02 Nov 2026 10:00:00 GMT"


async def test_validators_travel_byte_for_byte(client: Client, server: FaultServer) -> None:
    url = server.on("/odd", serves(etag=ODD_ETAG, last_modified="yesterday, I think"))
    first = await client.fetch(FetchRequest(url=url))
    assert first.validators == Validators(ODD_ETAG, "yesterday, I think")
    again = await client.fetch(FetchRequest(url=url, validators=first.validators))
    assert again.status == 304


async def test_validators_that_change_in_a_304_are_taken_over(
    client: Client, server: FaultServer
) -> None:
    url = server.url("/moving-validators")
    sent = Validators('"v0"', "Mon, 02 Nov 2026 10:00:00 GMT")
    got = await client.fetch(FetchRequest(url=url, validators=sent))
    assert got.validators == Validators('"v1"', "Mon, 02 Nov 2026 10:00:00 GMT")


async def test_a_304_nobody_asked_for_is_a_fault(client: Client, server: FaultServer) -> None:
    error = await failure(client, server.url("/always-304"))
    assert error.outcome is PollOutcome.PROTOCOL_ERROR


async def test_a_body_known_already_is_not_handed_on(client: Client, server: FaultServer) -> None:
    url = server.url("/healthy")
    first = await client.fetch(FetchRequest(url=url))
    again = await client.fetch(FetchRequest(url=url, known_body_hash=first.body_hash))
    assert (again.status, again.body, again.body_hash) == (200, None, first.body_hash)


async def test_no_cookie_is_ever_sent_back(client: Client, server: FaultServer) -> None:
    for _ in range(2):
        await client.fetch(FetchRequest(url=server.url("/sets-cookies")))
    assert all("cookie" not in seen.headers for seen in server.requests)


async def test_the_user_agent_names_the_software_and_a_contact(
    client: Client, server: FaultServer
) -> None:
    await client.fetch(FetchRequest(url=server.url("/healthy")))
    await client.fetch(FetchRequest(url=server.url("/healthy"), user_agent="mine/2"))
    first, second = (seen.headers["user-agent"] for seen in server.requests)
    assert first.startswith("ingest/")
    assert first.endswith("(+https://example.org/bot)")
    assert second == "mine/2"


async def test_connections_are_reused(client: Client, server: FaultServer) -> None:
    before = server.connections
    for _ in range(3):
        await client.fetch(FetchRequest(url=server.url("/healthy")))
    assert server.connections == before + 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_followed_and_reported(
    client: Client, server: FaultServer, status: int
) -> None:
    server.on("/old", redirects(status, "new?x=1"))
    url = server.on("/new", serves(etag='"n"'))
    got = await client.fetch(FetchRequest(url=server.url("/old"), validators=Validators('"n"')))
    assert got.url == f"{url}?x=1"
    assert [(hop.status, hop.url) for hop in got.redirects] == [(status, f"{url}?x=1")]
    assert got.status == 304


async def test_a_failure_behind_redirects_still_tells_them(
    client: Client, server: FaultServer
) -> None:
    url = server.on("/moved", redirects(301, "/gone"))
    error = await failure(client, url)
    assert (error.outcome, error.status) == (PollOutcome.GONE, 410)
    assert [hop.url for hop in error.redirects] == [server.url("/gone")]


async def test_credentials_stay_with_their_server(
    settings: FetchSettings, server: FaultServer
) -> None:
    server.on("/elsewhere", serves())
    server.on("/same", serves())
    server.on("/leave", redirects(302, f"http://other.example:{server.port}/elsewhere"))
    server.on("/stay", redirects(302, "/same"))
    at_home = {"first.example": ["127.0.0.1"], "other.example": ["127.0.0.1"]}
    async with Client(settings, resolver=names(at_home)) as client:
        for path in ("/leave", "/stay"):
            request = FetchRequest(
                url=server.url(path, host="first.example"),
                auth=Auth.bearer("s3cret"),
                headers={"X-Key": "k3y", "Host": "evil.example"},
            )
            await client.fetch(request)
    leave, elsewhere, stay, same = server.requests
    for seen in (leave, stay, same):
        assert seen.headers["authorization"] == "Bearer s3cret"
        assert seen.headers["x-key"] == "k3y"
        assert seen.headers["host"] == f"first.example:{server.port}"
    assert "authorization" not in elsewhere.headers
    assert "x-key" not in elsewhere.headers


async def test_userinfo_becomes_basic_auth_and_is_never_shown(
    client: Client, server: FaultServer
) -> None:
    url = server.on("/private", answers(401), serves())
    secret = url.replace("http://", "http://ann:p%40ss@")
    error = await failure(client, secret)
    assert error.outcome is PollOutcome.CLIENT_ERROR
    got = await client.fetch(FetchRequest(url=secret))
    assert got.url == url
    assert {seen.headers["authorization"] for seen in server.requests} == {"Basic YW5uOnBAc3M="}
    assert "p@ss" not in f"{error} {got}"
    assert "p%40ss" not in f"{error} {got}"
    assert "s3cret" not in repr(FetchRequest(url=url, auth=Auth.bearer("s3cret")))


@pytest.mark.parametrize(
    ("answer", "outcome", "seconds"),
    [
        (answers(429, retry_after="120"), PollOutcome.RATE_LIMITED, 120.0),
        (answers(429), PollOutcome.RATE_LIMITED, None),
        (answers(503, retry_after="Mon, 02 Nov 2026 10:05:00 GMT"), PollOutcome.RATE_LIMITED, 300),
        (answers(503), PollOutcome.SERVER_ERROR, None),
        (answers(503, retry_after="soon"), PollOutcome.SERVER_ERROR, None),
        (answers(500, retry_after="60"), PollOutcome.SERVER_ERROR, 60.0),
    ],
)
async def test_retry_after_is_read_as_seconds_or_as_a_date(
    settings: FetchSettings,
    server: FaultServer,
    answer: object,
    outcome: PollOutcome,
    seconds: float | None,
) -> None:
    url = server.on("/busy", answer)  # type: ignore[arg-type]
    now = datetime(2026, 11, 2, 10, 0, tzinfo=UTC)
    async with Client(settings, now=lambda: now) as client:
        error = await failure(client, url)
    assert (error.outcome, error.retry_after_seconds) == (outcome, seconds)


async def test_a_compressed_body_is_asked_for_and_inflated(
    client: Client, server: FaultServer
) -> None:
    packed = gzip.compress(HEALTHY)
    url = server.on("/packed", answers(200, packed, content_encoding="gzip"))
    got = await client.fetch(FetchRequest(url=url))
    assert got.body == HEALTHY
    assert got.received_bytes == len(packed)
    assert server.requests[0].headers["accept-encoding"].startswith("gzip, deflate")


async def test_a_proxy_is_asked_in_the_servers_place(
    settings: FetchSettings, server: FaultServer
) -> None:
    server.on("http://feeds.example/rss", serves())
    via = replace(settings, proxy=f"http://127.0.0.1:{server.port}")
    async with Client(via, resolver=names({})) as client:
        got = await client.fetch(FetchRequest(url="http://feeds.example/rss"))
    assert got.body == HEALTHY
    assert server.requests[0].target == "http://feeds.example/rss"


async def test_the_environments_proxy_is_not_used(
    settings: FetchSettings, server: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with Client(settings) as client:
        got = await client.fetch(FetchRequest(url=server.url("/healthy")))
    assert got.status == 200


async def test_a_header_with_a_line_break_is_refused_before_it_is_sent(
    client: Client, server: FaultServer
) -> None:
    error = await failure(client, server.url("/healthy"), headers={"x-a": "1\r\nx-b: 2"})
    assert error.outcome is PollOutcome.REFUSED
    assert server.requests == []


async def test_a_validator_that_cannot_be_sent_is_left_out(
    client: Client, server: FaultServer
) -> None:
    sent = Validators('"a\x01\r\nb"', "Mon, 02 Nov 2026 10:00:00 GMT")
    got = await client.fetch(FetchRequest(url=server.url("/healthy"), validators=sent))
    assert got.status == 304
    assert "if-none-match" not in server.requests[0].headers


async def test_of_a_header_that_may_stand_only_once_the_first_counts(
    client: Client, server: FaultServer
) -> None:
    twice = [("etag", '"first"'), ("ETag", '"second"')]
    url = server.on("/twice", answers(200, HEALTHY, *twice))
    got = await client.fetch(FetchRequest(url=url))
    assert got.validators.etag == '"first"'


async def test_headers_that_repeat_are_joined(client: Client, server: FaultServer) -> None:
    url = server.on("/links", answers(200, HEALTHY, ("link", "<a>; rel=hub"), ("Link", "<b>")))
    got = await client.fetch(FetchRequest(url=url))
    assert got.headers["link"] == "<a>; rel=hub, <b>"
