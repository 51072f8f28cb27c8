"""The sweep: runs of postings come into the table `posting`, a slice of the hashes at a time.

    runs hold enough -> their names are noted in `meta`, and that no hash is done
      -> with every batch that is settled, the next slice of theirs is written, and noted as done
      -> after the last one: these runs are deleted, and the note

A slice and its note are one transaction, so a sweep goes on wherever it was cut, in any process.
Which runs take part is fixed at its beginning: later ones wait for the next. It is called under
the lock of stories, so there is one at a time.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, delete, select

from ingest.store.fingerprints import write_postings
from ingest.store.lists import among
from ingest.store.old_postings import swept_below
from ingest.store.posting_runs import SMALL, Run, read_runs, runs_seen_by, write_run
from ingest.store.tables import meta, posting_run
from ingest.store.upsert import upsert

NOTE = "postings_sweep"  # the row of `meta` that says which runs a sweep brings, and how far it is

# A sweep is worth it when a page of the table gets several postings at once: when the runs hold an
# eighth of what it holds. Fewer than the least fit any cache. The most are 8 MB of memory, as much
# again while they are brought, and for a moment three times that when they are put together.
_SHARE = 8
_LEAST, _MOST = 1 << 16, 1 << 19
_POSTINGS_AN_ARTICLE = 25  # about, of feeds' texts
_MANY_RUNS = 64  # outside a sweep: every batch reads all names
_LEAST_SLICE = 1_024  # postings: less is not worth the note


@dataclass(frozen=True, slots=True)
class _Note:
    runs: frozenset[int]
    from_hash: int | None = None  # those below are written; None: nothing is


def sweep(connection: Connection, articles: int) -> None:
    """Do the part of a sweep that falls to a batch of so many articles, if there is to be one.

    It is as many postings as they bring, about; more, the more the runs hold beyond what is enough.
    """
    parts = runs_seen_by(connection)
    names = frozenset[int]().union(*(one.names for one in parts))
    postings = sum(len(one.hashes) for one in parts)
    if postings < _LEAST and len(names) <= _MANY_RUNS:
        return
    enough = worth_a_sweep(_articles(connection))
    note = _noted(connection)
    if note is None and postings >= enough:
        note = _Note(names)
    if note is not None:
        part = articles * _POSTINGS_AN_ARTICLE * postings // enough
        _sweep_slice(connection, note, max(part, _LEAST_SLICE))
        names -= note.runs
    if len(names) > _MANY_RUNS:
        _put_together(connection, names)


def worth_a_sweep(articles: int) -> int:
    """How many postings are brought at once into the table of an index of so many articles."""
    return min(max(articles * _POSTINGS_AN_ARTICLE // _SHARE, _LEAST), _MOST)


def _articles(connection: Connection) -> int:
    # As two questions: SQLite reads a whole table to say both at once.
    newest, oldest = (f"(SELECT {one}(article_id) FROM fingerprint)" for one in ("max", "min"))
    return connection.exec_driver_sql(f"SELECT {newest} - {oldest}").scalar() or 0


def _sweep_slice(connection: Connection, note: _Note, postings: int) -> None:
    run = _read(connection, note.runs)
    begin = 0 if note.from_hash is None else int(run.hashes.searchsorted(note.from_hash))
    end = begin + postings
    if end < len(run.hashes):  # all of a hash, or nothing
        end = int(run.hashes.searchsorted(run.hashes[end], side="right"))
    is_young = run.articles[begin:end] >= swept_below(connection)
    write_postings(connection, run.hashes[begin:end][is_young], run.articles[begin:end][is_young])
    if end < len(run.hashes):
        _write_note(connection, _Note(note.runs, int(run.hashes[end])))
        return
    _delete(connection, note.runs)
    connection.execute(delete(meta).where(meta.c.key == NOTE))
    _being_swept.pop(connection.engine, None)


def _read(connection: Connection, names: frozenset[int]) -> Run:
    """The runs of a sweep together; read once, and kept until it is done."""
    kept = _being_swept.get(connection.engine)
    if kept is None or kept[0] != names:
        kept = _being_swept[connection.engine] = names, read_runs(connection, names)
    return kept[1]


def _noted(connection: Connection) -> _Note | None:
    written = connection.scalar(select(meta.c.value).where(meta.c.key == NOTE))
    if written is None:
        return None
    read = json.loads(written)
    return _Note(frozenset(read["runs"]), read["from_hash"])


def _write_note(connection: Connection, note: _Note) -> None:
    written = json.dumps({"from_hash": note.from_hash, "runs": sorted(note.runs)})
    upsert(connection, meta, [{"key": NOTE, "value": written}])


def _put_together(connection: Connection, names: frozenset[int]) -> None:
    """Make one run of the small ones among these, if they are many: polls with little news."""
    small = select(posting_run.c.name).where(posting_run.c.postings < SMALL)
    names = names.intersection(connection.scalars(small))
    if len(names) > _MANY_RUNS // 2:
        run = read_runs(connection, names)
        write_run(connection, run.hashes, run.articles)
        _delete(connection, run.names)


def _delete(connection: Connection, names: Iterable[int]) -> None:
    connection.execute(delete(posting_run).where(among(connection, posting_run.c.name, names)))


_being_swept: WeakKeyDictionary[Engine, tuple[frozenset[int], Run]] = WeakKeyDictionary()
