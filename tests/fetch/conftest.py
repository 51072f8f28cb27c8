from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest

from ingest.config import FetchSettings
from ingest.fetch import Client
from ingest.fetch.guard import Resolver
from tests.faultserver import FaultServer

LOOPBACK = FetchSettings(
    allow_networks=("127.0.0.0/8",),
    max_bytes=1_000_000,
    max_inflated_bytes=5_000_000,
    connect_timeout_seconds=60.0,
    read_timeout_seconds=60.0,
    total_timeout_seconds=120.0,
    contact="https://example.org/bot",
)


@pytest.fixture(scope="session")
def fault_server() -> Iterator[FaultServer]:
    with FaultServer() as server:
        yield server


@pytest.fixture
def server(fault_server: FaultServer) -> FaultServer:
    fault_server.requests.clear()
    return fault_server


@pytest.fixture(params=["httpx", "curl"])
def settings(request: pytest.FixtureRequest) -> FetchSettings:
    if request.param == "curl":
        pytest.importorskip("pycurl")
    return replace(LOOPBACK, transport=request.param)


@pytest.fixture
async def client(settings: FetchSettings) -> AsyncIterator[Client]:
    async with Client(settings) as opened:
        yield opened


def names(table: dict[str, list[str]]) -> Resolver:
    """A name server a test writes itself."""

    async def resolve(host: str, port: int) -> list[str]:
        if host not in table:
            raise OSError(-2, "Name or service not known")
        return table[host]

    return resolve
