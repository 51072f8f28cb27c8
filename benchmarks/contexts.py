"""What normalising is told of a feed, by its own document alone: of a corpus no more is known."""

from __future__ import annotations

from datetime import datetime

from ingest.model import FeedDocument
from ingest.normalise import Context


def context_of(document: FeedDocument, *, url: str, now: datetime) -> Context:
    """The context of a document that was read at `now` (UTC) from `url`."""
    return Context(
        now=now,
        feed_url=url,
        site_url=document.site_url,
        publisher=document.title,
        language=document.language,
        format=document.format,
    )
