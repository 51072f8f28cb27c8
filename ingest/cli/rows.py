"""The objects of the store as rows to print: view rows as they are, others in the same words."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from ingest.cli.output import Row

if TYPE_CHECKING:
    from ingest.cli.polling import Target
    from ingest.model import Article
    from ingest.record import Recorded

COUNTED = ("new", "revised", "unchanged", "filtered", "invalid")


def row_of(record: Any) -> Row:
    """A dataclass of the store with its fields as keys: those of a view are its columns."""
    return dataclasses.asdict(record)


def article_row(target: Target, article: Article) -> Row:
    """An article that is not stored, under the columns of v_articles, those it lacks null."""
    from ingest.store.view_rows import ArticleRow

    row: dict[str, object] = {field.name: None for field in dataclasses.fields(ArticleRow)}
    own = dataclasses.asdict(article)
    row.update({name: own[name] for name in row.keys() & own.keys()})
    row["media"] = own["media"]
    row["published_quality"] = article.published_quality.value
    row["publisher"] = target.due.publisher
    return row


def poll_row(recorded: Recorded) -> Row:
    """A poll just made, under the columns of v_polls."""
    polled, counts, decision = recorded.polled, recorded.counts, recorded.decision
    row: dict[str, object] = {
        "feed_id": recorded.due.feed_id,
        "feed": recorded.due.name,
        "started_at": polled.started_at,
        "outcome": polled.outcome.value,
        "status": polled.status,
        "elapsed_seconds": polled.elapsed_seconds,
        "received_bytes": polled.received_bytes,
        "entries": counts.entries if counts else None,
    }
    row.update({f"entries_{one}": getattr(counts, one) if counts else None for one in COUNTED})
    row["interval_seconds"] = decision.schedule.interval_seconds if decision else None
    row["possible_gap"] = bool(decision and decision.possible_gap)
    row["was_full"] = polled.was_full
    row["detail"] = polled.message
    return row
