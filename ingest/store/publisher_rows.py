"""Publishers by name: found, suggested, or made."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, insert, select

from ingest.config import FeedSettings
from ingest.errors import UsageError
from ingest.fetch.site import site_of
from ingest.store.ids import allocate
from ingest.store.lists import among_texts
from ingest.store.tables import publisher
from ingest.store.upsert import insert_rows


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


def publisher_rows(
    connection: Connection, wanted: Sequence[FeedSettings], now: datetime
) -> list[int]:
    """The ids of the publishers of these feeds, in their order: `publisher_row` of each."""
    names = [settings.publisher or site_of(settings.url) for settings in wanted]
    rows = connection.execute(
        select(publisher.c.name, publisher.c.id).where(
            among_texts(connection, publisher.c.name, set(names))
        )
    )
    ids = {row.name: row.id for row in rows.all()}
    # A feed that says no publisher makes one with a domain; who comes first makes the row.
    missing = {
        name: {"name": name, "domain": None if settings.publisher else name, "created_at": now}
        for name, settings in reversed(list(zip(names, wanted, strict=True)))
        if name not in ids
    }
    made = allocate(connection, publisher, len(missing))
    new = [{"id": one, **missing[name]} for one, name in zip(made, reversed(missing), strict=True)]
    insert_rows(connection, publisher, new)
    ids |= {row["name"]: row["id"] for row in new}
    return [ids[name] for name in names]


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
