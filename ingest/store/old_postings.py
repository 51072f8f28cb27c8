"""Taking what left the window out of the index of fingerprints, a stretch of it at a time."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, delete, func, select

from ingest.store.engine import Database
from ingest.store.tables import fingerprint, meta, posting, posting_run
from ingest.store.upsert import upsert

_STRETCH_ROWS = 20_000  # read in one transaction: the writer waits for no more
_SWEPT = "postings_swept_below"  # the row of `meta` that says which articles have left the index
# The index is read whole to find what is old, and its pages are written: worth it for 1 % of it.
_WORTH_A_SWEEP = 0.01


def remove_old_postings(database: Database, *, stop: Callable[[], bool] = lambda: False) -> None:
    """Remove the postings of articles older than every fingerprint there is.

    Postings have no time of their own: article ids grow with time, and that is enough. `stop` is
    asked between transactions; the next call begins again. A run (posting_runs.py) goes when all
    of it is old; what is old of the others is not brought into the table any more.
    """
    with database.connect() as connection:
        floor = _floor_worth_a_sweep(connection)
        start = connection.scalar(select(func.min(posting.c.hash))) if floor is not None else None
    while floor is not None and not stop():
        with database.begin() as connection:
            start = _sweep_stretch(connection, start, floor)
            if start is None:
                connection.execute(
                    delete(posting_run).where(posting_run.c.newest_article_id < floor)
                )
                upsert(connection, meta, [{"key": _SWEPT, "value": str(floor)}])
                return


def _floor_worth_a_sweep(connection: Connection) -> int | None:
    """Below which article id postings are old; None: nothing is, or too little."""
    # One by one: SQLite reads a whole table to say both at once.
    oldest = connection.scalar(select(func.min(fingerprint.c.article_id)))
    newest = connection.scalar(select(func.max(fingerprint.c.article_id)))
    if oldest is None or newest is None:
        return None
    is_worth_it = oldest - swept_below(connection) > (newest - oldest) * _WORTH_A_SWEEP
    return oldest if is_worth_it else None


def swept_below(connection: Connection) -> int:
    """Below which article id postings were removed from the index."""
    return int(connection.scalar(select(meta.c.value).where(meta.c.key == _SWEPT)) or 0)


def _sweep_stretch(connection: Connection, start: int | None, floor: int) -> int | None:
    """Remove what is old in the stretch from this hash on; where the next one starts, if any."""
    if start is None:
        return None
    end = connection.scalar(
        select(posting.c.hash)
        .where(posting.c.hash > start)
        .order_by(posting.c.hash)
        .offset(_STRETCH_ROWS)
        .limit(1)
    )
    old = delete(posting).where(posting.c.hash >= start, posting.c.article_id < floor)
    connection.execute(old if end is None else old.where(posting.c.hash < end))
    return end
