"""Publishers by name: found, or made."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, insert, select

from ingest.config import FeedSettings
from ingest.fetch.site import site_of
from ingest.store.tables import publisher


def publisher_row(connection: Connection, settings: FeedSettings, now: datetime) -> int:
    """The id of a feed's publisher: as the config names it, else one per registrable domain."""
    domain = None if settings.publisher else site_of(settings.url)
    name = settings.publisher or domain
    found: int | None = connection.scalar(select(publisher.c.id).where(publisher.c.name == name))
    if found is None:
        found = connection.execute(
            insert(publisher)
            .values(name=name, domain=domain, created_at=now)
            .returning(publisher.c.id)
        ).scalar_one()
    return found
