"""The WebSub callback: hubs verify that we mean it, and announce news (sections 5.3 and 7).

Outside the guard of the pages: hubs have no token of ours, and ask for us by our public name. The
last part of the path is a secret of the one subscription. What is announced is not read, only
checked: it makes the feed due, so that all entries come the one way, from the publisher.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from ingest.config import Settings
from ingest.errors import DatabaseError
from ingest.fetch.websub import Denied, signature_is_valid, verify_intent
from ingest.schedule.log import say
from ingest.store import websub
from ingest.store.engine import Database
from ingest.store.websub import Subscription, SubscriptionState

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp, Receive, Scope, Send

BODY_SECONDS = 30.0  # a hub that sends more slowly is not waited for
_TOKEN = re.compile(r"/[\w-]{43}", re.ASCII)
_HEADERS = {"x-content-type-options": "nosniff", "cache-control": "no-store"}


def with_callback(
    pages: ASGIApp, database: Database, settings: Settings, *, clock: Callable[[], datetime]
) -> ASGIApp:
    """`pages` with the callback beside them, where one is configured. `database` is written to."""
    if settings.websub.callback_url is None:
        return pages
    prefix = urlsplit(settings.websub.callback_url).path.rstrip("/")
    callback = create_callback(database, settings, clock=clock)

    async def choose(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        is_ours = path.startswith(prefix) and _TOKEN.fullmatch(path, len(prefix)) is not None
        await (callback if is_ours else pages)(scope, receive, send)

    return choose


def create_callback(
    database: Database, settings: Settings, *, clock: Callable[[], datetime]
) -> Starlette:
    """The application behind the callback URL."""
    assert settings.websub.callback_url is not None
    prefix = urlsplit(settings.websub.callback_url).path.rstrip("/")
    hubs = _Hubs(database, settings, clock)
    return Starlette(
        routes=[
            Route(f"{prefix}/{{token}}", hubs.verify, methods=["GET"]),
            Route(f"{prefix}/{{token}}", hubs.receive, methods=["POST"]),
        ],
        exception_handlers={DatabaseError: _away},
    )


def _away(_request: Request, _error: Exception) -> Response:
    return _said("The database is away.", 503)  # hubs try again


class _Hubs:
    def __init__(
        self, database: Database, settings: Settings, clock: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._lease_seconds = settings.websub.lease_seconds
        self._max_bytes = settings.fetch.max_bytes
        self._clock = clock

    def verify(self, request: Request) -> Response:
        """Echo the challenge where the hub asks about what we want."""
        with self._database.begin() as connection:
            one = websub.by_token(connection, request.path_params["token"])
            if one is None:
                return _said("No such subscription.", 404)
            is_leaving = one.state is SubscriptionState.LEAVING
            mode = "unsubscribe" if is_leaving else "subscribe"
            intent = verify_intent(
                request.query_params,
                mode="unsubscribe" if is_leaving else "subscribe",
                topic_url=one.topic_url,
            )
            if intent is None:
                return _said("That was not asked for.", 404)
            if isinstance(intent, Denied):
                if is_leaving:
                    websub.drop(connection, one.feed_id)
                else:
                    websub.denied(connection, one.feed_id, intent.reason, self._clock())
                say(logging.WARNING, "websub_denied", feed_id=one.feed_id, detail=intent.reason)
                return _said("")
            until = None
            if is_leaving:
                websub.drop(connection, one.feed_id)
            else:
                until = websub.verified(
                    connection,
                    one.feed_id,
                    lease_seconds=intent.lease_seconds or self._lease_seconds,
                    now=self._clock(),
                )
        say(logging.INFO, "websub_verified", feed_id=one.feed_id, mode=mode, until=until)
        return _said(intent.challenge)

    async def receive(self, request: Request) -> Response:
        """Make the feed due, where the announcement is signed as it has to be."""
        token = request.path_params["token"]
        one = await run_in_threadpool(self._find, token)
        if one is None or one.state is SubscriptionState.LEAVING:
            return _said("No such subscription.", 410)  # which ends it at the hub
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = await self._body(request)
        except TimeoutError:
            return _said("Too slow.", 408)
        if body is None:
            return _said(f"More than {self._max_bytes} bytes.", 413)
        problem = self._problem(one, request.headers.get("x-hub-signature"), body)
        if problem is not None:
            say(logging.WARNING, "push_ignored", feed_id=one.feed_id, detail=problem)
            return _said("", 202)  # as section 7.1 asks: a forger learns nothing
        await run_in_threadpool(self._accept, one)
        say(logging.INFO, "push", feed_id=one.feed_id, received_bytes=len(body))
        return _said("", 202)

    def _find(self, token: str) -> Subscription | None:
        with self._database.connect() as connection:
            return websub.by_token(connection, token)

    def _accept(self, one: Subscription) -> None:
        with self._database.begin() as connection:
            websub.pushed(connection, one.feed_id, self._clock())

    def _problem(self, one: Subscription, signature: str | None, body: bytes) -> str | None:
        if not one.is_active(self._clock()):
            return "the subscription is not active"
        if one.is_signed and not signature_is_valid(signature, body, one.secret):
            return "the signature is wrong" if signature else "the signature is missing"
        return None

    async def _body(self, request: Request) -> bytes | None:
        """The body; None where it is too large, which is known before it is held."""
        claimed = request.headers.get("content-length", "")
        if claimed.isdigit() and int(claimed) > self._max_bytes:
            return None
        received = bytearray()
        async for piece in request.stream():
            received += piece
            if len(received) > self._max_bytes:
                return None
        return bytes(received)


def _said(text: str, status: int = 200) -> Response:
    return PlainTextResponse(text, status, _HEADERS)
