"""The server of the benchmark: feeds over HTTP/1.1 on loopback, told what to do line by line.

    python -m benchmarks.rivals.server --feeds N        one JSON object a line in, one a line out

Each feed has a host of its own among 127.0.0.1 … 127.0.0.N, since programs space requests by host.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from hashlib import blake2b

from benchmarks.rivals.newsroom import SITES, Feed, Newsroom, document_of

GZIP = 16 + zlib.MAX_WBITS


@dataclass(slots=True)
class Counts:
    """What was asked for since the last reset."""

    requests: int = 0
    full: int = 0  # answered 200
    unchanged: int = 0  # answered 304
    unknown: int = 0  # answered 404
    connections: int = 0


@dataclass(frozen=True, slots=True)
class _Document:
    etag: bytes
    plain: bytes
    gzipped: bytes


@dataclass(slots=True)
class FeedServer:
    """Serves a newsroom. `latency_seconds` is waited before every answer."""

    newsroom: Newsroom
    hosts: int = SITES
    honours_validators: bool = True
    latency_seconds: float = 0.0
    counts: Counts = field(default_factory=Counts)
    port: int = 0
    _documents: dict[bytes, _Document] = field(default_factory=dict)
    _server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen on one port of every host, and write the documents."""
        first = await asyncio.get_running_loop().create_server(
            lambda: _Connection(self), "127.0.0.1", 0, backlog=1024
        )
        self.port = first.sockets[0].getsockname()[1]
        first.close()
        self._server = await asyncio.get_running_loop().create_server(
            lambda: _Connection(self),
            [_host(number) for number in range(self.hosts)],
            self.port,
            backlog=1024,
        )
        self.refresh(self.newsroom.feeds)

    async def stop(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()

    def url_of(self, feed: Feed) -> str:
        """Where a feed is."""
        return f"http://{_host(feed.number % self.hosts)}:{self.port}/feed/{feed.number}"

    def refresh(self, feeds: Sequence[Feed]) -> None:
        """Write the documents of feeds that changed."""
        for feed in feeds:
            plain = document_of(feed, self.url_of(feed))
            etag = b'"%s"' % blake2b(plain, digest_size=8).hexdigest().encode()
            self._documents[b"/feed/%d" % feed.number] = _Document(
                etag, plain, zlib.compress(plain, 6, GZIP)
            )

    def answer(self, head: bytes) -> bytes:
        """The answer to one request, given its head."""
        self.counts.requests += 1
        line, _, rest = head.partition(b"\r\n")
        document = self._documents.get(line.split(b" ")[1])
        if document is None:
            self.counts.unknown += 1
            return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
        fields = {
            name.strip().lower(): value.strip()
            for name, _, value in (one.partition(b":") for one in rest.split(b"\r\n"))
        }
        validators = b""
        if self.honours_validators:
            if fields.get(b"if-none-match") == document.etag:
                self.counts.unchanged += 1
                return b"HTTP/1.1 304 Not Modified\r\nETag: %s\r\n\r\n" % document.etag
            validators = b"ETag: %s\r\n" % document.etag
        self.counts.full += 1
        body, encoding = document.plain, b""
        if b"gzip" in fields.get(b"accept-encoding", b""):
            body, encoding = document.gzipped, b"Content-Encoding: gzip\r\n"
        return (
            b"HTTP/1.1 200 OK\r\nContent-Type: application/xml; charset=utf-8\r\n%s%s"
            b"Content-Length: %d\r\n\r\n%s" % (validators, encoding, len(body), body)
        )

    def obey(self, order: dict[str, float]) -> dict[str, int]:
        """Do as a line says; what was counted, and how many entries are new."""
        new_entries = 0
        counted = asdict(self.counts)
        self.honours_validators = bool(order.get("validators", self.honours_validators))
        self.latency_seconds = order.get("latency_seconds", self.latency_seconds)
        if order.get("rewind"):
            self.refresh(self.newsroom.rewind())
        if "advance" in order:
            changed, new_entries = self.newsroom.advance(order["advance"], int(order["turn"]))
            self.refresh(changed)
        if order.get("reset"):
            self.counts = Counts()
        return {**counted, "new_entries": new_entries}


class _Connection(asyncio.Protocol):
    """Requests of one client: heads only, one answer each, in their order."""

    def __init__(self, server: FeedServer) -> None:
        self._server = server
        self._received = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._server.counts.connections += 1

    def data_received(self, data: bytes) -> None:
        self._received += data
        while b"\r\n\r\n" in self._received:
            head, _, self._received = self._received.partition(b"\r\n\r\n")
            answer = self._server.answer(head)
            closes = b"connection: close" in head.lower() or b"HTTP/1.0" in head
            if self._server.latency_seconds:
                loop = asyncio.get_running_loop()
                loop.call_later(self._server.latency_seconds, self._send, answer, closes)
            else:
                self._send(answer, closes)

    def _send(self, answer: bytes, closes: bool) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(answer)
            if closes:
                self._transport.close()


def _host(number: int) -> str:
    return f"127.0.0.{number + 1}"


async def _serve(server: FeedServer) -> None:
    await server.start()
    feeds = server.newsroom.feeds
    lines = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    _say({"urls": [server.url_of(one) for one in feeds], "entries": sum(f.entries for f in feeds)})
    while line := await lines.readline():
        _say(server.obey(json.loads(line)))
    await server.stop()


def _say(answer: object) -> None:
    print(json.dumps(answer), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.rivals.server", description=__doc__)
    parser.add_argument("--feeds", type=int, default=1_000)
    parser.add_argument("--entries", type=int, default=35, help="of a feed, on average")
    parser.add_argument("--hosts", type=int, default=SITES)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    newsroom = Newsroom(options.feeds, entries=options.entries, seed=options.seed)
    asyncio.run(_serve(FeedServer(newsroom, hosts=min(options.hosts, options.feeds))))


if __name__ == "__main__":
    main()
