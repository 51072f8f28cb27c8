"""libcurl as the wire: a tenth of the CPU that a request costs in pure Python.

One multi handle, driven by the event loop's readers, writers and timers. libcurl never resolves a
name of ours: it is told the addresses the guard has checked, and whatever it is about to connect to
is checked once more where the socket is made.
"""

from __future__ import annotations

import asyncio
import math
import os
import socket
from typing import Any

import certifi
import pycurl

from ingest.errors import FetchError
from ingest.fetch.guard import Guard, is_literal
from ingest.fetch.request import Limits
from ingest.fetch.wire import Call, Receiver, headers_too_large
from ingest.model import PollOutcome

# pycurl's own error numbers, sorted by what they mean for a poll (libcurl-errors(3)).
_PROTOCOL_ERRORS = frozenset(
    {
        pycurl.E_UNSUPPORTED_PROTOCOL,  # HTTP/0.9
        8,  # weird server reply
        pycurl.E_GOT_NOTHING,
        pycurl.E_HTTP2,
        pycurl.E_BAD_CONTENT_ENCODING,
    }
)
_TLS_ERRORS = frozenset(
    {
        pycurl.E_SSL_CONNECT_ERROR,
        pycurl.E_PEER_FAILED_VERIFICATION,
        pycurl.E_SSL_CACERT_BADFILE,
        pycurl.E_SSL_CIPHER,
        pycurl.E_SSL_ISSUER_ERROR,
        pycurl.E_SSL_INVALIDCERTSTATUS,
    }
)
_TOO_LARGE = 100  # libcurl's own limit on headers, should it be the smaller one


def _is_resolved_here(proxy: str | None) -> bool:
    """Whether the target's name is ours to resolve: `socks5` is given addresses, not names."""
    return proxy is None or proxy.lower().startswith("socks5:")


_KEPT = 4  # idle connections kept for each one in use: many feeds share a server


