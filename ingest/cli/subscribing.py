"""Many feeds at once into the database, those that are there already left alone."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import datetime

from ingest.config import FeedSettings
from ingest.store import feeds
from ingest.store.engine import Database


def subscribe_all(
    database: Database, wanted: Sequence[FeedSettings], now: datetime
) -> list[FeedSettings]:
    """Subscribe all or, after an error, none; return those that were not subscribed yet.

    A name that another feed has gets a number.
    """
    with database.begin() as connection:
        known = feeds.list_feeds(connection)
        urls = {feed.url for feed in known}
        names = {feed.name for feed in known}
        added = [one for one in wanted if one.url not in urls]
        for one in added:
            name, number = one.name, 1
            while name in names:
                number += 1
                name = f"{one.name}-{number}"
            if name is not None:
                names.add(name)
            named = dataclasses.replace(one, name=name)
            feeds.add(connection, named, now=now, source="opml")
    return added
