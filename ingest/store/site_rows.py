"""The row of a site, made when its first feed is subscribed, and the pause that is in it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, select

from ingest.store.lists import among_texts
from ingest.store.tables import feed_schedule, site
from ingest.store.upsert import insert_or, update_rows


def site_row(connection: Connection, name: str) -> int:
    """The id of a site's row, made where there is none."""
    found: int | None = connection.scalar(select(site.c.id).where(site.c.name == name))
    if found is None:
        # Another worker may make it at this moment: then that one's is found.
        made = insert_or(connection, site).values(name=name).on_conflict_do_nothing()
        found = connection.scalar(made.returning(site.c.id))
        if found is None:
            found = connection.execute(select(site.c.id).where(site.c.name == name)).scalar_one()
    return found


def site_rows(connection: Connection, names: Collection[str]) -> dict[str, int]:
    """The ids of these sites' rows, made where there are none."""
    ids = _ids(connection, names)
    missing = [{"name": name} for name in sorted(names) if name not in ids]
    if missing:
        connection.execute(insert_or(connection, site).on_conflict_do_nothing(), missing)
        ids |= _ids(connection, [row["name"] for row in missing])
    return ids


def _ids(connection: Connection, names: Collection[str]) -> dict[str, int]:
    rows = connection.execute(
        select(site.c.name, site.c.id).where(among_texts(connection, site.c.name, names))
    )
    return {row.name: row.id for row in rows.all()}


def put_off_feeds(connection: Connection, site_id: int, until: datetime) -> None:
    """Have no feed of a site fall due before `until`: its pause. Also those that are held now.

    So claims never meet the feeds of paused sites, however many these are. Feeds that somebody is
    just claiming are passed over: who claims them waits for the site's row, and sees the pause.
    """
    early = connection.scalars(
        select(feed_schedule.c.feed_id)
        .where(feed_schedule.c.site_id == site_id, feed_schedule.c.next_poll_at < until)
        .with_for_update(skip_locked=True)
    ).all()
    rows = [{"feed_id": feed_id, "next_poll_at": until} for feed_id in early]
    update_rows(connection, feed_schedule, rows)


def paused_until(connection: Connection, name: str) -> datetime | None:
    """Until when the site of this name is to be left alone; None where no pause is known."""
    known = select(site.c.paused_until).where(site.c.name == name)
    until: datetime | None = connection.scalar(known)
    return until
