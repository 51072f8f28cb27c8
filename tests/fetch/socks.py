"""A SOCKS5 proxy on loopback (RFC 1928, RFC 1929), which remembers what it was asked for."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import threading
from concurrent.futures import Future
from dataclasses import dataclass, field

_NAME, _IPV4, _IPV6 = 3, 1, 4


@dataclass
class SocksProxy:
    """`with SocksProxy() as proxy:`; every connection goes to the one port it is given."""

    to_port: int
    user: tuple[str, str] | None = None  # without: nobody needs a name
    asked: list[tuple[str, int]] = field(default_factory=list)  # host or address, and port
    port: int = 0

    def __enter__(self) -> SocksProxy:
        self._loop = asyncio.new_event_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        started: Future[int] = Future()
        self._thread = threading.Thread(target=self._run, args=(started,), daemon=True)
        self._thread.start()
        self.port = started.result(timeout=60)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=60)

    def _run(self, started: Future[int]) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._accept, "127.0.0.1", 0))
        started.set_result(server.sockets[0].getsockname()[1])
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
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            if await self._greeted(reader, writer):
                await self._connect(reader, writer)
        with contextlib.suppress(OSError):
            writer.close()

    async def _greeted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        _, methods = await reader.readexactly(2)
        offered = await reader.readexactly(methods)
        method = 2 if self.user else 0
        if method not in offered:
            writer.write(b"\x05\xff")
            return False
        writer.write(bytes((5, method)))
        if not self.user:
            return True
        _, length = await reader.readexactly(2)
        name = (await reader.readexactly(length)).decode()
        (length,) = await reader.readexactly(1)
        word = (await reader.readexactly(length)).decode()
        is_known = (name, word) == self.user
        writer.write(b"\x01\x00" if is_known else b"\x01\x01")
        return is_known

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _, _, _, kind = await reader.readexactly(4)
        if kind == _NAME:
            (length,) = await reader.readexactly(1)
            host = (await reader.readexactly(length)).decode("ascii")
        else:
            size = {_IPV4: 4, _IPV6: 16}[kind]
            host = str(ipaddress.ip_address(await reader.readexactly(size)))
        self.asked.append((host, int.from_bytes(await reader.readexactly(2), "big")))
        there, onward = await asyncio.open_connection("127.0.0.1", self.to_port)
        writer.write(b"\x05\x00\x00\x01" + bytes(6))
        await asyncio.gather(_pump(reader, onward), _pump(there, writer))


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()
    writer.close()
