"""Claiming due feeds: each by one worker, spaced per site, and fenced.

A claim sets `lease_until` and raises `lease_fence`. Until the lease runs out nobody else claims the
feed; after that anybody may, and the fence then tells the late worker that it has lost. The next
moment at which a site may be asked lives in the `site` row, so that all workers together keep the
spacing: a claim reserves one slot for each feed, in the order in which they fell due.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from ingest.config import FeedSettings
from ingest.errors import LeaseLost
from ingest.model import FeedSchedule, Validators
from ingest.store.feed_settings import settings_from_json
from ingest.store.lists import among
from ingest.store.schedule_rows import SCHEDULE_COLUMNS, AnyRow, schedule_from_row
from ingest.store.tables import feed, feed_schedule, publisher, site
from ingest.store.upsert import update_rows

# How far ahead slots of one site are given out in one claim. Feeds that would come later are put
# off to about their slot, so that a thousand feeds of one site do not hide the others.
HORIZON_SECONDS = 60
# A slot reserved further ahead than this was given out by a clock that ran ahead: it is not kept.
_FARTHEST_SLOT = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to poll one feed: who holds it is told by the fence."""

    feed_id: int
    owner: str
    fence: int
    until: datetime


@dataclass(frozen=True, slots=True)
class DueFeed:
    """A claimed feed with everything one poll needs. Times are UTC, durations seconds."""

    feed_id: int
    lease: Lease
    due_at: datetime | None  # when it fell due; None: it was asked for by name
    start_not_before: datetime  # the slot reserved at its site
    url: str
    name: str
    site_id: int
    site: str
    publisher_id: int
    publisher: str
    settings: FeedSettings
    validators: Validators
    body_hash: int | None
    validators_lie: bool
    guids_are_trusted: bool
    schedule: FeedSchedule
    site_failures: int  # pauses of the site in a row
    last_full_at: datetime | None  # when the body was last asked for unconditionally
    clock_skew_seconds: int | None
    site_url: str | None
    language: str | None  # the feed's own claim
    format: str | None
    added_at: datetime

    @property
    def text_mode(self) -> str:
        """`feed`, or `page`: fetch the article's page for its full text."""
        return self.settings.text


def is_due(now: datetime) -> ColumnElement[bool]:
    """The one predicate for "due": its time has come, and nobody holds it."""
    return and_(feed_schedule.c.next_poll_at <= now, _is_free(now))


def _is_free(now: datetime) -> ColumnElement[bool]:
    return or_(feed_schedule.c.lease_until.is_(None), feed_schedule.c.lease_until <= now)


def claim_due(
    connection: Connection,
    *,
    now: datetime,
    limit: int,
    owner: str,
    lease_seconds: float,
    feed_ids: Collection[int] | None = None,
    site_delay_seconds: float = 1.0,
    horizon_seconds: float = HORIZON_SECONDS,
) -> list[DueFeed]:
    """Claim up to `limit` due feeds, those longest due first; each is returned to one caller only.

    With `feed_ids` these feeds are claimed whether due or not, held ones aside. A lease runs for
    `lease_seconds` from the feed's slot. Feeds whose site has no slot within `horizon_seconds` are
    not claimed but put off to about when it will have one. Call it in a write transaction.
    """
    claims: list[dict[str, Any]] = []
    while len(claims) < limit:
        wanted = limit - len(claims)
        found = _candidates(connection, now, wanted, feed_ids)
        if not found:
            break
        claims += _reserve(
            connection,
            found,
            now=now,
            owner=owner,
            lease_seconds=lease_seconds,
            site_delay_seconds=site_delay_seconds,
            horizon=now + timedelta(seconds=horizon_seconds) if feed_ids is None else None,
        )
        if len(found) < wanted or feed_ids is not None:
            break
    return _load(connection, claims)


def _reserve(
    connection: Connection,
    found: Sequence[AnyRow],
    *,
    now: datetime,
    owner: str,
    lease_seconds: float,
    site_delay_seconds: float,
    horizon: datetime | None,
) -> list[dict[str, Any]]:
    """Give each feed a slot at its site and claim it, or put it off where the slot is too far."""
    # In id order, so that two workers that claim feeds of the same sites never wait in a circle.
    rows = connection.execute(
        select(site.c.id, site.c.next_slot_at, site.c.paused_until)
        .where(among(connection, site.c.id, {row.site_id for row in found}))
        .order_by(site.c.id)
        .with_for_update()
    )
    free_at: dict[int, datetime] = {
        row.id: max(filter(None, (now, _slot_of(row, now), row.paused_until))) for row in rows
    }
    delay = timedelta(seconds=site_delay_seconds)
    claims: list[dict[str, Any]] = []
    put_off: list[dict[str, Any]] = []
    reserved: dict[int, datetime] = {}
    for row in found:
        slot = free_at[row.site_id]
        free_at[row.site_id] = slot + delay
        if horizon is not None and slot > horizon:
            put_off.append({"feed_id": row.feed_id, "next_poll_at": slot})
            continue
        reserved[row.site_id] = slot + delay
        claims.append(
            {
                "feed_id": row.feed_id,
                "lease_owner": owner,
                "lease_until": slot + timedelta(seconds=lease_seconds),
                "lease_fence": row.lease_fence + 1,
                "slot": slot,
                "due_at": row.next_poll_at if horizon is not None else None,
            }
        )
    _write_claims(connection, claims, put_off, reserved)
    return claims


def _slot_of(row: AnyRow, now: datetime) -> datetime | None:
    slot: datetime | None = row.next_slot_at
    return slot if slot is not None and slot <= now + _FARTHEST_SLOT else None


