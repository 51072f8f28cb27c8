"""Writing fingerprints and their postings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import chain

import numpy as np
from sqlalchemy import Connection

from ingest.model import Fingerprint
from ingest.store.tables import fingerprint
from ingest.store.upsert import upsert

_NEIGHBOURS = 16
_SQLITE_INSERT = (
    "INSERT OR IGNORE INTO posting (hash, article_id)"
    f" SELECT value >> {_NEIGHBOURS}, ?1 + (value & {(1 << _NEIGHBOURS) - 1}) FROM json_each(?2)"
)
_POSTGRESQL_INSERT = (
    "INSERT INTO posting (hash, article_id)"
    " SELECT * FROM unnest(%s::bigint[], %s::bigint[]) ON CONFLICT DO NOTHING"
)


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
    write_postings(connection, prints)


def write_postings(
    connection: Connection, prints: Sequence[tuple[int, Fingerprint, datetime]]
) -> None:
    """The rows of the index, in its order: neighbours share pages."""
    ids = np.repeat([one for one, _, _ in prints], [len(its.postings) for _, its, _ in prints])
    hashes = np.fromiter(chain.from_iterable(its.postings for _, its, _ in prints), np.int64)
    if not len(hashes):
        return
    # Dozens an article: all go as one parameter, past the treatment that each would get.
    if connection.dialect.name == "sqlite":
        # A posting has 48 bits; 16 more tell the article among its neighbours.
        for block in np.unique(ids >> _NEIGHBOURS).tolist():
            own = (ids >> _NEIGHBOURS) == block
            first = block << _NEIGHBOURS
            packed = np.sort(hashes[own] << _NEIGHBOURS | (ids[own] - first))
            connection.exec_driver_sql(_SQLITE_INSERT, (first, str(packed.tolist())))
    else:
        order = np.lexsort((ids, hashes))
        arrays = [f"{{{','.join(map(str, each[order].tolist()))}}}" for each in (hashes, ids)]
        connection.exec_driver_sql(_POSTGRESQL_INSERT, tuple(arrays))
