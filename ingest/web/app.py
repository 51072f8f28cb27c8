"""The web page as an ASGI application: routes, errors, conditional GET. Read only.

/                  stories now            /stories.atom /stories.json   the same as feeds
/stories/ID        a story                /articles/ID  /articles/ID/frame
/publishers        lead and lag           /feeds  /feeds/ID             how feeds fare
/search            articles               /quality                      how stories are made
/healthz           readiness              /healthz/alive  /metrics
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from ingest.config import Settings
from ingest.errors import DatabaseError, UsageError
from ingest.store import article_queries, story_queries, web_queries
from ingest.store.engine import Database
from ingest.web import output
from ingest.web.asked import stories_asked
from ingest.web.guard import Guard
from ingest.web.health import Health
from ingest.web.metrics import CONTENT_TYPE, Metrics
from ingest.web.pages import Pages
from ingest.web.templating import render

if TYPE_CHECKING:
    from starlette.requests import Request

STATIC = Path(__file__).parent / "static"


def create_app(
    database: Database,
    settings: Settings,
    *,
    clock: Callable[[], datetime],
    health: Health,
    metrics: Metrics | None = None,
) -> Starlette:
    """The application over a database. `metrics` is shared with whoever counts the polls."""
    pages = Pages(database, clock=clock)
    streams = _Streams(database, clock)
    service = _Service(database, health, metrics or Metrics(database, health, clock=clock), clock)
    complain = _Complaints(clock)
    return Starlette(
        routes=[
            Route("/", pages.stories),
            Route("/stories/{story_id:int}", pages.story),
            Route("/stories.atom", streams.atom),
            Route("/stories.json", streams.json),
            Route("/articles/{article_id:int}", pages.article),
            Route("/articles/{article_id:int}/frame", pages.frame),
            Route("/publishers", pages.publishers),
            Route("/feeds", pages.feeds),
            Route("/feeds/{feed_id:int}", pages.feed),
            Route("/search", pages.search),
            Route("/quality", pages.quality),
            Route("/healthz", service.ready),
            Route("/healthz/alive", service.alive),
            Route("/metrics", service.metrics),
            Mount("/static", StaticFiles(directory=STATIC)),
        ],
        middleware=[Middleware(Guard, token=settings.web.token, hosts=[settings.web.host])],
        exception_handlers={
            HTTPException: complain.http,
            UsageError: complain.usage,
            DatabaseError: complain.database,
        },
    )


class _Complaints:
    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock

    def http(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return self._page(request, error.status_code, error.detail)

    def usage(self, request: Request, error: Exception) -> Response:
        return self._page(request, 400, str(error))

    def database(self, request: Request, _error: Exception) -> Response:
        return self._page(request, 503, "The database is away; /healthz says more.")

    def _page(self, request: Request, code: int, text: str) -> Response:
        return render("error.html", request, self._clock(), code, code=code, text=text)


class _Streams:
    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def atom(self, request: Request) -> Response:
        items = self._items(request)
        body = output.atom(items, base_url=str(request.base_url), self_url=str(request.url))
        return _conditional(request, body, output.ATOM, output.last_change(items))

    def json(self, request: Request) -> Response:
        items = self._items(request)
        body = output.json_feed(items, base_url=str(request.base_url), self_url=str(request.url))
        return _conditional(request, body, output.JSON_FEED, output.last_change(items))

    def _items(self, request: Request) -> list[output.Item]:
        asked = stories_asked(request.query_params)
        with self._database.connect() as connection:
            rows = story_queries.list_stories(
                connection, asked.wanted(self._clock()), limit=asked.limit
            )
            ids = [row.story_id for row in rows]
            firsts = [row.first_article_id for row in rows if row.first_article_id is not None]
            return output.items(
                rows,
                article_queries.articles_by_id(connection, firsts),
                web_queries.story_stamps(connection, ids),
                web_queries.runners(connection, ids),
            )


class _Service:
    def __init__(
        self,
        database: Database,
        health: Health,
        metrics: Metrics,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._health = health
        self._metrics = metrics
        self._clock = clock

    def ready(self, request: Request) -> Response:
        report = self._health.report(self._database, self._clock())
        said: dict[str, object] = {"alive": report.is_alive, "ready": report.is_ready}
        if request.state.is_trusted:
            said |= {"reasons": report.reasons, "remarks": report.remarks}
        return JSONResponse(said, 200 if report.is_ready else 503)

    def alive(self, _request: Request) -> Response:
        is_alive = self._health.is_alive
        return JSONResponse({"alive": is_alive}, 200 if is_alive else 503)

    def metrics(self, _request: Request) -> Response:
        return Response(self._metrics.render(), headers={"content-type": CONTENT_TYPE})


def _conditional(request: Request, body: bytes, media_type: str, changed_at: datetime) -> Response:
    """The body with its validators, or a 304 where they are known (RFC 9110, section 13)."""
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    at = changed_at.astimezone(UTC).replace(microsecond=0)
    headers = {"etag": etag, "last-modified": format_datetime(at, usegmt=True)}
    known = request.headers.get("if-none-match")
    if known is not None:
        tags = {tag.strip().removeprefix("W/") for tag in known.split(",")}
        if etag in tags or "*" in tags:
            return Response(status_code=304, headers=headers)
    return Response(body, headers={**headers, "content-type": media_type})
