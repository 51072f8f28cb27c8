"""WebSub subscriptions: of which feeds a hub tells us, until when, and what to ask of it.

    asked --verified--> active --renewed--> active     denied: asked again a day later
    active --feed removed, paused, gone--> leaving --verified--> no row

Whoever asks hubs calls `line_up`, then `claim`; what hubs ask and send comes by `by_token`.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, and_, delete, func, insert, not_, or_, select, update

from ingest.fetch.websub import new_secret
from ingest.model import FeedState
from ingest.store.lists import among
from ingest.store.schedule_rows import AnyRow
from ingest.store.tables import feed, feed_schedule, websub_subscription

RENEW_SHARE = 0.8  # of the lease: enough is left for some more attempts
MIN_LEASE_SECONDS, MAX_LEASE_SECONDS = 300, 30 * 86_400  # whatever a hub says
RETRY_SECONDS, MAX_RETRY_SECONDS = 600.0, 86_400.0  # doubled with every attempt
LAPSED_ATTEMPTS = 3  # without being verified: the hub does not find us, or does not want us
LEAVE_ATTEMPTS = 3  # after which a hub that says nothing is left without its word
PUSH_GAP_SECONDS = 30.0  # between a poll and one that a push asks for: pushes come in bursts
ANNOUNCED_SECONDS = 3_600.0  # news without a push in so long before it was not announced


class SubscriptionState(StrEnum):
    """How we stand with a hub about one feed."""

    ASKED = "asked"
    ACTIVE = "active"
    DENIED = "denied"
    LEAVING = "leaving"


@dataclass(frozen=True, slots=True)
class Subscription:
    """One feed at one hub. `token` is the last part of the callback's path."""

    feed_id: int
    hub_url: str
    topic_url: str
    token: str
    secret: str = field(repr=False)
    state: SubscriptionState
    attempts: int
    expires_at: datetime | None
    pushed_at: datetime | None

    @property
    def is_signed(self) -> bool:
        """Whether the hub was given the secret: over https only (section 8.1)."""
        return self.hub_url.lower().startswith("https://")

    def is_active(self, now: datetime) -> bool:
        """Whether the hub has promised to tell us of news now."""
        is_running = self.expires_at is not None and self.expires_at > now
        return self.state is SubscriptionState.ACTIVE and is_running


@dataclass(frozen=True, slots=True)
class LapsedHub:
    """A hub that does not keep its feeds subscribed: `detail` is what was last said about one."""

    hub_url: str
    feeds: int
    detail: str | None


@dataclass(frozen=True, slots=True)
class Standing:
    """How all subscriptions are faring: polling goes on as before for those that have lapsed."""

    by_state: Mapping[str, int]
    lapsed: tuple[LapsedHub, ...]  # the hub with most feeds first
    pushed_at: datetime | None  # the last push of all


def line_up(connection: Connection, now: datetime) -> int:
    """Bring the rows in line with what the feeds say of their hubs; how many were changed."""
    own = websub_subscription.c
    topic = func.coalesce(feed.c.self_url, feed.c.url)
    is_wanted = and_(
        feed.c.removed_at.is_(None),
        feed.c.hub_url.is_not(None),
        feed_schedule.c.state.not_in((FeedState.PAUSED.value, FeedState.GONE.value)),
    )
    is_other = or_(own.hub_url != feed.c.hub_url, own.topic_url != topic)
    leaving = SubscriptionState.LEAVING.value
    rows = connection.execute(
        select(
            feed.c.id,
            feed.c.hub_url,
            topic.label("topic_url"),
            is_wanted.label("is_wanted"),
            own.token,
            is_other.label("is_other"),
        )
        .join_from(feed, feed_schedule, feed_schedule.c.feed_id == feed.c.id)
        .outerjoin(websub_subscription, own.feed_id == feed.c.id)
        .where(
            or_(
                and_(is_wanted, or_(own.feed_id.is_(None), is_other, own.state == leaving)),
                and_(not_(is_wanted), own.state != leaving),
            )
        )
        .order_by(feed.c.id)
    ).all()
    for row in rows:
        _line_up(connection, row, now)
    return len(rows)


def _line_up(connection: Connection, row: AnyRow, now: datetime) -> None:
    values: dict[str, Any] = {"attempts": 0, "next_at": now, "detail": None}
    if not row.is_wanted:
        values["state"] = SubscriptionState.LEAVING.value
    else:
        values["state"] = SubscriptionState.ASKED.value
        if row.token is None or row.is_other:
            # What the hub before still sends finds nobody, which ends it (section 7).
            values |= {
                "hub_url": row.hub_url,
                "topic_url": row.topic_url,
                "token": secrets.token_urlsafe(32),
                "secret": new_secret(),
                "verified_at": None,
                "expires_at": None,
                "pushed_at": None,
            }
    if row.token is None:
        connection.execute(insert(websub_subscription).values(feed_id=row.id, **values))
    else:
        _update(connection, row.id, values)


