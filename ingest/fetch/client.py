"""One fetch: redirects followed by us, each hop guarded, everything under one deadline.

FetchRequest -> [guard -> wire -> answer] per hop -> inflate -> Fetched, or FetchError
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING

import xxhash

from ingest.config import FetchSettings
from ingest.errors import FetchError, MissingExtra
from ingest.fetch.answer import (
    REDIRECT_STATUSES,
    challenge_in,
    failure_of,
    retry_after_seconds,
)
from ingest.fetch.guard import Guard, Resolver, refused
from ingest.fetch.inflate import CorruptBody, Inflated, InflatedTooLarge, accept_encoding, inflate
from ingest.fetch.request import Auth, FetchRequest, Limits, default_user_agent
from ingest.fetch.target import InvalidUrl, Target, masked, parse_target, redirect_target
from ingest.fetch.wire import Call, Receiver, Wire
from ingest.model import Fetched, PollOutcome, Redirect, Validators

if TYPE_CHECKING:
    import httpx

# Inflating more than this happens beside the event loop: zlib lets go of the interpreter.
_INFLATE_ASIDE_BYTES = 262_144
# Headers a feed's settings may not set: they belong to the exchange.
_OURS = frozenset(
    {"host", "connection", "content-length", "transfer-encoding", "accept-encoding", "cookie", "te"}
)
# What a header may hold (RFC 9110, section 5.5), as latin-1.
_SENDABLE = re.compile(r"[\t\x20-\x7e\x80-\xff]+")


def utc_now() -> datetime:
    """The default clock."""
    return datetime.now(UTC)


class Client:
    """Fetches documents. An async context manager, for one event loop.

    `resolver` replaces the system's name lookups; `transport` (any httpx transport) replaces the
    network and, with it, the check of the addresses that names resolve to. `now` is only used to
    read a Retry-After date.
    """

    def __init__(
        self,
        settings: FetchSettings,
        *,
        resolver: Resolver | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._settings = settings
        self._limits = Limits.of(settings)
        self._user_agent = default_user_agent(settings)
        self._guard = Guard(settings, resolver=resolver)
        self._transport = transport
        self._now = now
        self._wire: Wire | None = None

    async def __aenter__(self) -> Client:
        self._wire = _make_wire(self._settings, self._guard, self._transport)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._wire is not None:
            await self._wire.aclose()
            self._wire = None
        self._guard.close()

    async def fetch(self, request: FetchRequest) -> Fetched:
        """Fetch `request.url`: a 2xx with its body, or a 304 without.

        Raises FetchError for everything else; its text is one line without secrets.
        """
        limits = request.limits or self._limits
        hops: list[Redirect] = []
        try:
            async with asyncio.timeout(limits.total_timeout_seconds):
                return await self._follow(request, limits, hops)
        except TimeoutError as error:
            raise FetchError(
                f"{masked(request.url)} was not done in {limits.total_timeout_seconds:g} s",
                PollOutcome.TIMEOUT,
                redirects=tuple(hops),
            ) from error
        except FetchError as error:
            if hops and not error.redirects:
                error.redirects = tuple(hops)
            raise

    async def _follow(self, request: FetchRequest, limits: Limits, hops: list[Redirect]) -> Fetched:
        started_at = time.monotonic()
        wire = self._wire
        if wire is None:
            raise RuntimeError("the client is not open: use it as `async with Client(…)`")
        try:
            first = target = parse_target(request.url)
        except InvalidUrl as error:
            raise refused(str(error)) from error
        seen = {target.url}
        proxy = request.proxy if request.proxy is not None else self._settings.proxy
        verify_tls = self._settings.verify_tls
        if request.verify_tls is not None:
            verify_tls = request.verify_tls
        received_bytes = 0
        while True:
            self._guard.check_target(target)
            if proxy is not None:
                self._guard.check_proxied_target(target)
            receiver = Receiver(limits)
            headers = self._headers(request, target, first)
            await wire.exchange(Call(target, headers, limits, proxy, verify_tls), receiver)
            received_bytes += receiver.received_bytes
            status = receiver.status
            if status not in REDIRECT_STATUSES:
                break
            target = _next_target(target, receiver, seen)
            hops.append(Redirect(status, target.url))
            if len(hops) > limits.max_redirects:
                raise FetchError(
                    f"more than {limits.max_redirects} redirects",
                    PollOutcome.REDIRECT_ERROR,
                    status=status,
                )
        is_complete = True
        if status == 304:
            body, body_hash, validators = None, None, _after_304(request, receiver)
        else:
            if not receiver.is_document or status in (206, 226):
                raise self._failure(receiver)
            document = await _inflated(receiver, limits)
            body = document.body
            who = challenge_in(receiver.headers, body)
            if who is not None:
                raise FetchError(
                    f"{status}, but instead of the document {who} asks for proof that we are a "
                    "person",
                    PollOutcome.BLOCKED,
                    status=status,
                )
            body_hash = _signed(xxhash.xxh3_64_intdigest(body))
            is_complete = document.is_complete and not receiver.is_cut_short
            validators = _validators(receiver) if is_complete else Validators()
            if body_hash == request.known_body_hash:
                body = None
        return Fetched(
            url=target.url,
            status=status,
            headers=receiver.headers,
            validators=validators,
            body=body,
            body_hash=body_hash,
            redirects=tuple(hops),
            received_bytes=received_bytes,
            elapsed_seconds=time.monotonic() - started_at,
            is_complete=is_complete,
        )

    def _headers(
        self, request: FetchRequest, target: Target, first: Target
    ) -> tuple[tuple[str, str], ...]:
        """Own headers and credentials stay with the server they were given for."""
        headers = {
            "user-agent": request.user_agent or self._user_agent,
            "accept": request.accept,
            "accept-encoding": accept_encoding(),
        }
        if _is_same_server(first, target):
            for name, value in request.headers.items():
                if name.lower() not in _OURS:
                    if not _SENDABLE.fullmatch(f"{name}{value}"):
                        raise refused(f"the header {name!r} holds what no header may")
                    headers[name.lower()] = value
            auth = request.auth
            if auth is None and first.userinfo is not None:
                auth = Auth.basic(*first.userinfo)
            if auth is not None:
                headers["authorization"] = auth.header
        validators = request.validators
        if validators.etag is not None and _SENDABLE.fullmatch(validators.etag):
            headers["if-none-match"] = validators.etag
        if validators.last_modified is not None and _SENDABLE.fullmatch(validators.last_modified):
            headers["if-modified-since"] = validators.last_modified
        return tuple(headers.items())

    def _failure(self, receiver: Receiver) -> FetchError:
        status, headers = receiver.status, receiver.headers
        asked = retry_after_seconds(headers.get("retry-after"), now=self._now())
        try:
            encoding = headers.get("content-encoding", "")
            body = inflate(receiver.body(), encoding, max_bytes=1_000_000).body
        except (InflatedTooLarge, CorruptBody):
            body = b""
        outcome, message = failure_of(status, headers, body, asked)
        return FetchError(message, outcome, status=status, retry_after_seconds=asked)


def _make_wire(
    settings: FetchSettings, guard: Guard, transport: httpx.AsyncBaseTransport | None
) -> Wire:
    if transport is None and settings.transport in ("auto", "curl"):
        try:
            from ingest.fetch.curl import CurlWire
        except ImportError as error:
            if settings.transport == "curl":
                raise MissingExtra(
                    'fetch.transport is "curl", but pycurl is not installed: '
                    "pip install 'ingest[curl]'"
                ) from error
        else:
            return CurlWire(guard, max_connections=settings.concurrency)
    from ingest.fetch.httpx_wire import HttpxWire

    return HttpxWire(guard, max_connections=settings.concurrency, transport=transport)


def _next_target(target: Target, receiver: Receiver, seen: set[str]) -> Target:
    status = receiver.status
    location = receiver.headers.get("location")
    if not location:
        raise FetchError(
            f"{status} without saying where to", PollOutcome.REDIRECT_ERROR, status=status
        )
    try:
        following = redirect_target(target, location)
    except InvalidUrl as error:
        raise FetchError(
            f"{status} to what is no address: {error}", PollOutcome.REDIRECT_ERROR, status=status
        ) from error
    if following.url in seen:
        raise FetchError(
            f"redirects go in a circle, back to {masked(following.url)}",
            PollOutcome.REDIRECT_ERROR,
            status=status,
        )
    seen.add(following.url)
    return following


def _is_same_server(first: Target, target: Target) -> bool:
    """Same origin, or the same host moved from http to https on the usual ports."""
    if target.origin == first.origin:
        return True
    return (
        target.host == first.host
        and (first.scheme, target.scheme) == ("http", "https")
        and first.is_default_port
        and target.is_default_port
    )


def _validators(receiver: Receiver) -> Validators:
    headers = receiver.headers
    return Validators(headers.get("etag") or None, headers.get("last-modified") or None)


def _after_304(request: FetchRequest, receiver: Receiver) -> Validators:
    """What a 304 gives replaces what was sent; what it leaves out stays (RFC 9111, 3.2, 4.3.4)."""
    sent, given = request.validators, _validators(receiver)
    if sent == Validators():
        raise FetchError(
            "304, though the whole document was asked for",
            PollOutcome.PROTOCOL_ERROR,
            status=304,
        )
    return Validators(given.etag or sent.etag, given.last_modified or sent.last_modified)


async def _inflated(receiver: Receiver, limits: Limits) -> Inflated:
    body = receiver.body()
    encoding = receiver.headers.get("content-encoding", "")
    cap = limits.max_inflated_bytes
    try:
        if len(body) > _INFLATE_ASIDE_BYTES and encoding:
            return await asyncio.to_thread(inflate, body, encoding, max_bytes=cap)
        return inflate(body, encoding, max_bytes=cap)
    except InflatedTooLarge as error:
        raise FetchError(
            f"the body inflates to more than fetch.max_inflated_bytes allows ({cap:,} bytes)",
            PollOutcome.TOO_LARGE,
            status=receiver.status,
        ) from error
    except CorruptBody as error:
        raise FetchError(
            f"the body cannot be inflated: {error}",
            PollOutcome.PROTOCOL_ERROR,
            status=receiver.status,
        ) from error


def _signed(value: int) -> int:
    return value - (1 << 64) if value >= 1 << 63 else value
