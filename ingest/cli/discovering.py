"""The feeds behind what `ingest feeds add` was given: a feed's own address, or a site's page."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from ingest.cli.output import Column
from ingest.errors import FetchError, IngestError, ParseError, UsageError

if TYPE_CHECKING:
    from ingest.config import Settings
    from ingest.fetch.discover import Candidate
    from ingest.fetch.finding import Finding
    from ingest.model import Fetched

CANDIDATE_COLUMNS = (
    Column("url", "URL"),
    Column("found_by", "FOUND BY"),
    Column("title", "TITLE", flexible=True),
)
ANYWAY = "`--no-check` subscribes it all the same"


def feeds_behind(url: str, settings: Settings) -> tuple[Candidate, ...]:
    """Ask the network what there is at `url`: its feeds, best first, at least one.

    Raises UsageError where there is none, and IngestError where the address does not answer.
    """
    try:
        finding = asyncio.run(_find(url, settings))
    except FetchError as error:
        raise IngestError(f"{url}: {error}; {ANYWAY}") from None
    if not finding.feeds:
        asked = f"asked {finding.tried + 1} addresses" if finding.tried else "asked there only"
        raise UsageError(f"{url}: no feed was found ({asked}); {ANYWAY}")
    return finding.feeds


async def _find(url: str, settings: Settings) -> Finding:
    from ingest.fetch.client import Client
    from ingest.fetch.finding import find_feeds
    from ingest.fetch.request import FetchRequest
    from ingest.parse.read import parse_feed

    def is_feed(got: Fetched) -> bool:
        try:
            parse_feed(
                got.body or b"",
                url=got.url,
                content_type=got.headers.get("content-type"),
                settings=settings.parse,
            )
        except ParseError:
            return False
        return True

    async with Client(settings.fetch) as client:
        return await find_feeds(
            client,
            FetchRequest(url=url),
            is_feed,
            pause_seconds=settings.fetch.site_delay_seconds,
        )
