"""The feeds behind an address a person typed: fetched, discovered, tried one by one.

url -> a feed itself | its page's links, then links that look like feeds | well-known paths
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from ingest.errors import FetchError
from ingest.fetch.client import Client
from ingest.fetch.discover import Candidate, FoundBy, discover, well_known
from ingest.fetch.request import FetchRequest
from ingest.model import Fetched

MAX_TRIES = 12  # requests beside the first


@dataclass(frozen=True, slots=True)
class Finding:
    """`feeds` are confirmed, best first. `page_url` is where `url` led, redirects followed."""

    page_url: str
    feeds: tuple[Candidate, ...]
    tried: int


async def find_feeds(
    client: Client,
    request: FetchRequest,
    is_feed: Callable[[Fetched], bool],
    *,
    pause_seconds: float = 1.0,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> Finding:
    """Look for feeds at `request.url`; `is_feed` is the parser's word on what came.

    What the page itself links to is tried whole; guesses only until one is right, and only where
    the page links to no feed. All requests are one site's: `pause_seconds` lie between them.
    Raises FetchError for the first request only: a candidate that fails is none.
    """
    got = await client.fetch(request)
    if is_feed(got):
        return Finding(got.url, (Candidate(got.url, FoundBy.ITSELF),), 0)
    feeds: list[Candidate] = []
    tried = 0
    for candidates in (discover(got.body or b"", got.url), well_known(got.url)):
        for candidate in candidates:
            if tried == MAX_TRIES or (feeds and candidate.found_by is not FoundBy.LINK):
                break
            await sleep(pause_seconds)
            tried += 1
            try:
                answer = await client.fetch(replace(request, url=candidate.url))
            except FetchError:
                continue
            if is_feed(answer) and all(answer.url != feed.url for feed in feeds):
                feeds.append(replace(candidate, url=answer.url))
        if feeds:
            break
    return Finding(got.url, tuple(feeds), tried)
