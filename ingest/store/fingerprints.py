"""Writing fingerprints and their postings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from ingest.model import Fingerprint
from ingest.store.tables import fingerprint
from ingest.store.upsert import upsert


def write_fingerprints(
    connection: Connection, prints: Sequence[tuple[int, Fingerprint, datetime]]
) -> None:
    """Store (article id, fingerprint, first_seen_at); an article's former fingerprint is replaced.

    Postings of the former text stay until they leave the window: they can only propose the article
    as a candidate, and candidates are verified on the stored text.
    """
    upsert(
        connection,
        fingerprint,
        [
            {
                "article_id": article_id,
                "version": sketch.version,
                "token_count": sketch.token_count,
                "seen_at": seen_at,
            }
            for article_id, sketch, seen_at in prints
        ],
        keep=("seen_at",),
    )
    # In the order of the index: neighbours share pages.
    rows = sorted(
        {(value, article_id) for article_id, sketch, _ in prints for value in sketch.postings}
    )
    if not rows:
        return
    # Dozens an article: these go past SQLAlchemy's treatment of parameters, which costs more than
    # the database does.
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(
            "INSERT OR IGNORE INTO posting (hash, article_id) VALUES (?, ?)", rows
        )
    else:
        hashes, articles = zip(*rows, strict=True)
        connection.exec_driver_sql(
            "INSERT INTO posting (hash, article_id)"
            " SELECT * FROM unnest(%s::bigint[], %s::bigint[]) ON CONFLICT DO NOTHING",
            (list(hashes), list(articles)),
        )
