"""Publishers by name: found, suggested, or made."""

from __future__ import annotations

import difflib
from datetime import datetime

from sqlalchemy import Connection, insert, select

from ingest.config import FeedSettings
from ingest.errors import UsageError
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


def resolve_publisher(connection: Connection, wanted: str) -> str:
    """The name of the publisher meant by a name, a domain, or the beginning of one.

    Case does not count. Raises UsageError, with suggestions, where there is none or several.
    """
    rows = connection.execute(select(publisher.c.name, publisher.c.domain)).all()
    lowered = wanted.casefold()
    names: dict[str, tuple[str, str]] = {
        row.name: (row.name.casefold(), (row.domain or "").casefold()) for row in rows
    }
    exact = [name for name, known in names.items() if lowered in known]
    if exact:
        return exact[0]
    begins = sorted(
        name
        for name, known in names.items()
        if any(
            one.removeprefix("the ").startswith(lowered) or one.startswith(lowered) for one in known
        )
    )
    if len(begins) == 1:
        return begins[0]
    if begins:
        listed = ", ".join(begins[:5])
        raise UsageError(f"{wanted!r} could be any of {len(begins)} publishers: {listed}")
    by_folded = {name.casefold(): name for name in names}
    near = difflib.get_close_matches(lowered, by_folded, n=3)
    hint = f"; did you mean {', '.join(by_folded[one] for one in near)}?" if near else ""
    raise UsageError(f"no publisher {wanted!r}{hint}")
