"""The daemons over one database: who is alive, how much there is to do, what a clock step broke."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, bindparam, case, delete, func, select, update

from ingest.store.feed_tables import claimable_at
from ingest.store.tables import feed_schedule, site, worker
from ingest.store.upsert import insert_or

_FORGET_WORKERS = timedelta(days=7)
_ALIVE = timedelta(minutes=2)
_AHEAD = timedelta(minutes=15)  # clocks of several machines differ by less


@dataclass(frozen=True, slots=True)
class Load:
    """What the feeds ask for, all daemons together."""

    feeds: int  # that have a next poll
    unpolled: int  # of them, never polled yet
    sites: int
    polls_per_second: float  # the sum of 1 / interval
    workers: int  # daemons heard of within the last two minutes


def load(connection: Connection, now: datetime) -> Load:
    """Count the feeds that are polled, and how often on the whole. Reads every schedule row."""
    alive = and_(worker.c.stopped_at.is_(None), worker.c.seen_at > now - _ALIVE)
    workers = connection.scalar(select(func.count()).select_from(worker).where(alive))
    s = feed_schedule.c
    polled = case((s.interval_seconds > 0, 1.0 / s.interval_seconds), else_=0.0)
    row = connection.execute(
        select(
            func.count(),
            func.coalesce(func.sum(case((s.last_poll_at.is_(None), 1), else_=0)), 0),
            func.count(s.site_id.distinct()),
            func.coalesce(func.sum(case((s.last_poll_at.is_(None), 0.0), else_=polled)), 0.0),
        ).where(s.next_poll_at.is_not(None))
    ).one()
    return Load(int(row[0]), int(row[1]), int(row[2]), float(row[3]), workers or 0)


def beat(
    connection: Connection,
    *,
    name: str,
    host: str,
    pid: int,
    version: str,
    started_at: datetime,
    now: datetime,
    status: Mapping[str, int | float | str | bool | None],
) -> None:
    """Say that this worker is alive; workers not heard of for a week are forgotten."""
    insert = insert_or(connection, worker).values(
        name=name,
        host=host,
        pid=pid,
        version=version,
        started_at=started_at,
        seen_at=now,
        status=dict(status),
    )
    connection.execute(
        insert.on_conflict_do_update(
            index_elements=[worker.c.name],
            set_={"seen_at": now, "status": insert.excluded.status, "stopped_at": None},
        )
    )
    connection.execute(delete(worker).where(worker.c.seen_at < now - _FORGET_WORKERS))


def stopped(connection: Connection, name: str, now: datetime) -> None:
    """This worker ended in order."""
    connection.execute(
        update(worker).where(worker.c.name == name).values(seen_at=now, stopped_at=now)
    )


def undo_clock_step(
    connection: Connection, now: datetime, *, longest_wait_seconds: float, lease_seconds: float
) -> int:
    """Bring back what lies further ahead than any rule sends it; return how many feeds it was.

    A clock that ran ahead and was set back leaves feeds that would be silent until that future.
    One whose last poll lies ahead waits as long as it would have, from now on; one that waits for
    longer than any rule says is due. The same for the slots and pauses of sites, and for leases.
    """
    shifted = _shift_back(connection, now)
    horizon = now + timedelta(seconds=longest_wait_seconds)
    s = feed_schedule.c
    found = connection.execute(
        update(feed_schedule)
        .where(claimable_at > horizon, s.next_poll_at > horizon)
        .values(next_poll_at=now)
    )
    connection.execute(
        update(feed_schedule)
        .where(s.lease_until > now + _AHEAD + timedelta(seconds=lease_seconds))
        .values(lease_until=None, lease_owner=None)
    )
    connection.execute(update(site).where(site.c.next_slot_at > horizon).values(next_slot_at=None))
    connection.execute(update(site).where(site.c.paused_until > horizon).values(paused_until=None))
    return found.rowcount + shifted


def _shift_back(connection: Connection, now: datetime) -> int:
    s = feed_schedule.c
    rows = connection.execute(
        select(s.feed_id, s.next_poll_at, s.last_poll_at).where(
            s.last_poll_at > now + _AHEAD, s.next_poll_at > now + _AHEAD
        )
    ).all()
    if rows:
        connection.execute(
            update(feed_schedule)
            .where(s.feed_id == bindparam("b_feed_id"))
            .values(next_poll_at=bindparam("next_poll_at"), last_poll_at=now),
            [
                {
                    "b_feed_id": row.feed_id,
                    "next_poll_at": now + max(timedelta(0), row.next_poll_at - row.last_poll_at),
                }
                for row in rows
            ],
        )
    return len(rows)