def claim(connection: Connection, now: datetime, limit: int) -> list[Subscription]:
    """Those about which a hub is to be asked now, each given to one caller and put off.

    Those that are leaving and have been asked about often enough are dropped instead.
    """
    own = websub_subscription.c
    rows = connection.execute(
        select(websub_subscription).where(own.next_at <= now).order_by(own.next_at).limit(limit)
    ).all()
    claimed = []
    for row in rows:
        mine = and_(own.feed_id == row.feed_id, own.next_at == row.next_at)
        if row.state == SubscriptionState.LEAVING.value and row.attempts >= LEAVE_ATTEMPTS:
            connection.execute(delete(websub_subscription).where(mine))
            continue
        wait = min(MAX_RETRY_SECONDS, RETRY_SECONDS * 2.0 ** min(row.attempts, 20))
        taken = connection.execute(
            update(websub_subscription)
            .where(mine)
            .values(next_at=now + timedelta(seconds=wait), attempts=row.attempts + 1)
        )
        if taken.rowcount == 1:
            claimed.append(_subscription(row))
    return claimed


def by_token(connection: Connection, token: str) -> Subscription | None:
    """The subscription whose callback ends in this token."""
    row = connection.execute(
        select(websub_subscription).where(websub_subscription.c.token == token)
    ).one_or_none()
    return None if row is None else _subscription(row)


def verified(
    connection: Connection, feed_id: int, *, lease_seconds: int, now: datetime
) -> datetime:
    """The hub keeps us informed for so long; returns when that ends."""
    lease = min(MAX_LEASE_SECONDS, max(MIN_LEASE_SECONDS, lease_seconds))
    expires_at = now + timedelta(seconds=lease)
    values = {
        "state": SubscriptionState.ACTIVE.value,
        "attempts": 0,
        "verified_at": now,
        "expires_at": expires_at,
        "next_at": now + timedelta(seconds=RENEW_SHARE * lease),
        "detail": None,
    }
    _update(connection, feed_id, values)
    return expires_at


def denied(connection: Connection, feed_id: int, reason: str, now: datetime) -> None:
    """The hub refused or ended it. It is asked again in a day."""
    values = {
        "state": SubscriptionState.DENIED.value,
        "expires_at": None,
        "next_at": now + timedelta(seconds=MAX_RETRY_SECONDS),
        "detail": reason,
    }
    _update(connection, feed_id, values)


def failed(connection: Connection, feed_id: int, detail: str) -> None:
    """The hub could not be asked. `claim` has said when it is asked again."""
    _update(connection, feed_id, {"detail": detail})


def drop(connection: Connection, feed_id: int) -> None:
    """The hub tells us nothing about this feed any more."""
    connection.execute(delete(websub_subscription).where(websub_subscription.c.feed_id == feed_id))


def pushed(connection: Connection, feed_id: int, now: datetime) -> None:
    """The hub has announced news: the feed is due at once, unless it is not polled at all."""
    _update(connection, feed_id, {"pushed_at": now})
    last_poll_at: datetime | None = connection.scalar(
        select(feed_schedule.c.last_poll_at).where(feed_schedule.c.feed_id == feed_id)
    )
    due_at = now
    if last_poll_at is not None:
        due_at = max(now, last_poll_at + timedelta(seconds=PUSH_GAP_SECONDS))
    connection.execute(
        update(feed_schedule)
        .where(feed_schedule.c.feed_id == feed_id, feed_schedule.c.next_poll_at > due_at)
        .values(next_poll_at=due_at)
    )


def last_pushes(
    connection: Connection, feed_ids: Collection[int], now: datetime
) -> dict[int, datetime]:
    """When a hub last announced news, of those of the feeds that one has promised to announce."""
    own = websub_subscription.c
    rows = connection.execute(
        select(own.feed_id, own.pushed_at).where(
            among(connection, own.feed_id, feed_ids),
            own.state == SubscriptionState.ACTIVE.value,
            own.expires_at > now,
            own.pushed_at.is_not(None),
        )
    )
    return {row.feed_id: row.pushed_at for row in rows}


def standing(connection: Connection, now: datetime) -> Standing:
    """How all subscriptions are faring."""
    own = websub_subscription.c
    by_state = {
        row.state: row.feeds
        for row in connection.execute(
            select(own.state, func.count().label("feeds")).group_by(own.state)
        )
    }
    has_lapsed = or_(
        and_(own.state == SubscriptionState.ACTIVE.value, own.expires_at <= now),
        and_(own.state == SubscriptionState.ASKED.value, own.attempts >= LAPSED_ATTEMPTS),
    )
    lapsed = connection.execute(
        select(own.hub_url, func.count().label("feeds"), func.max(own.detail).label("detail"))
        .where(has_lapsed)
        .group_by(own.hub_url)
        .order_by(func.count().desc(), own.hub_url)
    )
    return Standing(
        by_state=by_state,
        lapsed=tuple(LapsedHub(row.hub_url, row.feeds, row.detail) for row in lapsed),
        pushed_at=connection.scalar(select(func.max(own.pushed_at))),
    )


def is_trusted(pushed_at: datetime | None, news_at: datetime | None) -> bool:
    """Whether polling may become the safety net: the last news, at `news_at`, was announced."""
    if pushed_at is None:
        return False
    return news_at is None or pushed_at >= news_at - timedelta(seconds=ANNOUNCED_SECONDS)


def _update(connection: Connection, feed_id: int, values: dict[str, Any]) -> None:
    own = websub_subscription.c
    connection.execute(update(websub_subscription).where(own.feed_id == feed_id).values(**values))


def _subscription(row: AnyRow) -> Subscription:
    return Subscription(
        feed_id=row.feed_id,
        hub_url=row.hub_url,
        topic_url=row.topic_url,
        token=row.token,
        secret=row.secret,
        state=SubscriptionState(row.state),
        attempts=row.attempts,
        expires_at=row.expires_at,
        pushed_at=row.pushed_at,
    )
