"""What a poll needs to know beforehand, what is written after it, and what past polls say."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from ingest.errors import LeaseLost
from ingest.model import FeedDocument, PollCounts, PollOutcome, ScheduleDecision, Validators
from ingest.store import changes, leases, moving
from ingest.store.changes import ChangeKind, NewChange
from ingest.store.learned import learned_blocks
from ingest.store.leases import DueFeed
from ingest.store.lists import among
from ingest.store.schedule_rows import AnyRow, schedule_to_row
from ingest.store.site_rows import put_off_feeds
from ingest.store.tables import feed, feed_document, feed_schedule, poll, site
from ingest.store.upsert import update_rows, upsert


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What the pure stages are told about a feed before its document is read."""

    known: Mapping[int, int] = field(default_factory=dict)  # entry_key -> entry_hash
    learned: frozenset[int] = frozenset()  # hashes of the publisher's boilerplate


@dataclass(frozen=True, slots=True, kw_only=True)
class PollRecord:
    """One finished poll, to be written together with what the schedule decided."""

    due: DueFeed
    started_at: datetime
    outcome: PollOutcome
    decision: ScheduleDecision
    status: int | None = None
    elapsed_seconds: float = 0.0
    received_bytes: int = 0
    counts: PollCounts | None = None  # None: no document was read
    detail: str | None = None  # what went wrong, in one line
    was_full: bool = False  # asked without validators
    validators: Validators | None = None  # None: those of before stay
    body_hash: int | None = None  # None: that of before stays
    document: FeedDocument | None = None  # what it says about the feed; its entries are not used
    guids_are_trusted: bool | None = None  # None: as before
    clock_skew_seconds: int | None = None  # None: as before
    validators_lie: bool | None = None  # None: as before


@dataclass(frozen=True, slots=True)
class PastPoll:
    """One row of a feed's history."""

    started_at: datetime
    outcome: PollOutcome
    status: int | None
    elapsed_seconds: float
    received_bytes: int
    counts: PollCounts | None
    interval_seconds: float | None
    possible_gap: bool
    was_full: bool
    detail: str | None


def pack_entries(entries: Mapping[int, int]) -> bytes:
    """Entry keys and hashes as little-endian 64-bit integers, in pairs."""
    flat = array("q", [number for pair in entries.items() for number in pair])
    if sys.byteorder == "big":
        flat.byteswap()
    return flat.tobytes()


def unpack_entries(packed: bytes) -> dict[int, int]:
    """What `pack_entries` packed."""
    flat = array("q", packed)
    if sys.byteorder == "big":
        flat.byteswap()
    return dict(zip(flat[::2], flat[1::2], strict=True))


def known_entries(connection: Connection, feed_id: int) -> dict[int, int]:
    """entry_key -> entry_hash of the entries in the feed's last document."""
    packed: bytes | None = connection.scalar(_KNOWN, {"feed_id": feed_id})
    return {} if packed is None else unpack_entries(packed)


def known_entries_of(
    connection: Connection, feed_ids: Collection[int]
) -> dict[int, dict[int, int]]:
    """The same for many feeds; feeds of which no document was stored are not in it."""
    rows = connection.execute(
        select(feed_document.c.feed_id, feed_document.c.entries).where(
            among(connection, feed_document.c.feed_id, feed_ids)
        )
    )
    return {row.feed_id: unpack_entries(row.entries) for row in rows}


def read_knowledge(connection: Connection, due: DueFeed, now: datetime) -> Knowledge:
    """What to tell the pure stages about this feed."""
    return Knowledge(
        known_entries(connection, due.feed_id), learned_blocks(connection, due.publisher_id, now)
    )


# Asked for every changed feed: made once, it costs a fifth of what it costs to make and ask it.
_KNOWN = select(feed_document.c.entries).where(feed_document.c.feed_id == bindparam("feed_id"))


def record_poll(connection: Connection, record: PollRecord, now: datetime) -> None:
    """Write one poll. Raises LeaseLost, with nothing written."""
    if record_polls(connection, (record,), now):
        raise LeaseLost(f"{record.due.name}: another worker has claimed it since")


def record_polls(connection: Connection, records: Sequence[PollRecord], now: datetime) -> set[int]:
    """Write finished polls: each feed's row, its lease given back, and one row of history.

    Returns the ids of feeds whose lease was lost: nothing of those is written. A batch that also
    stores articles asks `leases.lost` first, since articles must not be stored for them either.
    A feed is in a batch once. Recording spends the lease: who comes with it again has lost it, as
    a poll that overran does when it was in the writer's queue already.
    """
    gone = leases.lost(connection, [record.due.lease for record in records])
    kept = [record for record in records if record.due.feed_id not in gone]
    if not kept:
        return gone
    update_rows(connection, feed_schedule, [_schedule_values(record, now) for record in kept])
    upsert(connection, poll, [_poll_values(record) for record in kept])
    _update_sites(connection, kept)
    _update_feeds(connection, kept)
    changes.append(connection, [*map(_state_change, filter(_has_new_state, kept))], now)
    for record in kept:
        if record.decision.moved_to is not None:
            moving.move(
                connection,
                record.due.feed_id,
                record.decision.moved_to,
                now,
                record.decision.move_evidence or "moved permanently",
            )
    return gone


def _has_new_state(record: PollRecord) -> bool:
    return record.decision.schedule.state is not record.due.schedule.state


def _state_change(record: PollRecord) -> NewChange:
    after = record.decision.schedule
    return NewChange(
        ChangeKind.FEED_STATE,
        feed_id=record.due.feed_id,
        data={
            "from": record.due.schedule.state.value,
            "to": after.state.value,
            "evidence": after.state_evidence,
        },
    )


