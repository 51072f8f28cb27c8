"""Asking hubs to tell us of news, to go on, and to stop: a chore of the daemon (WebSub, section 5).

What hubs answer comes to the callback (`ingest.web.websub`), sometimes before they have said yes.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from ingest.errors import FetchError
from ingest.fetch.websub import hub_request
from ingest.schedule.chores import Chore
from ingest.schedule.log import say

if TYPE_CHECKING:
    from ingest.config import Settings
    from ingest.fetch.client import Client
    from ingest.store.engine import Database
    from ingest.store.websub import Subscription

PERIOD_SECONDS = 60.0
AT_ONCE = 100  # subscriptions of one round …
REQUESTS = 4  # … and requests in flight: most feeds share a few hubs


def websub_chore(
    database: Database, clock: Callable[[], datetime], *, period_seconds: float = PERIOD_SECONDS
) -> Chore:
    """Subscribe, renew, unsubscribe. Does nothing where no callback URL is configured."""

    def run(settings: Settings, stop: Callable[[], bool]) -> str | None:
        from ingest.store import websub

        callback = settings.websub.callback_url
        if callback is None:
            return None
        with database.begin() as connection:
            websub.line_up(connection, clock())
            claimed = websub.claim(connection, clock(), AT_ONCE)
        if not claimed:
            return None
        errors = asyncio.run(_ask_all(settings, callback, claimed, stop))
        if errors:
            with database.begin() as connection:
                for feed_id, detail in errors.items():
                    websub.failed(connection, feed_id, detail)
        return f"{len(claimed)} asked, {len(errors)} not reached"

    return Chore("websub", period_seconds, run, may_take_seconds=1_800.0)


def callback_url(base: str, token: str) -> str:
    """Where the hub finds us for one subscription."""
    return f"{base.rstrip('/')}/{token}"


async def _ask_all(
    settings: Settings, callback: str, claimed: Sequence[Subscription], stop: Callable[[], bool]
) -> dict[int, str]:
    """Ask about each; what went wrong, by feed."""
    from ingest.fetch.client import Client

    errors: dict[int, str] = {}
    free = asyncio.Semaphore(REQUESTS)
    async with Client(settings.fetch) as client:

        async def ask(one: Subscription) -> None:
            async with free:
                if stop():
                    return
                try:
                    await _ask(client, settings, callback, one)
                except FetchError as error:
                    errors[one.feed_id] = str(error)
                    say(logging.WARNING, "websub", feed_id=one.feed_id, detail=str(error))

        await asyncio.gather(*map(ask, claimed))
    return errors


async def _ask(client: Client, settings: Settings, callback: str, one: Subscription) -> None:
    from ingest.store.websub import SubscriptionState

    request = hub_request(
        one.hub_url,
        mode="unsubscribe" if one.state is SubscriptionState.LEAVING else "subscribe",
        topic_url=one.topic_url,
        callback_url=callback_url(callback, one.token),
        lease_seconds=settings.websub.lease_seconds,
        secret=one.secret,
    )
    await client.post(request.url, request.body, content_type=request.content_type)
