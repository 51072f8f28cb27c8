"""Who may look, and what a browser may do with what it is shown: an ASGI layer around the pages.

With a token every request needs it, as `Authorization: Bearer TOKEN` or as the password of HTTP
Basic (which a browser asks for). Without one the page is bound to loopback, and the Host header
has to name loopback too: else any web site could read it by pointing its own name there (DNS
rebinding). `/healthz` answers everybody, without reasons.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import ipaddress
from collections.abc import Iterable
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

OPEN_PATHS = frozenset({"/healthz", "/healthz/alive"})
PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; frame-src 'self'; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "content-security-policy": PAGE_POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cache-control": "no-cache",
}


class Guard:
    """Refuses strangers, and puts the security headers on every answer."""

    def __init__(self, app: ASGIApp, *, token: str | None, hosts: Iterable[str] = ()) -> None:
        """`hosts` are names that may be asked for beside loopback; they matter without a token."""
        self._app = app
        self._token = token.encode() if token else None
        self._hosts = frozenset(host.lower() for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        headers = Headers(scope=scope)
        is_open = scope["path"] in OPEN_PATHS
        has_token = self._token is not None and _is_token(headers, self._token)
        scope.setdefault("state", {})["is_trusted"] = self._token is None or has_token
        answer: ASGIApp = self._app
        if self._token is None and not self._is_asked_here(headers.get("host", "")):
            answer = PlainTextResponse("This name does not belong to this service.\n", 421)
        elif self._token is not None and not has_token and not is_open:
            answer = PlainTextResponse(
                "A token is needed: Authorization: Bearer TOKEN, or as the password.\n",
                401,
                {"www-authenticate": 'Basic realm="ingest", charset="UTF-8"'},
            )
        await answer(scope, receive, send_guarded)

    def _is_asked_here(self, host: str) -> bool:
        name = host.lower()
        if name.startswith("["):
            name = name[1:].partition("]")[0]
        else:
            name = name.partition(":")[0]
        return name == "localhost" or name in self._hosts or _is_loopback(name)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_token(headers: Headers, token: bytes) -> bool:
    scheme, _, value = headers.get("authorization", "").partition(" ")
    given = value.strip().encode("latin-1", "replace")
    if scheme.lower() == "basic":
        try:
            given = base64.b64decode(given, validate=True).partition(b":")[2]
        except binascii.Error:
            return False
    elif scheme.lower() != "bearer":
        return False
    return hmac.compare_digest(given, token)
