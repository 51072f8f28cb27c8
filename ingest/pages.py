"""Full text from the article's page, for feeds that ask for it: `text = "page"`.

    entry with an article -> robots.txt -> gate -> fetch -> worker: add_page -> entry

The page is fetched as politely as the feed: through the same gate, guard and limits, and only where
robots.txt allows it (asked once a day, RFC 9309). Where anything fails the feed's own text stays.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from ingest.errors import FetchError, ParseError
from ingest.fetch import FetchRequest, site_of
from ingest.fetch.request import PAGE_ACCEPT
from ingest.fetch.robots import KEEP_SECONDS, Robots, fetch_robots
from ingest.model import Harvest, HarvestedEntry
from ingest.turns import Turns

if TYPE_CHECKING:
    from ingest.fetch import Client
    from ingest.store.leases import DueFeed
    from ingest.turns import Gate
    from ingest.workers import WorkerPool

# Pages fetched in one poll: the first poll of a feed would otherwise hold its site for minutes.
# The newest come first in feeds; the rest keep the feed's text.
MAX_PAGES_A_POLL = 40
_MAX_SERVERS = 10_000  # whose robots.txt is remembered


class PageReader:
    """Fetches pages and has them read. For one event loop."""

    def __init__(
        self,
        client: Client,
        gate: Gate,
        workers: WorkerPool,
        *,
        user_agent: str,
        clock: Callable[[], datetime],
    ) -> None:
        self._client = client
        self._gate = gate
        self._workers = workers
        self._user_agent = user_agent
        self._clock = clock
        self._robots: dict[str, tuple[datetime, Robots]] = {}

    async def fill(self, harvest: Harvest, due: DueFeed) -> Harvest:
        """Return the harvest with its new and changed articles filled from their pages."""
        entries = list(harvest.entries)
        wanted = [index for index, entry in enumerate(entries) if _page_url(entry)]
        for index in wanted[:MAX_PAGES_A_POLL]:
            entries[index] = await self._fill_one(entries[index], due)
        return replace(harvest, entries=tuple(entries))

    async def _fill_one(self, entry: HarvestedEntry, due: DueFeed) -> HarvestedEntry:
        url = _page_url(entry)
        assert url is not None
        user_agent = due.settings.user_agent or self._user_agent
        try:
            robots = await self._robots_of(url, user_agent)
            if not robots.allows(url):
                return entry
            async with Turns(self._gate, site_of(url)) as turns:
                page = await self._client.fetch(
                    FetchRequest(
                        url=url,
                        accept=PAGE_ACCEPT,
                        user_agent=user_agent,
                        proxy=due.settings.proxy,
                        verify_tls=due.settings.verify_tls,
                    ),
                    go_on=turns.go_on,
                )
            return await self._workers.add_page(entry, page)
        except (FetchError, ParseError):
            return entry

    async def _robots_of(self, url: str, user_agent: str) -> Robots:
        server = f"{urljoin(url, '/')} {user_agent}"
        now = self._clock()
        known = self._robots.get(server)
        if known is not None and now - known[0] < timedelta(seconds=KEEP_SECONDS):
            return known[1]
        async with self._gate.visit(site_of(url)):
            robots = await fetch_robots(self._client, url, user_agent)
        if len(self._robots) >= _MAX_SERVERS:
            del self._robots[next(iter(self._robots))]
        self._robots[server] = (now, robots)
        return robots


def _page_url(entry: HarvestedEntry) -> str | None:
    if entry.article is None:
        return None
    return entry.article.canonical_url or entry.article.url
