"""TLS is checked against the name that was asked for, though the connection goes to an address."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ingest.config import FetchSettings
from ingest.errors import FetchError
from ingest.fetch import Client, FetchRequest
from ingest.model import PollOutcome
from tests.faultserver import FaultServer
from tests.fetch.conftest import names

AT_HOME = names({"feeds.example": ["127.0.0.1"], "other.example": ["127.0.0.1"]})


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a self-signed certificate for feeds.example, in one file."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl to make a certificate with")
    folder = tmp_path_factory.mktemp("tls")
    key, made, both = folder / "key.pem", folder / "made.pem", folder / "both.pem"
    command = (
        f"{openssl} req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "
        f"-keyout {key} -out {made} -subj /CN=feeds.example "
        "-addext subjectAltName=DNS:feeds.example"
    )
    subprocess.run(command.split(), check=True, capture_output=True)
    both.write_text(key.read_text() + made.read_text())
    return both


@pytest.fixture(scope="module")
def tls_server(certificate: Path) -> Iterator[FaultServer]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    with FaultServer(tls=context) as server:
        yield server


async def fetched_status(settings: FetchSettings, url: str) -> int:
    async with Client(settings, resolver=AT_HOME) as client:
        return (await client.fetch(FetchRequest(url=url))).status


async def test_a_certificate_nobody_vouches_for_is_refused(
    settings: FetchSettings, tls_server: FaultServer
) -> None:
    with pytest.raises(FetchError, match="certificate") as caught:
        await fetched_status(settings, tls_server.url("/healthy", host="feeds.example"))
    assert caught.value.outcome is PollOutcome.CONNECT_ERROR
    assert "\n" not in str(caught.value)


async def test_a_certificate_is_checked_against_the_name_not_the_address(
    settings: FetchSettings,
    tls_server: FaultServer,
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert await fetched_status(settings, tls_server.url("/healthy", host="feeds.example")) == 200
    with pytest.raises(FetchError) as caught:
        await fetched_status(settings, tls_server.url("/healthy", host="other.example"))
    assert caught.value.outcome is PollOutcome.CONNECT_ERROR


async def test_verification_can_be_turned_off_for_one_feed_only(
    settings: FetchSettings, tls_server: FaultServer
) -> None:
    url = tls_server.url("/healthy", host="feeds.example")
    async with Client(settings, resolver=AT_HOME) as client:
        got = await client.fetch(FetchRequest(url=url, verify_tls=False))
        assert got.status == 200
        with pytest.raises(FetchError):
            await client.fetch(FetchRequest(url=url))
    assert await fetched_status(replace(settings, verify_tls=False), url) == 200