def _schedule_values(record: PollRecord, now: datetime) -> dict[str, Any]:
    due = record.due
    validators = record.validators or due.validators
    return {
        "feed_id": due.feed_id,
        "lease_until": None,
        "lease_owner": None,
        "lease_fence": due.lease.fence + 1,
        "etag": validators.etag,
        "last_modified": validators.last_modified,
        "body_hash": due.body_hash if record.body_hash is None else record.body_hash,
        "last_full_at": record.started_at
        if record.was_full and record.status == 200
        else due.last_full_at,
        **schedule_to_row(record.decision.schedule, now),
    }


def _poll_values(record: PollRecord) -> dict[str, Any]:
    counts = record.counts
    return {
        "feed_id": record.due.feed_id,
        "started_at": record.started_at,
        "outcome": record.outcome,
        "status": record.status,
        "elapsed_seconds": round(record.elapsed_seconds, 4),
        "received_bytes": record.received_bytes,
        "entries": counts and counts.entries,
        "entries_new": counts and counts.new,
        "entries_revised": counts and counts.revised,
        "entries_unchanged": counts and counts.unchanged,
        "entries_filtered": counts and counts.filtered,
        "entries_invalid": counts and counts.invalid,
        "interval_seconds": record.decision.schedule.interval_seconds,
        "possible_gap": record.decision.possible_gap,
        "was_full": record.was_full,
        "detail": record.detail,
    }


def _update_sites(connection: Connection, records: Sequence[PollRecord]) -> None:
    """Write pauses and failures of sites, in the order of their ids as claims lock them."""
    pauses = [(one, pause) for one in records if (pause := one.decision.site_pause) is not None]
    others = _site_ids(connection, {pause.site for _, pause in pauses if pause.site is not None})
    changed: dict[int, dict[str, Any]] = {}
    for record in records:
        if record.decision.site_failures != record.due.site_failures:
            row = changed.setdefault(record.due.site_id, {})
            row["failures"] = max(record.decision.site_failures, row.get("failures", 0))
    for record, pause in pauses:
        site_id = record.due.site_id if pause.site is None else others.get(pause.site)
        if site_id is None:
            continue  # none of our feeds lives there
        row = changed.setdefault(site_id, {})
        if "paused_until" not in row or pause.until > row["paused_until"]:
            row["paused_until"], row["pause_reason"] = pause.until, pause.reason
    for site_id, row in sorted(changed.items()):
        connection.execute(update(site).where(site.c.id == site_id).values(**row))
        if "paused_until" in row:
            put_off_feeds(connection, site_id, row["paused_until"])


def _site_ids(connection: Connection, names: Collection[str]) -> dict[str, int]:
    if not names:
        return {}
    rows = connection.execute(select(site.c.id, site.c.name).where(site.c.name.in_(sorted(names))))
    return {row.name: row.id for row in rows}


_FROM_DOCUMENT = (
    "title", "description", "site_url", "self_url", "hub_url", "format", "language", "generator",
    "image_url",
)  # fmt: skip
_LEARNED = ("guids_are_trusted", "clock_skew_seconds", "validators_lie")


def _update_feeds(connection: Connection, records: Sequence[PollRecord]) -> None:
    """Write what documents say about their feeds, where it differs from what is stored."""
    values = [_feed_values(record) for record in records if record.document is not None]
    update_rows(connection, feed, values, where_different=True)
    for record in records:
        learnt = {name: value for name in _LEARNED if (value := getattr(record, name)) is not None}
        if record.document is None and learnt:
            connection.execute(update(feed).where(feed.c.id == record.due.feed_id).values(**learnt))


def _feed_values(record: PollRecord) -> dict[str, Any]:
    document = record.document
    assert document is not None
    values: dict[str, Any] = {"id": record.due.feed_id}
    for name in _FROM_DOCUMENT:
        if name == "hub_url":
            values[name] = document.hub_urls[0] if document.hub_urls else None
        else:
            values[name] = getattr(document, name)
    for name in _LEARNED:
        given = getattr(record, name)
        values[name] = getattr(record.due, name) if given is None else given
    return values


def recent_polls(
    connection: Connection, feed_id: int, *, limit: int = 200, since: datetime | None = None
) -> list[PastPoll]:
    """A feed's last polls, newest first."""
    query = select(poll).where(poll.c.feed_id == feed_id)
    if since is not None:
        query = query.where(poll.c.started_at >= since)
    rows = connection.execute(query.order_by(poll.c.started_at.desc()).limit(limit))
    return [_past_poll(row) for row in rows]


def polls_since(
    connection: Connection, feed_ids: Collection[int], since: datetime
) -> dict[int, list[PastPoll]]:
    """The polls of these feeds since then, oldest first; feeds without any are not in it."""
    query = select(poll).where(
        among(connection, poll.c.feed_id, feed_ids), poll.c.started_at >= since
    )
    found: dict[int, list[PastPoll]] = {}
    for row in connection.execute(query.order_by(poll.c.feed_id, poll.c.started_at)):
        found.setdefault(row.feed_id, []).append(_past_poll(row))
    return found


def _past_poll(row: AnyRow) -> PastPoll:
    counts = None
    if row.entries is not None:
        counts = PollCounts(
            row.entries,
            row.entries_new,
            row.entries_revised,
            row.entries_unchanged,
            row.entries_filtered,
            row.entries_invalid,
        )
    return PastPoll(
        row.started_at,
        row.outcome,
        row.status,
        row.elapsed_seconds,
        row.received_bytes,
        counts,
        row.interval_seconds,
        row.possible_gap,
        row.was_full,
        row.detail,
    )
