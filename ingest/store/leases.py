"""Claiming due feeds: each by one worker, spaced per site, and fenced.

A claim sets `lease_until` and raises `lease_fence`. Until the lease runs out nobody else claims the
feed; after that anybody may, and the fence then tells the late worker that it has lost. The next
moment at which a site may be asked lives in the `site` row, so that all workers together keep the
spacing: a claim reserves one slot for each feed, in the order in which they fell due.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Select,
    bindparam,
    func,
    or_,
    select,
)

from ingest.config import FeedSettings
from ingest.errors import LeaseLost
from ingest.model import FeedSchedule, Validators
from ingest.model.filling import filling
from ingest.store.columns import Time
from ingest.store.feed_settings import settings_from_json
from ingest.store.feed_tables import claimable_at
from ingest.store.lists import among
from ingest.store.schedule_rows import SCHEDULE_COLUMNS, AnyRow, schedule_from_row
from ingest.store.tables import feed, feed_schedule, publisher, site
from ingest.store.upsert import update_rows

# How far ahead slots of one site are given out in one claim. Feeds that would come later are put
# off to about their slot, so that a thousand feeds of one site do not hide the others.
HORIZON_SECONDS = 60
# So many feeds of full sites are put off by one claim; what is left has its turn in the next one.
MOST_PUT_OFF = 5_000
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


_new_due_feed = filling(DueFeed, all_are_given=True)


def is_due(now: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    """The one predicate for "due": its time has come, and nobody holds it."""
    return claimable_at <= now


def _is_free(now: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
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
    terms = _Terms(
        now,
        owner,
        timedelta(seconds=lease_seconds),
        timedelta(seconds=site_delay_seconds),
        now + timedelta(seconds=horizon_seconds) if feed_ids is None else None,
    )
    claimed: list[DueFeed] = []
    put_off = 0
    while (wanted := limit - len(claimed)) > 0:
        found = connection.execute(
            _DUE if feed_ids is None else _asked_for(connection, feed_ids),
            {"now": now, "limit": wanted},
        ).all()
        # Only once: in the order of ids, so that two workers never wait in a circle.
        taken, full = _reserve(connection, found, terms, wait=not claimed and not put_off)
        claimed += taken
        moved = _put_off(connection, full, terms)
        put_off += moved
        if len(found) < wanted or feed_ids is not None or not (taken or moved):
            break
        if put_off >= MOST_PUT_OFF:
            break  # the rest at the next claim: this one has taken its time
    return claimed


@dataclass(frozen=True, slots=True)
class _Terms:
    """What holds for every feed of a claim."""

    now: datetime
    owner: str
    lease: timedelta
    delay: timedelta
    horizon: datetime | None  # feeds without a slot until then are put off; None: none is


def _reserve(
    connection: Connection, found: Sequence[AnyRow], terms: _Terms, *, wait: bool
) -> tuple[list[DueFeed], dict[int, datetime]]:
    """Give feeds slots at their sites and claim them; also the sites that are full, until when.

    Sites that another worker is just giving slots of are passed over, with their feeds, unless it
    is waited for them.
    """
    sites = _lock_sites(connection, {row.site_id for row in found}, wait=wait)
    free_at = {
        site_id: max(filter(None, (terms.now, _slot_of(row, terms.now), row.paused_until)))
        for site_id, row in sites.items()
    }
    claimed: list[DueFeed] = []
    full: dict[int, datetime] = {}
    for row in found:
        of_site = sites.get(row.site_id)
        if of_site is None:
            continue
        slot = free_at[row.site_id]
        if terms.horizon is not None and slot > terms.horizon:
            full[row.site_id] = slot
            continue
        free_at[row.site_id] = slot + terms.delay
        claimed.append(_due_feed(row, of_site, slot, terms))
    update_rows(connection, feed_schedule, [_lease_values(due.lease) for due in claimed])
    reserved = sorted({due.site_id for due in claimed})
    update_rows(
        connection,
        site,
        [{"id": site_id, "next_slot_at": free_at[site_id]} for site_id in reserved],
    )
    return claimed, full


def _lock_sites(
    connection: Connection, site_ids: Collection[int], *, wait: bool
) -> dict[int, AnyRow]:
    rows = connection.execute(
        select(site.c.id, site.c.name, site.c.failures, site.c.next_slot_at, site.c.paused_until)
        .where(among(connection, site.c.id, site_ids))
        .order_by(site.c.id)
        .with_for_update(skip_locked=not wait)
    )
    return {row.id: row for row in rows.all()}


def _slot_of(row: AnyRow, now: datetime) -> datetime | None:
    slot: datetime | None = row.next_slot_at
    return slot if slot is not None and slot <= now + _FARTHEST_SLOT else None


def _put_off(connection: Connection, full: Mapping[int, datetime], terms: _Terms) -> int:
    """Have the due feeds of full sites fall due again when there is a slot for each; how many.

    All of them at once: so a claim meets a site that is paused, or has more feeds than slots, but
    once, however many of them are due.
    """
    if not full:
        return 0
    rows = connection.execute(
        select(feed_schedule.c.feed_id, feed_schedule.c.site_id)
        .where(among(connection, feed_schedule.c.site_id, full), is_due(terms.now))
        .order_by(claimable_at)
        .limit(MOST_PUT_OFF)
        .with_for_update(skip_locked=True)
    ).all()
    next_slot = dict(full)
    moved = []
    for feed_id, site_id in rows:
        moved.append({"feed_id": feed_id, "next_poll_at": next_slot[site_id]})
        next_slot[site_id] += terms.delay
    update_rows(connection, feed_schedule, moved)
    return len(moved)


_s, _f = feed_schedule.c, feed.c
_CLAIMED = (
    select(
        *SCHEDULE_COLUMNS, _s.feed_id, _s.lease_fence, _s.site_id, _s.etag, _s.last_modified,
        _s.body_hash, _s.last_full_at,
        _f.url, _f.name, _f.publisher_id, _f.settings, _f.validators_lie, _f.guids_are_trusted,
        _f.clock_skew_seconds, _f.site_url, _f.language, _f.format, _f.added_at,
        publisher.c.name.label("publisher"),
    )
    .join_from(feed_schedule, feed, _f.id == _s.feed_id)
    .join(publisher, publisher.c.id == _f.publisher_id)
    .order_by(claimable_at)
    .limit(bindparam("limit"))
    .with_for_update(of=feed_schedule, skip_locked=True)
)  # fmt: skip
_DUE = _CLAIMED.where(is_due(bindparam("now", type_=Time)))


def _asked_for(connection: Connection, feed_ids: Collection[int]) -> Select[*tuple[Any, ...]]:
    is_free = _is_free(bindparam("now", type_=Time))
    return _CLAIMED.where(among(connection, _s.feed_id, feed_ids), is_free)


def _due_feed(row: AnyRow, of_site: AnyRow, slot: datetime, terms: _Terms) -> DueFeed:
    (
        feed_id, fence, site_id, etag, last_modified, body_hash, last_full_at,
        url, name, publisher_id, settings, validators_lie, guids_are_trusted, clock_skew_seconds,
        site_url, language, format_, added_at, publisher_name,
    ) = row[len(SCHEDULE_COLUMNS) :]  # fmt: skip
    return _new_due_feed(
        feed_id=feed_id,
        lease=Lease(feed_id, terms.owner, fence + 1, slot + terms.lease),
        due_at=row.next_poll_at if terms.horizon is not None else None,
        start_not_before=slot,
        url=url,
        name=name,
        site_id=site_id,
        site=of_site.name,
        publisher_id=publisher_id,
        publisher=publisher_name,
        settings=settings_from_json(settings),
        validators=Validators(etag, last_modified),
        body_hash=body_hash,
        validators_lie=validators_lie,
        guids_are_trusted=guids_are_trusted,
        schedule=schedule_from_row(row),
        site_failures=of_site.failures,
        last_full_at=last_full_at,
        clock_skew_seconds=clock_skew_seconds,
        site_url=site_url,
        language=language,
        format=format_,
        added_at=added_at,
    )


def _lease_values(lease: Lease) -> dict[str, Any]:
    return {
        "feed_id": lease.feed_id,
        "lease_owner": lease.owner,
        "lease_until": lease.until,
        "lease_fence": lease.fence,
    }


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
    """When the next feed can be claimed (a held one: its lease ends); None: none is scheduled."""
    earliest: datetime | None = connection.scalar(
        select(claimable_at).where(claimable_at.is_not(None)).order_by(claimable_at).limit(1)
    )
    return earliest


def count_due(connection: Connection, now: datetime) -> int:
    """How many feeds are due and held by nobody: the length of the queue."""
    found = connection.scalar(select(func.count()).select_from(feed_schedule).where(is_due(now)))
    return found or 0
