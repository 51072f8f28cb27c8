"""One fetch: redirects followed by us, each hop guarded, everything under one deadline.

FetchRequest -> [guard -> wire -> answer] per hop -> inflate -> Fetched, or FetchError
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, TypeAlias

from ingest.config import FetchSettings
from ingest.errors import FetchError, MissingExtra
from ingest.fetch.answer import (
    REDIRECT_STATUSES,
    challenge_in,
    failure_of,
    retry_after_seconds,
)
from ingest.fetch.document import hash_of, inflated, validators_after_304, validators_of
from ingest.fetch.guard import Guard, Resolver, refused
from ingest.fetch.inflate import CorruptBody, InflatedTooLarge, accept_encoding, inflate
from ingest.fetch.redirect import is_same_server, next_target
from ingest.fetch.request import Auth, FetchRequest, Limits, default_user_agent
from ingest.fetch.site import site_of
from ingest.fetch.target import InvalidUrl, Target, masked, parse_target
from ingest.fetch.wire import Call, Receiver, Wire
from ingest.model import Fetched, PollOutcome, Redirect, Validators

if TYPE_CHECKING:
    import httpx

# Headers a feed's settings may not set: they belong to the exchange.
_OURS = frozenset(
    {"host", "connection", "content-length", "transfer-encoding", "accept-encoding", "cookie", "te"}
)
# What a header may hold (RFC 9110, section 5.5), as latin-1.
_SENDABLE = re.compile(r"[\t\x20-\x7e\x80-\xff]+")

GoOn: TypeAlias = Callable[[str], Awaitable[None]]


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

    async def fetch(self, request: FetchRequest, *, go_on: GoOn | None = None) -> Fetched:
        """Fetch `request.url`: a 2xx with its body, or a 304 without.

        `go_on` is awaited with the site of a redirect before that is asked, where it is another
        site than before; the deadline stands still meanwhile. Raises FetchError for everything
        else; its text is one line without secrets.
        """
        limits = request.limits or self._limits
        hops: list[Redirect] = []
        try:
            async with asyncio.timeout(limits.total_timeout_seconds) as deadline:

                async def wait_for_turn(site: str) -> float:
                    return 0.0 if go_on is None else await standing_still(deadline, go_on(site))

                return await self._follow(request, limits, hops, wait_for_turn)
        except TimeoutError as error:
            raise _overdue(request.url, limits, hops) from error
        except FetchError as error:
            if hops and not error.redirects:
                error.redirects = tuple(hops)
            raise

    async def post(
        self,
        url: str,
        content: bytes,
        *,
        content_type: str,
        headers: Sequence[tuple[str, str]] = (),
    ) -> int:
        """Send `content`, as to a WebSub hub; the status of a 2xx. Raises FetchError.

        307 and 308 are followed (WebSub, section 5.1), other redirects are failures.
        """
        limits = self._limits
        wire = self._opened_wire()
        sent = (
            ("user-agent", self._user_agent),
            ("accept", "*/*"),
            ("content-type", content_type),
            *headers,
        )
        proxy, verify_tls = self._settings.proxy, self._settings.verify_tls
        try:
            async with asyncio.timeout(limits.total_timeout_seconds):
                target = parse_target(url)
                seen = {target.url}
                for _ in range(limits.max_redirects + 1):
                    self._check(target, proxy)
                    receiver = Receiver(limits)
                    call = Call(target, sent, limits, proxy, verify_tls, content)
                    await wire.exchange(call, receiver)
                    if receiver.status not in (307, 308):
                        break
                    target = next_target(target, receiver, seen)
        except InvalidUrl as error:
            raise refused(str(error)) from error
        except TimeoutError as error:
            raise _overdue(url, limits) from error
        if not receiver.is_document:
            raise self._failure(receiver)
        return receiver.status

    def _opened_wire(self) -> Wire:
        if self._wire is None:
            raise RuntimeError("the client is not open: use it as `async with Client(…)`")
        return self._wire

    def _check(self, target: Target, proxy: str | None) -> None:
        self._guard.check_target(target)
        if proxy is not None:
            self._guard.check_proxied_target(target)

    async def _follow(
        self,
        request: FetchRequest,
        limits: Limits,
        hops: list[Redirect],
        wait_for_turn: Callable[[str], Awaitable[float]],
    ) -> Fetched:
        started_at = time.monotonic()
        wire = self._opened_wire()
        try:
            first = target = parse_target(request.url)
        except InvalidUrl as error:
            raise refused(str(error)) from error
        seen = {target.url}
        site = site_of(target.url)
        proxy = request.proxy if request.proxy is not None else self._settings.proxy
        verify_tls = self._settings.verify_tls
        if request.verify_tls is not None:
            verify_tls = request.verify_tls
        received_bytes = 0
        while True:
            self._check(target, proxy)
            receiver = Receiver(limits)
            headers = self._headers(request, target, first)
            await wire.exchange(Call(target, headers, limits, proxy, verify_tls), receiver)
            received_bytes += receiver.received_bytes
            status = receiver.status
            if status not in REDIRECT_STATUSES:
                break
            target = next_target(target, receiver, seen)
            hops.append(Redirect(status, target.url))
            if len(hops) > limits.max_redirects:
                raise FetchError(
                    f"more than {limits.max_redirects} redirects",
                    PollOutcome.REDIRECT_ERROR,
                    status=status,
                )
            if site_of(target.url) != site:
                site = site_of(target.url)
                started_at += await wait_for_turn(site)
        is_complete = True
        if status == 304:
            body, body_hash, validators = None, None, validators_after_304(request, receiver)
        else:
            if not receiver.is_document or status in (206, 226):
                raise self._failure(receiver)
            document = await inflated(receiver, limits)
            body = document.body
            who = challenge_in(receiver.headers, body)
            if who is not None:
                raise FetchError(
                    f"{status}, but instead of the document {who} asks for proof that we are a "
                    "person",
                    PollOutcome.BLOCKED,
                    status=status,
                )
            body_hash = hash_of(body)
            is_complete = document.is_complete and not receiver.is_cut_short
            validators = validators_of(receiver) if is_complete else Validators()
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
        if is_same_server(first, target):
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


async def standing_still(deadline: asyncio.Timeout, wait: Awaitable[None]) -> float:
    """Wait without the deadline coming nearer; for how many seconds it was."""
    loop = asyncio.get_running_loop()
    before, due_at = loop.time(), deadline.when()
    assert due_at is not None
    deadline.reschedule(None)
    await wait
    waited = loop.time() - before
    deadline.reschedule(due_at + waited)
    return waited


def _overdue(url: str, limits: Limits, hops: Sequence[Redirect] = ()) -> FetchError:
    return FetchError(
        f"{masked(url)} was not done in {limits.total_timeout_seconds:g} s",
        PollOutcome.TIMEOUT,
        redirects=tuple(hops),
    )


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
