"""Full text from the article's page, for feeds that ask for it: `text = "page"`.

The page is fetched as politely as the feed: through the same gate, guard and limits, and only where
robots.txt allows it. Where anything fails the feed's own text stays.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ingest.errors import FetchError, ParseError
from ingest.fetch import FetchRequest, site_of
from ingest.fetch.request import PAGE_ACCEPT
from ingest.model import Harvest, HarvestedEntry

if TYPE_CHECKING:
    from ingest.fetch import Client
    from ingest.fetch.robots import RobotsCache
    from ingest.pipeline import Gate
    from ingest.store.leases import DueFeed
    from ingest.workers import WorkerPool

# Pages fetched in one poll: the first poll of a feed would otherwise hold its site for minutes.
# The newest come first in feeds; the rest keep the feed's text.
MAX_PAGES_A_POLL = 40


async def with_pages(
    harvest: Harvest,
    *,
    due: DueFeed,
    client: Client,
    gate: Gate,
    workers: WorkerPool,
    robots: RobotsCache,
) -> Harvest:
    """Return the harvest with the articles of its new entries filled from their pages."""
    entries = list(harvest.entries)
    wanted = [
        (index, entry)
        for index, entry in enumerate(entries)
        if entry.article is not None and entry.article.url is not None
    ]
    for index, entry in wanted[:MAX_PAGES_A_POLL]:
        entries[index] = await _with_page(entry, due, client, gate, workers, robots)
    return replace(harvest, entries=tuple(entries))


async def _with_page(
    entry: HarvestedEntry,
    due: DueFeed,
    client: Client,
    gate: Gate,
    workers: WorkerPool,
    robots: RobotsCache,
) -> HarvestedEntry:
    assert entry.article is not None
    url = entry.article.canonical_url or entry.article.url
    assert url is not None
    site = site_of(url)
    try:
        if not await robots.allows(client, url, visit=lambda: gate.visit(site)):
            return entry
        async with gate.visit(site):
            page = await client.fetch(
                FetchRequest(
                    url=url,
                    accept=PAGE_ACCEPT,
                    user_agent=due.settings.user_agent,
                    proxy=due.settings.proxy,
                    verify_tls=due.settings.verify_tls,
                )
            )
        return await workers.add_page(entry, page)
    except (FetchError, ParseError):
        return entry
