"""An httpx client that asks an application in this process, without a socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
from starlette.types import ASGIApp


def visitor(app: ASGIApp, base_url: str) -> httpx.Client:
    """A client that follows no redirect. What the application raises is raised here."""
    return httpx.Client(transport=_Within(app), base_url=base_url)


class _Within(httpx.BaseTransport):
    def __init__(self, app: ASGIApp) -> None:
        self._inside = httpx.ASGITransport(app)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return asyncio.run(self._answered(request))

    async def _answered(self, request: httpx.Request) -> httpx.Response:
        assert isinstance(request.stream, httpx.SyncByteStream)
        chunks = list(request.stream)  # as they would be sent, one after the other

        async def sent() -> AsyncIterator[bytes]:
            for chunk in chunks:
                yield chunk

        asked = httpx.Request(request.method, request.url, headers=request.headers, content=sent())
        answer = await self._inside.handle_async_request(asked)
        body = await answer.aread()
        return httpx.Response(answer.status_code, headers=answer.headers, content=body)
