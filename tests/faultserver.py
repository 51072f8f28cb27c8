"""A server that misbehaves on purpose, on loopback, byte by byte.

    with FaultServer() as server:
        server.on("/mine", answers(200, b"<rss/>", etag='"1"'))
        server.url("/mine"), server.url("/slow-drip")     # every fault of FAULTS has its path
        server.requests                                   # what was asked, in order

It runs in a thread with a loop of its own, so that synchronous tests and other processes can use
it as well. By hand: `python -m tests.faultserver --port 8099`.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gzip
import itertools
import socket
import struct
import threading
import time
import zlib
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from email.utils import formatdate
from types import TracebackType

HEALTHY = b"""<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0"><channel><title>Healthy</title><link>http://localhost/</link>
<description>Nothing wrong here</description>
<item><title>First</title><link>http://localhost/1</link><guid>1</guid>
<description>One.</description></item>
<item><title>Second</title><link>http://localhost/2</link><guid>2</guid>
<description>Two.</description></item>
</channel></rss>
"""
CHALLENGE = (
    b"<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>"
    b'<script src="/cdn-cgi/challenge-platform/h/b/orchestrate/chl_page/v1"></script></body></html>'
)
PAGE = b"<!DOCTYPE html><html><head><title>Home</title></head><body><p>Hello</p></body></html>"
_RSS = ("content-type", "application/rss+xml; charset=utf-8")


@dataclass(frozen=True, slots=True)
class Seen:
    """One request as it arrived. Header names are lower-case."""

    method: str
    target: str
    headers: dict[str, str]
    at: float  # monotonic seconds
    body: bytes = b""

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]


class Exchange:
    """One request being answered. Everything is sent as given: nothing is corrected."""

    def __init__(self, seen: Seen, writer: asyncio.StreamWriter, server: FaultServer) -> None:
        self.seen = seen
        self.server = server
        self._writer = writer
        self.is_closed = False

    async def send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def head(self, status: int, headers: Iterable[tuple[str, str]] = ()) -> None:
        lines = [f"HTTP/1.1 {status} Status", *(f"{name}: {value}" for name, value in headers)]
        await self.send(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))

    async def answer(
        self, status: int, body: bytes = b"", headers: Iterable[tuple[str, str]] = ()
    ) -> None:
        """A whole and honest answer."""
        given = list(headers)
        if status != 304:
            given.append(("content-length", str(len(body))))
        await self.head(status, given)
        if body:
            await self.send(body)

    def close(self) -> None:
        """End the connection in good order."""
        self.is_closed = True
        self._writer.close()

    def reset(self) -> None:
        """End it with a TCP reset."""
        sock = self._writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.is_closed = True
        self._writer.transport.abort()


Behaviour = Callable[[Exchange], Awaitable[None]]


class FaultServer:
    """`with FaultServer() as server:` starts it; `requests` grows as it is asked.

    What is mounted with `on` goes before the FAULTS of the same path; `default` answers the rest.
    """

    def __init__(self, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self.host = host
        self.port = port
        self.requests: list[Seen] = []
        self.connections = 0
        self.default: Behaviour = answers(404)
        self._mounted: dict[str, Behaviour] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="fault server", daemon=True)
        self._started: Future[int] = Future()
        self._tasks: set[asyncio.Task[None]] = set()

    def __enter__(self) -> FaultServer:
        self._thread.start()
        self.port = self._started.result(timeout=10)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)

    def url(self, path: str, *, host: str | None = None) -> str:
        return f"http://{host or self.host}:{self.port}{path}"

    def on(self, path: str, *behaviours: Behaviour) -> str:
        """Answer `path` with `behaviours` in turn, the last one for ever. Returns its URL."""
        rest = itertools.chain(behaviours[:-1], itertools.repeat(behaviours[-1]))

        async def next_one(exchange: Exchange) -> None:
            await next(rest)(exchange)

        self._mounted[path] = next_one
        return self.url(path)

    def asked(self, path: str) -> list[Seen]:
        """The requests for one path, in order."""
        return [seen for seen in self.requests if seen.path == path]

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            server = self._loop.run_until_complete(
                asyncio.start_server(self._accept, self.host, self.port, backlog=1024)
            )
        except OSError as error:
            self._started.set_exception(error)
            return
        self._started.set_result(server.sockets[0].getsockname()[1])
        self._loop.run_forever()
        server.close()
        for task in self._tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*self._tasks, return_exceptions=True))
        self._loop.close()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self.connections += 1
        try:
            while (seen := await _read_request(reader)) is not None:
                self.requests.append(seen)
                exchange = Exchange(seen, writer, self)
                behaviour = self._mounted.get(seen.path) or FAULTS.get(seen.path[1:], self.default)
                await behaviour(exchange)
                if exchange.is_closed:
                    break
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # the client has gone
        finally:
            with contextlib.suppress(OSError):
                writer.close()


async def _read_request(reader: asyncio.StreamReader) -> Seen | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    lines = head.decode("latin-1").split("\r\n")
    method, target, _ = lines[0].split(" ", 2)
    headers: dict[str, str] = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if colon:
            headers[name.lower()] = value.strip()
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Seen(method, target, headers, time.monotonic(), body)


# --- behaviours to mount -------------------------------------------------------------------------


def answers(
    status: int, body: bytes = b"", /, *pairs: tuple[str, str], **headers: str
) -> Behaviour:
    """An honest answer: `answers(503, retry_after="120")`."""
    given = [*pairs, *((name.replace("_", "-"), value) for name, value in headers.items())]

    async def behave(exchange: Exchange) -> None:
        await exchange.answer(status, body, given)

    return behave


def redirects(status: int, location: str) -> Behaviour:
    return answers(status, b"", ("location", location))


def serves(
    body: bytes = HEALTHY, *, etag: str | None = None, last_modified: str | None = None
) -> Behaviour:
    """A feed that honours the validators it gives."""
    given = [_RSS]
    if etag is not None:
        given.append(("etag", etag))
    if last_modified is not None:
        given.append(("last-modified", last_modified))

    async def behave(exchange: Exchange) -> None:
        asked = exchange.seen.headers
        by_etag = etag is not None and asked.get("if-none-match") == etag
        by_date = last_modified is not None and asked.get("if-modified-since") == last_modified
        if by_etag or (by_date and "if-none-match" not in asked):
            await exchange.answer(304, headers=given[1:])
        else:
            await exchange.answer(200, body, given)

    return behave


def sends(*pieces: bytes, pause_seconds: float = 0.0, then: str = "close") -> Behaviour:
    """Raw bytes, whatever they are. `then`: close, reset, or hold the connection open."""

    async def behave(exchange: Exchange) -> None:
        for piece in pieces:
            await exchange.send(piece)
            if pause_seconds:
                await asyncio.sleep(pause_seconds)
        if then == "hold":
            await asyncio.sleep(3600)
        elif then == "reset":
            exchange.reset()
        else:
            exchange.close()

    return behave


def repeats(head: bytes, chunk: bytes, *, pause_seconds: float = 0.0) -> Behaviour:
    """`head`, then `chunk` for ever."""

    async def behave(exchange: Exchange) -> None:
        await exchange.send(head)
        while True:
            await exchange.send(chunk)
            await asyncio.sleep(pause_seconds)

    return behave


# --- the faults ----------------------------------------------------------------------------------


def _head(*lines: str, status: str = "200 OK") -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", ": ".join(_RSS), *lines, "", ""]).encode()


def gzip_bomb(size: int = 64 << 20, *, wbits: int = 31) -> bytes:
    """`size` zero bytes, about a thousand times smaller; wbits 31 gzip, 15 zlib, -15 bare."""
    packer = zlib.compressobj(9, zlib.DEFLATED, wbits)
    block = bytes(1 << 20)
    parts = [packer.compress(block) for _ in range(size >> 20)]
    return b"".join(parts) + packer.flush()


def _bomb(coding: str, wbits: int) -> Behaviour:
    made: list[bytes] = []

    async def behave(exchange: Exchange) -> None:
        if not made:
            made.append(gzip_bomb(wbits=wbits))
        await exchange.answer(200, made[0], [_RSS, ("content-encoding", coding)])

    return behave


async def _redirect_chain(exchange: Exchange) -> None:
    """A new address every time, for ever."""
    step = int(exchange.seen.target.partition("?")[2] or "0")
    await exchange.answer(302, b"", [("location", f"/redirect-chain?{step + 1}")])


async def _frozen_etag(exchange: Exchange) -> None:
    """Any validator at all gets a 304, though the document changes every time it is sent."""
    asked = exchange.seen.headers
    given = [("etag", '"frozen"'), ("last-modified", "Thu, 01 Jan 2041 00:00:00 GMT")]
    if "if-none-match" in asked or "if-modified-since" in asked:
        await exchange.answer(304, headers=given)
        return
    count = len(exchange.server.asked("/frozen-etag"))
    await exchange.answer(200, HEALTHY.replace(b"First", b"First %d" % count), [_RSS, *given])


async def _retry_after_date(exchange: Exchange) -> None:
    at = formatdate(time.time() + 120, usegmt=True)
    await exchange.answer(503, b"", [("retry-after", at)])


async def _moving_validators(exchange: Exchange) -> None:
    """304, each with a new ETag: whoever does not save it asks with a stale one next time."""
    count = len(exchange.server.asked("/moving-validators"))
    given = [("etag", f'"v{count}"')]
    if "if-none-match" in exchange.seen.headers:
        await exchange.answer(304, headers=given)
    else:
        await exchange.answer(200, HEALTHY, [_RSS, *given])


_GZIPPED = gzip.compress(HEALTHY, mtime=0)
_LENGTH = f"content-length: {len(HEALTHY)}"
_CHUNKED = "transfer-encoding: chunked"

FAULTS: dict[str, Behaviour] = {
    "healthy": serves(etag='"healthy"', last_modified="Mon, 02 Nov 2026 10:00:00 GMT"),
    "slow-drip": repeats(_head("content-length: 100000"), b" ", pause_seconds=0.05),
    "slow-headers": repeats(b"HTTP/1.1 200 OK\r\n", b"x: y\r\n", pause_seconds=0.05),
    "silence": sends(then="hold"),
    "stalls": sends(_head(_LENGTH), HEALTHY[:40], then="hold"),
    "endless": repeats(_head("connection: close"), b"<item>" * 10_000),
    "endless-chunked": repeats(_head(_CHUNKED), b"ea60\r\n" + b"<item>" * 10_000 + b"\r\n"),
    "huge-length": sends(_head("content-length: 99999999999"), then="hold"),
    "gzip-bomb": _bomb("gzip", 31),
    "deflate-bomb": _bomb("deflate", 15),
    "raw-deflate-bomb": _bomb("deflate", -15),
    "corrupt-gzip": answers(200, _GZIPPED[:10] + b"\xff" * 200, content_encoding="gzip"),
    "truncated-gzip": answers(200, _GZIPPED[:-40], _RSS, content_encoding="gzip", etag='"cut"'),
    "not-gzip": answers(200, HEALTHY, _RSS, content_encoding="gzip"),
    "length-too-long": sends(_head(_LENGTH.replace(str(len(HEALTHY)), "999999")), HEALTHY),
    "length-too-short": sends(_head("content-length: 40"), HEALTHY),
    "length-negative": sends(_head("content-length: -5"), HEALTHY),
    "lengths-differ": sends(_head("content-length: 5", "content-length: 9"), HEALTHY),
    "truncated-body": sends(_head(_LENGTH, 'etag: "cut"'), HEALTHY[:300]),
    "truncated-chunks": sends(_head(_CHUNKED, 'etag: "cut"'), b"fff\r\n" + HEALTHY[:300]),
    "bad-chunks": sends(_head(_CHUNKED), b"zz\r\n" + HEALTHY),
    "no-body": sends(_head(_LENGTH)),
    "reset": sends(_head(_LENGTH), HEALTHY[:100], then="reset"),
    "reset-at-once": sends(then="reset"),
    "hangs-up": sends(),
    "not-http": sends(b"220 mail.example ESMTP ready\r\n"),
    "http-0.9": sends(HEALTHY),
    "header-flood": repeats(b"HTTP/1.1 200 OK\r\n", b"x-flood: " + b"y" * 1000 + b"\r\n"),
    "header-line": repeats(b"HTTP/1.1 200 OK\r\nx-flood: ", b"y" * 10_000),
    "big-headers": answers(200, HEALTHY, ("x-big", "y" * 80_000)),
    "informational-flood": repeats(b"", b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n"),
    "redirect-loop": redirects(302, "/redirect-loop-back"),
    "redirect-loop-back": redirects(302, "/redirect-loop"),
    "redirect-chain": _redirect_chain,
    "redirect-nowhere": answers(301),
    "redirect-rubbish": redirects(301, "http://[half/an address"),
    "redirect-file": redirects(302, "file:///etc/hostname"),
    "redirect-inside": redirects(302, "http://169.254.169.254/latest/meta-data/"),
    "html": answers(200, PAGE, content_type="text/html"),
    "empty": answers(200, b"", _RSS),
    "error-as-200": answers(200, b"Internal error: database is down", content_type="text/plain"),
    "challenge": answers(403, CHALLENGE, content_type="text/html", cf_mitigated="challenge"),
    "challenge-as-200": answers(200, CHALLENGE, content_type="text/html"),
    "forbidden": answers(403, PAGE, content_type="text/html"),
    "unauthorised": answers(401, b"", www_authenticate="Basic"),
    "missing": answers(404, PAGE, content_type="text/html"),
    "gone": answers(410),
    "teapot": answers(418),
    "broken": answers(500, b"oops"),
    "unavailable": answers(503),
    "too-many": answers(429, b"", retry_after="120"),
    "rest-until": _retry_after_date,
    "frozen-etag": _frozen_etag,
    "moving-validators": _moving_validators,
    "always-304": answers(304),
    "sets-cookies": answers(200, HEALTHY, _RSS, set_cookie="id=42; Path=/"),
}


def main() -> None:
    """Serve every fault until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8099)
    options = parser.parse_args()
    with FaultServer(host=options.host, port=options.port) as server:
        for name in FAULTS:
            print(server.url(f"/{name}"))
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()
