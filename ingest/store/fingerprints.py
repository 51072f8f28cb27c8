"""Writing fingerprints and their postings: into a run, or many at once into the table itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import chain

import numpy as np
from sqlalchemy import Connection

from ingest.dedupe.answers import once
from ingest.dedupe.tokenise import Ints
from ingest.model import Fingerprint
from ingest.store.posting_runs import write_run
from ingest.store.tables import fingerprint
from ingest.store.upsert import upsert

_NEIGHBOURS = 16
_SQLITE_INSERT = (
    "INSERT OR IGNORE INTO posting (hash, article_id)"
    f" SELECT value >> {_NEIGHBOURS}, ?1 + (value & {(1 << _NEIGHBOURS) - 1}) FROM json_each(?2)"
)
_POSTGRESQL_INSERT = (
    "INSERT INTO posting (hash, article_id) SELECT * FROM unnest(%s::bigint[], %s::bigint[])"
    " ON CONFLICT DO NOTHING"
)


def write_fingerprints(
    connection: Connection,
    prints: Sequence[tuple[int, Fingerprint, datetime]],
    *,
    in_bulk: bool = False,
) -> None:
    """Store (article id, fingerprint, first_seen_at); an article's former fingerprint is replaced.

    The postings of a call are one run (posting_runs.py), so a transaction does well to call once.
    `in_bulk`: they go straight into the table, which costs less for tens of thousands of articles.
    Postings of the former text stay until they leave the window: they can only propose the article
    as a candidate, and candidates are verified on the stored text.
    """
    write_sketches(
        connection,
        [(one, its.version, its.token_count, seen_at) for one, its, seen_at in prints],
    )
    ids = np.repeat([one for one, _, _ in prints], [len(its.postings) for _, its, _ in prints])
    hashes = np.fromiter(chain.from_iterable(its.postings for _, its, _ in prints), np.int64)
    write = write_postings if in_bulk else write_run
    write(connection, hashes, ids)


def write_sketches(
    connection: Connection, sketches: Sequence[tuple[int, int, int, datetime]]
) -> None:
    """The rows beside the index: (article id, version, token count, first_seen_at)."""
    names = ("article_id", "version", "token_count", "seen_at")
    rows = [dict(zip(names, each, strict=True)) for each in sketches]
    upsert(connection, fingerprint, rows, keep=("seen_at",))


def write_postings(connection: Connection, hashes: Ints, ids: Ints) -> None:
    """The rows of the table, in its order: neighbours share pages."""
    if not len(hashes):
        return
    # Dozens an article: all go as one parameter, past the treatment that each would get.
    if connection.dialect.name == "sqlite":
        # A posting has 48 bits; 16 more tell the article among its neighbours.
        for block in once(ids >> _NEIGHBOURS).tolist():
            own = (ids >> _NEIGHBOURS) == block
            first = block << _NEIGHBOURS
            packed = np.sort(hashes[own] << _NEIGHBOURS | (ids[own] - first))
            connection.exec_driver_sql(_SQLITE_INSERT, (first, str(packed.tolist())))
    else:
        order = np.lexsort((ids, hashes))
        arrays = [f"{{{','.join(map(str, each[order].tolist()))}}}" for each in (hashes, ids)]
        connection.exec_driver_sql(_POSTGRESQL_INSERT, tuple(arrays))
