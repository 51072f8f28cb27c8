"""httpx as the wire: its public transport interface, over connections the guard has checked."""

from __future__ import annotations

import importlib.util
import os
import ssl
import sys
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Any

import httpcore
import httpx

from ingest.errors import FetchError
from ingest.fetch.guard import Guard, refused
from ingest.fetch.wire import Call, Receiver, headers_too_large
from ingest.model import PollOutcome

_KEEP_ALIVE_SECONDS = 15.0
# A pool walks all its connections for each of them at every request (httpcore 1.0.9,
# `_assign_requests_to_connections`): with 64 in one pool that is two thirds of the CPU.
_SHARDS = 32
_KEPT_PER_SHARD = 4
_FIRST_ADDRESS_SHARE = 0.5  # of the time left goes to each address while others wait

# httpcore tries to import sniffio several times a request, and anyio no longer brings it: a failed
# search of the whole path each time, 1 ms of CPU a request. None makes the import fail at once.
if importlib.util.find_spec("sniffio") is None:
    sys.modules["sniffio"] = None  # type: ignore[assignment]


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Opens connections: resolves once, checks every address, connects to what was checked."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Try the checked addresses in turn, sharing out `timeout` seconds."""
        addresses = await self._guard.addresses(host, port)
        ends_at = None if timeout is None else time.monotonic() + timeout
        for position, address in enumerate(addresses, 1):
            left = None if ends_at is None else max(0.0, ends_at - time.monotonic())
            is_last = position == len(addresses)
            if left is not None and not is_last:
                left *= _FIRST_ADDRESS_SHARE
            try:
                return await self._inner.connect_tcp(
                    address, port, left, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if is_last:
                    raise
        raise httpcore.ConnectError("no address")  # addresses() never returns none

    async def sleep(self, seconds: float) -> None:
        """Wait between two attempts to connect."""
        await self._inner.sleep(seconds)


class GuardedTransport(httpx.AsyncBaseTransport):
    """An httpx transport whose every connection the guard has seen.

    With `proxy` the connection goes to the proxy, which the user chose and is not checked; names
    are resolved there.
    """

    def __init__(
        self,
        guard: Guard,
        *,
        ssl_context: ssl.SSLContext,
        max_connections: int,
        proxy: str | None = None,
    ) -> None:
        backend = GuardedBackend(guard)
        self._pools: list[httpcore.AsyncConnectionPool] = [
            httpcore.AsyncConnectionPool(
                ssl_context=ssl_context,
                max_connections=max_connections,
                max_keepalive_connections=_KEPT_PER_SHARD,
                keepalive_expiry=_KEEP_ALIVE_SECONDS,
                network_backend=backend,
            )
            if proxy is None
            else _proxy_pool(proxy, ssl_context, max_connections)
            for _ in range(_SHARDS)
        ]

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """One exchange; raises what httpcore raises."""
        assert isinstance(request.stream, httpx.AsyncByteStream)
        pool = self._pools[hash(request.url.raw_host) % _SHARDS]
        answer = await pool.handle_async_request(
            httpcore.Request(
                method=request.method,
                url=httpcore.URL(
                    scheme=request.url.raw_scheme,
                    host=request.url.raw_host,
                    port=request.url.port,
                    target=request.url.raw_path,
                ),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        return httpx.Response(
            status_code=answer.status,
            headers=answer.headers,
            stream=_Stream(answer),
            extensions=answer.extensions,
        )

    async def aclose(self) -> None:
        """Close the pools."""
        for pool in self._pools:
            await pool.aclose()


class _Stream(httpx.AsyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._answer.aiter_stream():
            yield chunk

    async def aclose(self) -> None:
        await self._answer.aclose()


class HttpxWire:
    """Calls an httpx transport directly: none of the client's cookies, redirects and decoders."""

    def __init__(
        self, guard: Guard, *, max_connections: int, transport: httpx.AsyncBaseTransport | None
    ) -> None:
        self._guard = guard
        self._max_connections = max_connections
        self._given = transport
        self._made: dict[tuple[str | None, bool], GuardedTransport] = {}
        self._contexts: dict[bool, ssl.SSLContext] = {}

    async def exchange(self, call: Call, receiver: Receiver) -> None:
        """Make `call` and push the answer into `receiver`. Raises FetchError."""
        limits = call.limits
        request = httpx.Request(
            "GET" if call.content is None else "POST",
            call.target.url,
            headers=[
                (name.encode("latin-1"), value.encode("latin-1", "replace"))
                for name, value in call.headers
            ],
            content=call.content,
            extensions={
                "timeout": {
                    "connect": limits.connect_timeout_seconds,
                    "read": limits.read_timeout_seconds,
                    "write": limits.read_timeout_seconds,
                    "pool": limits.total_timeout_seconds,
                }
            },
        )
        host = call.target.host
        try:
            response = await self._transport(call).handle_async_request(request)
        except Exception as error:
            raise _translated(error, call) from error
        try:
            receiver.start(response.status_code, response.headers.raw)
            stream = response.stream
            assert isinstance(stream, httpx.AsyncByteStream)
            async for chunk in stream:
                if not receiver.take(chunk):
                    break
        except (httpcore.RemoteProtocolError, httpx.RemoteProtocolError) as error:
            if receiver.received_bytes == 0:
                raise FetchError(
                    f"{host} closed the connection before the body came",
                    PollOutcome.PROTOCOL_ERROR,
                    status=receiver.status,
                ) from error
            receiver.is_cut_short = True
        except (httpcore.ReadError, httpx.ReadError) as error:
            if receiver.received_bytes == 0:
                raise _translated(error, call) from error
            receiver.is_cut_short = True
        except FetchError:
            raise
        except Exception as error:
            raise _translated(error, call) from error
        finally:
            await response.aclose()

    async def aclose(self) -> None:
        """Close the transports made here; a given one belongs to its giver."""
        for transport in self._made.values():
            await transport.aclose()
        self._made.clear()

    def _transport(self, call: Call) -> httpx.AsyncBaseTransport:
        if self._given is not None:
            return self._given
        key = (call.proxy, call.verify_tls)
        transport = self._made.get(key)
        if transport is None:
            context = self._contexts.get(call.verify_tls)
            if context is None:
                context = httpx.create_ssl_context(verify=call.verify_tls, trust_env=True)
                self._contexts[call.verify_tls] = context
            transport = GuardedTransport(
                self._guard,
                ssl_context=context,
                max_connections=self._max_connections,
                proxy=call.proxy,
            )
            self._made[key] = transport
        return transport


def _proxy_pool(
    proxy: str, ssl_context: ssl.SSLContext, max_connections: int
) -> httpcore.AsyncConnectionPool:
    try:
        url = httpx.Proxy(proxy)
    except ValueError as error:
        raise FetchError("the proxy's address cannot be read", PollOutcome.CONNECT_ERROR) from error
    if url.url.scheme not in ("http", "https"):
        raise refused('a SOCKS proxy needs fetch.transport = "curl"')
    return httpcore.AsyncHTTPProxy(
        proxy_url=str(url.url),
        proxy_auth=url.raw_auth,
        ssl_context=ssl_context,
        max_connections=max_connections,
        max_keepalive_connections=_KEPT_PER_SHARD,
        keepalive_expiry=_KEEP_ALIVE_SECONDS,
    )


def _translated(error: Exception, call: Call) -> FetchError:
    """An exception of httpx or httpcore as the outcome it means."""
    if isinstance(error, FetchError):
        return error
    where = f"{call.target.host}:{call.target.port}"
    if any(getattr(cause, "error_status_hint", None) == 431 for cause in _causes(error)):
        return headers_too_large(call.limits)  # h11: its buffer is full
    match error:
        case httpcore.ConnectTimeout() | httpx.ConnectTimeout():
            seconds = call.limits.connect_timeout_seconds
            return FetchError(f"{where} did not answer in {seconds:g} s", PollOutcome.TIMEOUT)
        case httpcore.TimeoutException() | httpx.TimeoutException():
            seconds = call.limits.read_timeout_seconds
            return FetchError(f"{where} was silent for {seconds:g} s", PollOutcome.TIMEOUT)
        case httpcore.ProxyError() | httpx.ProxyError():
            return FetchError("the proxy refused the connection", PollOutcome.CONNECT_ERROR)
        case httpcore.NetworkError() | httpx.NetworkError() | OSError():
            return FetchError(
                f"no connection to {where}: {_reason(error)}", PollOutcome.CONNECT_ERROR
            )
        case httpcore.ProtocolError() | httpx.ProtocolError():
            return FetchError(f"{where} did not answer in HTTP", PollOutcome.PROTOCOL_ERROR)
        case _:
            return FetchError(
                f"{where}: {type(error).__name__} while fetching", PollOutcome.PROTOCOL_ERROR
            )


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what is under its wrappings: httpcore hides some with `from None`."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__


def _reason(error: BaseException) -> str:
    """The operating system's or TLS's own words."""
    reason = ""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate is not valid: {cause.verify_message}"
        if isinstance(cause, ssl.SSLError):
            reason = f"TLS failed: {cause.reason or 'no common ground'}"
        elif isinstance(cause, OSError) and cause.errno:
            reason = os.strerror(cause.errno)
    return reason or "connection lost"
