"""Writing fingerprints and their postings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from ingest.model import Fingerprint
from ingest.store.tables import fingerprint, posting
from ingest.store.upsert import insert_or


def write_fingerprints(
    connection: Connection, prints: Sequence[tuple[int, Fingerprint, datetime]]
) -> None:
    """Store (article id, fingerprint, first_seen_at); an article's former fingerprint is replaced.

    Postings of the former text stay until they leave the window: they can only propose the article
    as a candidate, and candidates are verified on the stored text.
    """
    if not prints:
        return
    statement = insert_or(connection, fingerprint)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["article_id"],
            set_={
                "version": statement.excluded.version,
                "token_count": statement.excluded.token_count,
            },
        ),
        [
            {
                "article_id": article_id,
                "version": sketch.version,
                "token_count": sketch.token_count,
                "seen_at": seen_at,
            }
            for article_id, sketch, seen_at in prints
        ],
    )
    # In the order of the index: neighbours share pages.
    rows = sorted(
        {(value, article_id) for article_id, sketch, _ in prints for value in sketch.postings}
    )
    if rows:
        connection.execute(
            insert_or(connection, posting).on_conflict_do_nothing(),
            [{"hash": value, "article_id": article_id} for value, article_id in rows],
        )
