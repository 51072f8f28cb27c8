"""A server that misbehaves on purpose, on loopback, byte by byte.

    with FaultServer() as server:
        server.on("/mine", answers(200, b"<rss/>", etag='"1"'))
        server.url("/mine"), server.url("/slow-drip")     # a fault of fault_catalogue
        server.requests                                   # what was asked, in order

It runs in a thread with a loop of its own, so that synchronous tests and other processes can use
it as well. By hand: `python -m tests.faultserver --port 8099`.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import socket
import ssl
import struct
import threading
import time
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass
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
RSS = ("content-type", "application/rss+xml; charset=utf-8")


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

    def __init__(
        self,
        seen: Seen,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        server: FaultServer,
    ) -> None:
        self.seen = seen
        self.server = server
        self._reader = reader
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

    async def hold(self) -> None:
        """Say nothing until the client goes away."""
        while await self._reader.read(65_536):
            pass

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

    What is mounted with `on` goes before the catalogue; `default` answers the rest.
    """

    def __init__(
        self, *, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None
    ) -> None:
        from tests.fault_catalogue import FAULTS

        self._faults = FAULTS
        self._tls = tls
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
        self.port = self._started.result(timeout=60)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=60)

    def url(self, path: str, *, host: str | None = None) -> str:
        scheme = "https" if self._tls else "http"
        return f"{scheme}://{host or self.host}:{self.port}{path}"

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
                asyncio.start_server(
                    self._accept, self.host, self.port, backlog=1024, ssl=self._tls
                )
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
                exchange = Exchange(seen, reader, writer, self)
                behaviour = self._mounted.get(seen.path) or self._faults.get(
                    seen.path[1:], self.default
                )
                await behaviour(exchange)
                if exchange.is_closed:
                    break
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # the client has gone
        except asyncio.CancelledError:
            return  # the server is being stopped
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
    given = [RSS]
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
            await exchange.hold()
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


def main() -> None:
    """Serve every fault until interrupted."""
    from tests.fault_catalogue import FAULTS

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
