"""Sending the change stream to webhooks: a chore of the daemon.

At least once and in order: a message is sent until the receiver answers 2xx, with growing distance
and always under the same id; then comes the next one. Where each has got to is in the database.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import random
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from ingest.errors import ConfigError, FetchError
from ingest.fetch.target import masked
from ingest.fetch.webhook import CONTENT_TYPE, headers_of, secret_of
from ingest.model import ChangeKind
from ingest.schedule.chores import Chore
from ingest.schedule.log import say

if TYPE_CHECKING:
    from ingest.config import FetchSettings, Settings, WebhookSettings
    from ingest.fetch.client import Client
    from ingest.store.engine import Database
    from ingest.store.webhooks import Message

PERIOD_SECONDS = 2.0
EVENTS = 100  # of one message
TIMEOUT_SECONDS = 15.0  # for a receiver to answer; a slow one holds the others up that long
LEASE_SECONDS = 90.0  # one daemon's time for one attempt
ROUND_SECONDS = 60.0  # after which a backlog waits for the next round
RETRY_SECONDS, MAX_RETRY_SECONDS = 5.0, 3_600.0  # doubled with every attempt
MAX_ASKED_SECONDS = 86_400.0  # of a Retry-After
TYPE = "ingest.changes"
_LOOK_SECONDS = 0.1


def webhook_chore(
    database: Database,
    clock: Callable[[], datetime],
    *,
    environ: Mapping[str, str] = os.environ,
    spread: Callable[[], float] = random.random,
    period_seconds: float = PERIOD_SECONDS,
) -> Chore:
    """Deliver what waits. Does nothing where no webhook is configured.

    `spread` says (0-1) where between half and all of a wait the next attempt lies.
    """

    def run(settings: Settings, stop: Callable[[], bool]) -> str | None:
        waiting = _waiting(database, settings.webhooks, clock())
        if not waiting or stop():
            return None
        courier = _Courier(database, clock, environ, spread, stop)
        sent = asyncio.run(courier.deliver_all(settings, waiting))
        told = [f"{events} events to {name}" for name, events in sent.items() if events]
        return ", ".join(told) or None

    return Chore("webhooks", period_seconds, run)


def _waiting(
    database: Database, webhooks: Sequence[WebhookSettings], now: datetime
) -> list[WebhookSettings]:
    from ingest.store.webhooks import is_waiting

    if not webhooks:
        return []
    with database.connect() as connection:
        return [one for one in webhooks if is_waiting(connection, one.name, _kinds(one), now)]


def _kinds(webhook: WebhookSettings) -> list[ChangeKind]:
    return [ChangeKind(kind) for kind in webhook.kinds]


def body_of(message: Message) -> bytes:
    """A message as JSON: `type`, `timestamp` of its last event, and `data.events`.

    An event is what `ingest changes --json` prints, and what there is to say of its article.
    """
    events: list[dict[str, Any]] = []
    for one in message.events:
        event = {**asdict(one), "kind": one.kind.value}
        known = message.articles.get(one.article_id) if one.article_id is not None else None
        if known is not None:
            event["article"] = asdict(known)
        events.append(event)
    document = {
        "type": TYPE,
        "timestamp": message.events[-1].at,
        "webhook": message.webhook,
        "data": {"events": events},
    }
    return json.dumps(document, default=_plain, ensure_ascii=False).encode()


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def wait_seconds(attempt: int, asked_seconds: float | None, share: float) -> float:
    """How long after the failed `attempt` (from 1) the next one comes; `share` is 0-1."""
    longest = min(MAX_RETRY_SECONDS, RETRY_SECONDS * 2.0 ** min(attempt - 1, 20))
    return max(longest * (0.5 + 0.5 * share), min(asked_seconds or 0.0, MAX_ASKED_SECONDS))


async def ping(
    settings: Settings, webhook: WebhookSettings, now: datetime, environ: Mapping[str, str]
) -> int:
    """Send a message without events; the status of a 2xx. Raises FetchError and ConfigError."""
    from ingest.fetch.client import Client

    message_id = f"msg_{secrets.token_hex(16)}"
    document = {"type": TYPE, "timestamp": now, "webhook": webhook.name, "data": {"events": []}}
    body = json.dumps(document, default=_plain).encode()
    async with Client(_limits(settings)) as client:
        return await _post(client, webhook, environ, message_id, now, body)


def _limits(settings: Settings) -> FetchSettings:
    seconds = min(TIMEOUT_SECONDS, settings.fetch.total_timeout_seconds)
    return replace(settings.fetch, total_timeout_seconds=seconds)


async def _post(
    client: Client,
    webhook: WebhookSettings,
    environ: Mapping[str, str],
    message_id: str,
    now: datetime,
    body: bytes,
) -> int:
    """Send it signed. Raises FetchError and ConfigError, which name neither address nor secret."""
    secret = secret_of(webhook, environ)
    headers = headers_of(secret, message_id, int(now.timestamp()), body)
    try:
        return await client.post(webhook.url, body, content_type=CONTENT_TYPE, headers=headers)
    except FetchError as error:
        # A URL may be a secret in itself, and where this goes it would be read.
        error.args = (str(error).replace(masked(webhook.url), "the receiver"),)
        raise


@dataclass(frozen=True, slots=True)
class _Courier:
    """One round: each webhook gets its messages, one after the other, beside the others."""

    database: Database
    clock: Callable[[], datetime]
    environ: Mapping[str, str]
    spread: Callable[[], float]
    stop: Callable[[], bool]

    async def deliver_all(
        self, settings: Settings, webhooks: Sequence[WebhookSettings]
    ) -> dict[str, int]:
        """How many events each has taken. Ends soon once it is to stop."""
        from ingest.fetch.client import Client

        async with Client(_limits(settings), now=self.clock) as client:
            tasks = {
                one.name: asyncio.create_task(
                    self._deliver(client, one), name=f"webhook {one.name}"
                )
                for one in webhooks
            }
            left = set(tasks.values())
            while left:
                _, left = await asyncio.wait(left, timeout=_LOOK_SECONDS)
                if self.stop():
                    for task in left:
                        task.cancel()
            return {name: 0 if task.cancelled() else task.result() for name, task in tasks.items()}

    async def _deliver(self, client: Client, webhook: WebhookSettings) -> int:
        until = time.monotonic() + ROUND_SECONDS
        taken = 0
        while time.monotonic() < until and not self.stop():
            message = await asyncio.to_thread(self._claim, webhook)
            if message is None:
                break
            try:
                problem = await self._send(client, webhook, message)
            except asyncio.CancelledError:
                self._give_back(message)
                raise
            if problem is not None:
                await asyncio.to_thread(self._failed, message, problem)
                break
            await asyncio.to_thread(self._delivered, message)
            taken += len(message.events)
        return taken

    async def _send(
        self, client: Client, webhook: WebhookSettings, message: Message
    ) -> FetchError | ConfigError | None:
        body = body_of(message)
        try:
            await _post(client, webhook, self.environ, message.message_id, self.clock(), body)
        except (FetchError, ConfigError) as error:
            return error
        return None

    # --- in a thread ---------------------------------------------------------------------------

    def _claim(self, webhook: WebhookSettings) -> Message | None:
        from ingest.store import webhooks

        with self.database.begin() as connection:
            webhooks.register(connection, [webhook.name], self.clock())
            return webhooks.claim(
                connection,
                webhook.name,
                _kinds(webhook),
                now=self.clock(),
                lease_seconds=LEASE_SECONDS,
                limit=EVENTS,
            )

    def _delivered(self, message: Message) -> None:
        from ingest.store import webhooks

        with self.database.begin() as connection:
            webhooks.delivered(connection, message, self.clock())
        if message.attempt > 1:
            say(logging.WARNING, "webhook_back", webhook=message.webhook, attempts=message.attempt)

    def _failed(self, message: Message, problem: FetchError | ConfigError) -> None:
        from ingest.store import webhooks

        asked = problem.retry_after_seconds if isinstance(problem, FetchError) else None
        wait = wait_seconds(message.attempt, asked, self.spread())
        now = self.clock()
        with self.database.begin() as connection:
            retry_at = now + timedelta(seconds=wait)
            webhooks.failed(connection, message, str(problem), now=now, retry_at=retry_at)
        say(
            logging.WARNING,
            "webhook_failed",
            webhook=message.webhook,
            attempt=message.attempt,
            retry_seconds=round(wait, 1),
            detail=str(problem),
        )

    def _give_back(self, message: Message) -> None:
        from ingest.store import webhooks

        with self.database.begin() as connection:
            webhooks.give_back(connection, message, self.clock())