class CurlWire:
    """All exchanges of one event loop, some `max_connections` of them at a time."""

    def __init__(self, guard: Guard, *, max_connections: int) -> None:
        self._guard = guard
        self._loop = asyncio.get_running_loop()
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._watch)
        self._multi.setopt(pycurl.M_TIMERFUNCTION, self._set_timer)
        self._multi.setopt(pycurl.M_MAX_TOTAL_CONNECTIONS, _KEPT * max_connections)
        self._multi.setopt(pycurl.M_MAXCONNECTS, _KEPT * max_connections)
        self._watched: dict[int, int] = {}
        self._timer: asyncio.Handle | None = None
        self._idle: list[_Slot] = []
        self._busy: set[_Slot] = set()
        self._ca_file = os.environ.get("SSL_CERT_FILE") or certifi.where()

    async def exchange(self, call: Call, receiver: Receiver) -> None:
        """Make `call` and push the answer into `receiver`. Raises FetchError."""
        target = call.target
        addresses: tuple[str, ...] = ()
        if _is_resolved_here(call.proxy) and not is_literal(target.host):
            addresses = await self._guard.addresses(target.host, target.port)
        slot = self._idle.pop() if self._idle else _Slot(self._guard, self._ca_file)
        slot.prepare(call, addresses, receiver)
        future: asyncio.Future[int] = self._loop.create_future()
        slot.future = future
        self._busy.add(slot)
        self._multi.add_handle(slot.handle)
        try:
            code = await future
            slot.judge(code, call)
        finally:
            if slot in self._busy:  # cancelled: the transfer is still under way
                self._busy.discard(slot)
                self._multi.remove_handle(slot.handle)
            slot.future = slot.receiver = slot.failure = None
            self._idle.append(slot)

    async def aclose(self) -> None:
        """End what is under way, close every connection."""
        for slot in tuple(self._busy):
            if slot.future is not None:
                slot.future.cancel()
            self._multi.remove_handle(slot.handle)
        self._busy.clear()
        for slot in self._idle:
            slot.handle.close()
        self._idle.clear()
        self._multi.close()
        if self._timer is not None:
            self._timer.cancel()
        for fd in tuple(self._watched):
            self._unwatch(fd)

    def _watch(self, wanted: int, fd: int, _multi: object, _data: object) -> None:
        """libcurl says which readiness of `fd` it waits for."""
        if wanted == pycurl.POLL_REMOVE:
            self._unwatch(fd)
            return
        before = self._watched.get(fd, 0)
        if wanted & pycurl.POLL_IN:
            if not before & pycurl.POLL_IN:
                self._loop.add_reader(fd, self._advance, fd, pycurl.CSELECT_IN)
        elif before & pycurl.POLL_IN:
            self._loop.remove_reader(fd)
        if wanted & pycurl.POLL_OUT:
            if not before & pycurl.POLL_OUT:
                self._loop.add_writer(fd, self._advance, fd, pycurl.CSELECT_OUT)
        elif before & pycurl.POLL_OUT:
            self._loop.remove_writer(fd)
        self._watched[fd] = wanted

    def _unwatch(self, fd: int) -> None:
        before = self._watched.pop(fd, 0)
        if before & pycurl.POLL_IN:
            self._loop.remove_reader(fd)
        if before & pycurl.POLL_OUT:
            self._loop.remove_writer(fd)

    def _set_timer(self, milliseconds: int) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if milliseconds == 0:
            self._timer = self._loop.call_soon(self._on_timer)
        elif milliseconds > 0:
            self._timer = self._loop.call_later(milliseconds / 1000, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        self._advance(pycurl.SOCKET_TIMEOUT, 0)

    def _advance(self, fd: int, events: int) -> None:
        _, running = self._multi.socket_action(fd, events)
        if running == len(self._busy):
            return
        while True:
            queued, done, failed = self._multi.info_read()
            for handle in done:
                self._finish(handle, pycurl.E_OK)
            for handle, code, _ in failed:
                self._finish(handle, code)
            if not queued:
                break

    def _finish(self, handle: Any, code: int) -> None:
        self._multi.remove_handle(handle)
        slot: _Slot = handle.slot
        self._busy.discard(slot)
        if slot.future is not None and not slot.future.done():
            slot.future.set_result(code)


class _Slot:
    """An easy handle, used again and again, with the callbacks of the exchange it is in."""

    def __init__(self, guard: Guard, ca_file: str) -> None:
        self._guard = guard
        self._configured: tuple[object, ...] | None = None
        self._is_proxied = False
        self._names_addresses = False
        self._posts = False
        self._lines: list[bytes] = []
        self._header_bytes = 0
        self._has_started = False
        self._has_enough = False
        self._socket_error: str | None = None
        self._limits = Limits()
        self.receiver: Receiver | None = None
        self.failure: FetchError | None = None
        self.future: asyncio.Future[int] | None = None
        handle = self.handle = pycurl.Curl()
        handle.slot = self
        for option, value in (
            (pycurl.NOSIGNAL, 1),
            (pycurl.FOLLOWLOCATION, 0),
            (pycurl.PATH_AS_IS, 1),
            (pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1),
            (pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS),
            (pycurl.LOW_SPEED_LIMIT, 1),
            (pycurl.CAINFO, ca_file),
            (pycurl.OPENSOCKETFUNCTION, self._open_socket),
            (pycurl.HEADERFUNCTION, self._on_header),
            (pycurl.WRITEFUNCTION, self._on_data),
        ):
            handle.setopt(option, value)

    def prepare(self, call: Call, addresses: tuple[str, ...], receiver: Receiver) -> None:
        """Set the handle up for `call`. `addresses` are what its host's name resolved to."""
        handle = self.handle
        handle.setopt(pycurl.URL, call.target.url)
        handle.setopt(
            pycurl.HTTPHEADER,
            [
                (f"{name}: {value}" if value else f"{name};").encode("latin-1", "replace")
                for name, value in call.headers
            ],
        )
        if addresses:
            listed = ",".join(f"[{a}]" if ":" in a else a for a in addresses)
            target = call.target
            handle.setopt(pycurl.RESOLVE, [f"+{target.host}:{target.port}:{listed}"])
            self._names_addresses = True
        elif self._names_addresses:  # else the last host's would be put into the cache anew
            handle.unsetopt(pycurl.RESOLVE)
            self._names_addresses = False
        if call.content is not None:
            handle.setopt(pycurl.POSTFIELDS, call.content)  # makes it a POST
            self._posts = True
        elif self._posts:
            handle.setopt(pycurl.HTTPGET, 1)
            self._posts = False
        configuration = (call.limits, call.proxy, call.verify_tls)
        if configuration != self._configured:
            self._configure(call)
            self._configured = configuration
        self._lines.clear()
        self._header_bytes = 0
        self._has_started = self._has_enough = False
        self.failure = self._socket_error = None
        self.receiver = receiver
        self._limits = call.limits

    def _configure(self, call: Call) -> None:
        limits, handle = call.limits, self.handle
        handle.setopt(pycurl.CONNECTTIMEOUT_MS, int(limits.connect_timeout_seconds * 1000))
        handle.setopt(pycurl.TIMEOUT_MS, int(limits.total_timeout_seconds * 1000))
        handle.setopt(pycurl.LOW_SPEED_TIME, max(1, math.ceil(limits.read_timeout_seconds)))
        handle.setopt(pycurl.PROXY, call.proxy or "")  # empty: none, not even the environment's
        handle.setopt(pycurl.SSL_VERIFYPEER, 1 if call.verify_tls else 0)
        handle.setopt(pycurl.SSL_VERIFYHOST, 2 if call.verify_tls else 0)
        self._is_proxied = call.proxy is not None  # then the user has chosen the address

    def judge(self, code: int, call: Call) -> None:
        """Raise FetchError for whatever `code` says went wrong."""
        receiver = self.receiver
        assert receiver is not None
        if self.failure is not None:
            raise self.failure
        if code == pycurl.E_OK or self._has_enough:
            if not self._has_started:
                raise FetchError(
                    f"{call.target.host} did not answer in HTTP", PollOutcome.PROTOCOL_ERROR
                )
            return
        if code in (pycurl.E_PARTIAL_FILE, pycurl.E_RECV_ERROR) and receiver.received_bytes:
            receiver.is_cut_short = True
            return
        raise self._failure(code, call, receiver)

    def _failure(self, code: int, call: Call, receiver: Receiver) -> FetchError:
        target, limits, handle = call.target, call.limits, self.handle
        where = f"{target.host}:{target.port}"
        if code == pycurl.E_OPERATION_TIMEDOUT:
            if handle.getinfo(pycurl.PRETRANSFER_TIME):
                message = f"{where} was silent for {limits.read_timeout_seconds:g} s"
            else:
                message = f"{where} did not answer in {limits.connect_timeout_seconds:g} s"
            return FetchError(message, PollOutcome.TIMEOUT)
        if code == pycurl.E_COULDNT_RESOLVE_HOST:
            message = f"the name {target.host} does not resolve"
            return FetchError(message, PollOutcome.NAME_ERROR)
        if code == _TOO_LARGE:
            return headers_too_large(limits)
        if code == pycurl.E_PARTIAL_FILE:
            return FetchError(
                f"{target.host} closed the connection before the body came",
                PollOutcome.PROTOCOL_ERROR,
                status=receiver.status,
            )
        if self._is_proxied and handle.getinfo(pycurl.HTTP_CONNECTCODE) >= 300:
            reason = f"the proxy answers {handle.getinfo(pycurl.HTTP_CONNECTCODE)}"
        elif code in _TLS_ERRORS:
            reason = f"TLS failed: {handle.errstr()}"
        elif code in (pycurl.E_COULDNT_RESOLVE_PROXY, 97):
            reason = "the proxy cannot be used"
        elif code in _PROTOCOL_ERRORS or self._lines or self._has_started:
            return FetchError(f"{where} did not answer in HTTP", PollOutcome.PROTOCOL_ERROR)
        else:
            errno = handle.getinfo(pycurl.OS_ERRNO)
            reason = self._socket_error or (os.strerror(errno) if errno else "connection lost")
        return FetchError(f"no connection to {where}: {reason}", PollOutcome.CONNECT_ERROR)

    # Called by libcurl. An exception may not leave these: pycurl would print it.

    def _open_socket(self, _purpose: int, address: Any) -> int:
        if not self._is_proxied:
            try:
                self._guard.check_address(address.addr[0])
            except FetchError as error:
                self.failure = error
                return int(pycurl.SOCKET_BAD)
        try:
            made = socket.socket(address.family, address.socktype, address.protocol)
        except OSError as error:  # no IPv6 here, or no descriptors left: there may be others
            self._socket_error = error.strerror
            return int(pycurl.SOCKET_BAD)
        return made.detach()

    def _on_header(self, line: bytes) -> int | None:
        self._header_bytes += len(line)
        receiver = self.receiver
        if receiver is None:
            return 0
        if self._header_bytes > self._limits.max_header_bytes:
            self.failure = headers_too_large(self._limits)
            return 0
        if self._has_started:
            if not (self._is_proxied and receiver.received_bytes == 0 and line[:5] == b"HTTP/"):
                return None  # trailers
            self._has_started = False  # what came before was the proxy's own answer to CONNECT
        if line not in (b"\r\n", b"\n"):
            self._lines.append(line)
            return None
        try:
            first, *rest = self._lines
            self._lines.clear()
            status = int(first.split(None, 2)[1])
            if status < 200:
                return None  # an informational answer: the real one follows
            self._has_started = True
            receiver.start(status, _fields(rest))
        except FetchError as error:
            self.failure = error
            return 0
        except (ValueError, IndexError):
            return 0
        return None

    def _on_data(self, data: bytes) -> int | None:
        receiver = self.receiver
        if receiver is None:
            return 0
        try:
            if receiver.take(data):
                return None
            self._has_enough = True
        except FetchError as error:
            self.failure = error
        return 0


def _fields(lines: list[bytes]) -> list[tuple[bytes, bytes]]:
    fields: list[tuple[bytes, bytes]] = []
    for line in lines:
        if line[:1] in b" \t" and fields:  # obsolete line folding (RFC 9112, section 5.2)
            name, value = fields[-1]
            fields[-1] = (name, value + b" " + line.strip())
            continue
        name, colon, value = line.partition(b":")
        if colon:
            fields.append((name.strip(), value.strip()))
    return fields
