"""What a document held: its entries' sightings, their raw form, and the packed list of them all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import Connection

from ingest.model import EntryOutcome, HarvestedEntry
from ingest.store.identity import Resolved
from ingest.store.leases import DueFeed
from ingest.store.polls import pack_entries
from ingest.store.tables import feed_document, raw_entry, sighting
from ingest.store.upsert import update_rows, upsert

_SIGHTING = (
    "feed_id", "entry_key", "entry_hash", "article_id", "outcome", "reason", "first_seen_at",
    "last_seen_at",
)  # fmt: skip
_RAW = ("feed_id", "entry_key", "article_id", "seen_at", "raw")
_LEFT = ("feed_id", "entry_key", "last_seen_at")
_DOCUMENT = ("feed_id", "entries", "seen_at")
_Row: TypeAlias = tuple[Any, ...]


@dataclass(slots=True)
class DocumentRows:
    """The rows of many documents, gathered so that each table is written once."""

    sightings: list[_Row] = field(default_factory=list)
    raws: list[_Row] = field(default_factory=list)
    left: list[_Row] = field(default_factory=list)
    documents: list[_Row] = field(default_factory=list)

    def add(
        self,
        due: DueFeed,
        seen_at: datetime,
        before: Mapping[int, int],
        entries: Sequence[tuple[HarvestedEntry, EntryOutcome, Resolved | None]],
        *,
        is_whole: bool,
    ) -> None:
        """Add a document; `before` is what the one before it held.

        An unchanged entry that the document before held too costs nothing here. Entries that have
        left a whole document get the time at which they were last known to be in it.
        """
        held = {} if is_whole else dict(before)
        for entry, outcome, resolved in entries:
            if resolved is None or not resolved.must_ask_again:
                held[entry.entry_key] = entry.entry_hash
            elif entry.entry_key in before:
                held[entry.entry_key] = before[entry.entry_key]
            if resolved is not None or outcome is not EntryOutcome.UNCHANGED:
                self._add_entry(due, seen_at, entry, outcome, resolved)
        last_there_at = due.schedule.last_success_at or seen_at
        for key in before.keys() - held.keys():
            self.left.append((due.feed_id, key, last_there_at))
        if held != before:
            self.documents.append((due.feed_id, pack_entries(held), seen_at))

    def _add_entry(
        self,
        due: DueFeed,
        seen_at: datetime,
        entry: HarvestedEntry,
        outcome: EntryOutcome,
        resolved: Resolved | None,
    ) -> None:
        article_id = resolved.item.target.article_id if resolved is not None else None
        reason = resolved.reason if resolved is not None else entry.reason
        place = (due.feed_id, entry.entry_key)
        self.sightings.append(
            (*place, entry.entry_hash, article_id, outcome, reason, seen_at, None)
        )
        if entry.raw is not None:
            self.raws.append((*place, article_id, seen_at, entry.raw))

    def write(self, connection: Connection) -> None:
        """Write them all."""
        seen = _by_column(_SIGHTING, self.sightings)
        upsert(connection, sighting, seen, keep=("first_seen_at",))
        upsert(connection, raw_entry, _by_column(_RAW, self.raws))
        update_rows(connection, sighting, _by_column(_LEFT, self.left))
        upsert(connection, feed_document, _by_column(_DOCUMENT, self.documents))


def _by_column(names: tuple[str, ...], rows: Sequence[_Row]) -> dict[str, tuple[Any, ...]]:
    return dict(zip(names, zip(*rows, strict=True), strict=True)) if rows else {}
