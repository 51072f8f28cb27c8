"""Many feeds at once into the database, those that are there already left alone."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import datetime

from ingest.config import FeedSettings
from ingest.store import feeds
from ingest.store.engine import Database
from ingest.store.many_feeds import add_all


def subscribe_all(
    database: Database, wanted: Sequence[FeedSettings], now: datetime
) -> list[FeedSettings]:
    """Subscribe all or, after an error, none; return those that were not subscribed yet.

    A name that another feed has gets a number.
    """
    with database.begin() as connection:
        urls, names = feeds.urls_and_names(connection)
        added = [one for one in wanted if one.url not in urls]
        named = []
        for one in added:
            name, number = one.name, 1
            while name in names:
                number += 1
                name = f"{one.name}-{number}"
            if name is not None:
                names.add(name)
            named.append(dataclasses.replace(one, name=name))
        add_all(connection, named, now=now, source="opml")
    return added