def _candidates(
    connection: Connection, now: datetime, limit: int, feed_ids: Collection[int] | None
) -> Sequence[AnyRow]:
    wanted = (
        is_due(now)
        if feed_ids is None
        else and_(among(connection, feed_schedule.c.feed_id, feed_ids), _is_free(now))
    )
    return connection.execute(
        select(
            feed_schedule.c.feed_id,
            feed_schedule.c.site_id,
            feed_schedule.c.next_poll_at,
            feed_schedule.c.lease_fence,
        )
        .where(wanted)
        .order_by(feed_schedule.c.next_poll_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()


def _write_claims(
    connection: Connection,
    claims: list[dict[str, Any]],
    put_off: list[dict[str, Any]],
    reserved: dict[int, datetime],
) -> None:
    update_rows(
        connection,
        feed_schedule,
        [
            {name: one[name] for name in ("feed_id", "lease_owner", "lease_until", "lease_fence")}
            for one in claims
        ],
    )
    update_rows(connection, feed_schedule, put_off)
    update_rows(
        connection,
        site,
        [{"id": key, "next_slot_at": value} for key, value in sorted(reserved.items())],
    )


def _load(connection: Connection, claims: list[dict[str, Any]]) -> list[DueFeed]:
    if not claims:
        return []
    s, f = feed_schedule.c, feed.c
    rows = connection.execute(
        select(
            *SCHEDULE_COLUMNS, s.feed_id, s.site_id, s.etag, s.last_modified, s.body_hash,
            s.last_full_at,
            f.url, f.name, f.publisher_id, f.settings, f.validators_lie, f.guids_are_trusted,
            f.clock_skew_seconds, f.site_url, f.language, f.format, f.added_at,
            publisher.c.name.label("publisher"), site.c.name.label("site"),
            site.c.failures.label("site_failures"),
        )
        .join_from(feed_schedule, feed, f.id == s.feed_id)
        .join(publisher, publisher.c.id == f.publisher_id)
        .join(site, site.c.id == s.site_id)
        .where(among(connection, s.feed_id, [claim["feed_id"] for claim in claims]))
    )  # fmt: skip
    by_id = {row.feed_id: row for row in rows}
    return [_due_feed(by_id[claim["feed_id"]], claim) for claim in claims]


def _due_feed(row: AnyRow, claim: dict[str, Any]) -> DueFeed:
    return DueFeed(
        feed_id=row.feed_id,
        lease=Lease(row.feed_id, claim["lease_owner"], claim["lease_fence"], claim["lease_until"]),
        due_at=claim["due_at"],
        start_not_before=claim["slot"],
        url=row.url,
        name=row.name,
        site_id=row.site_id,
        site=row.site,
        publisher_id=row.publisher_id,
        publisher=row.publisher,
        settings=settings_from_json(row.settings),
        validators=Validators(row.etag, row.last_modified),
        body_hash=row.body_hash,
        validators_lie=row.validators_lie,
        guids_are_trusted=row.guids_are_trusted,
        schedule=schedule_from_row(row),
        site_failures=row.site_failures,
        last_full_at=row.last_full_at,
        clock_skew_seconds=row.clock_skew_seconds,
        site_url=row.site_url,
        language=row.language,
        format=row.format,
        added_at=row.added_at,
    )


def lost(connection: Connection, leases: Collection[Lease]) -> set[int]:
    """The ids of the feeds among `leases` that somebody else has claimed since.

    On PostgreSQL the rows are locked until the transaction ends, so that nobody claims them
    between this question and the write.
    """
    fences: dict[int, int] = {
        row.feed_id: row.lease_fence
        for row in connection.execute(
            select(feed_schedule.c.feed_id, feed_schedule.c.lease_fence)
            .where(among(connection, feed_schedule.c.feed_id, {held.feed_id for held in leases}))
            .order_by(feed_schedule.c.feed_id)
            .with_for_update()
        )
    }
    return {held.feed_id for held in leases if fences.get(held.feed_id) != held.fence}


def check(connection: Connection, lease: Lease) -> None:
    """Raise LeaseLost if somebody else has claimed the feed since."""
    if lost(connection, (lease,)):
        raise LeaseLost(f"feed {lease.feed_id}: another worker has claimed it since")


def renew(connection: Connection, leases: Collection[Lease], until: datetime) -> set[int]:
    """Hold these until `until`; the ids of the feeds that were lost already."""
    gone = lost(connection, leases)
    kept = [
        {"feed_id": held.feed_id, "lease_until": until}
        for held in leases
        if held.feed_id not in gone
    ]
    update_rows(connection, feed_schedule, kept)
    return gone


def release(connection: Connection, leases: Collection[Lease]) -> None:
    """Give feeds back unpolled: they stay due as they were. What was lost is left alone."""
    gone = lost(connection, leases)
    kept = [
        {"feed_id": held.feed_id, "lease_until": None, "lease_owner": None}
        for held in leases
        if held.feed_id not in gone
    ]
    update_rows(connection, feed_schedule, kept)


def next_due_at(connection: Connection) -> datetime | None:
    """When the next feed falls due (held feeds included); None when nothing is scheduled."""
    earliest: datetime | None = connection.scalar(select(func.min(feed_schedule.c.next_poll_at)))
    return earliest


def count_due(connection: Connection, now: datetime) -> int:
    """How many feeds are due and held by nobody: the length of the queue."""
    found = connection.scalar(select(func.count()).select_from(feed_schedule).where(is_due(now)))
    return found or 0
