"""Every table of the database under one roof; `metadata.comment`s are the docs' source.

publisher -< feed -- feed_schedule (hot)     site: politeness across workers
              |-< poll                        feed_document: what the last document held
              |-- websub_subscription         feed_url_history: where it was polled before
              |-< sighting >- article -< article_key, revision
                                |-- article_content, fingerprint -< posting, posting_run
                                |-- story_article >- story         match, story_pin
match_queue: to be compared     change: the stream, webhook: its receivers
worker, meta: the program's own
"""

from __future__ import annotations

from sqlalchemy import Connection, event

from ingest.store.article_tables import (
    article,
    article_content,
    article_key,
    boilerplate_block,
    raw_entry,
    revision,
    sighting,
)
from ingest.store.feed_tables import (
    feed,
    feed_document,
    feed_schedule,
    feed_url_history,
    meta,
    metadata,
    poll,
    publisher,
    site,
    websub_subscription,
    worker,
)
from ingest.store.story_tables import (
    change,
    fingerprint,
    match,
    match_queue,
    posting,
    posting_run,
    story,
    story_article,
    story_pin,
    webhook,
)

__all__ = [
    "article",
    "article_content",
    "article_key",
    "boilerplate_block",
    "change",
    "feed",
    "feed_document",
    "feed_schedule",
    "feed_url_history",
    "fingerprint",
    "match",
    "match_queue",
    "meta",
    "metadata",
    "poll",
    "posting",
    "posting_run",
    "publisher",
    "raw_entry",
    "revision",
    "sighting",
    "site",
    "story",
    "story_article",
    "story_pin",
    "webhook",
    "websub_subscription",
    "worker",
]


@event.listens_for(metadata, "before_create")
def _add_postgresql_options(_: object, connection: Connection, **__: object) -> None:
    """Said beside the tables, these would load that dialect, 50 ms, for SQLite's users too."""
    if connection.dialect.name == "postgresql":
        for index in (*boilerplate_block.indexes, *story.indexes):
            if (where := index.dialect_options["sqlite"]["where"]) is not None:
                index.dialect_options["postgresql"]["where"] = where
        feed_schedule.dialect_options["postgresql"]["with"] = {"fillfactor": 50}
        poll.dialect_options["postgresql"]["partition_by"] = "RANGE (started_at)"
