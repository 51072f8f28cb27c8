"""Storing what polls brought: many documents at once, each entry with exactly one outcome.

Who may change an article: its own feed (the one that carried it first), and any feed that brings a
much fuller text, which then becomes its own feed. Another feed with another wording of the same
article adds a sighting and nothing else, or two feeds would revise it back and forth for ever.
A full text taken from the article's page is not replaced by the shorter one of the feed.

An article's earliest believable `published_at` stays when a feed raises it at an edit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from ingest.model import EntryOutcome, Harvest, HarvestedEntry, PollCounts
from ingest.store import article_writes
from ingest.store.document_writes import DocumentRows
from ingest.store.identity import FindReissues, Item, PolledEntry, Resolved, Target, identify_batch
from ingest.store.leases import DueFeed
from ingest.store.polls import known_entries_of

# A text of another feed replaces a shorter one only where it is worth it: half as long again and
# at least so many words more, so that a longer teaser does not.
FULLER_RATIO = 1.5
FULLER_WORDS = 30


@dataclass(frozen=True, slots=True)
class PolledHarvest:
    """A document after the pure stages, with the feed it belongs to and when it was polled."""

    due: DueFeed
    harvest: Harvest
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Saved:
    """What became of one document's entries."""

    feed_id: int
    counts: PollCounts
    new_articles: tuple[int, ...] = ()
    revised_articles: tuple[int, ...] = ()
    entries_before: int = 0  # in the document before this one; 0 for a first document
    overlap: int = 0  # entries that were in it too


def save(
    connection: Connection,
    batch: Sequence[PolledHarvest],
    now: datetime,
    *,
    find_reissues: FindReissues | None = None,
) -> list[Saved]:
    """Store the articles of these documents; one Saved each, in their order.

    Call it in a write transaction, for feeds whose leases are held (`leases.lost`); a feed is in a
    batch once. `now` is when it is written, `seen_at` when it was read. Counts of each document
    add up to its entries. Storing the same document again changes nothing.
    """
    if not batch:
        return []
    known = known_entries_of(connection, {polled.due.feed_id for polled in batch})
    entries: list[PolledEntry] = [
        (polled.due, polled.seen_at, position, entry)
        for polled in batch
        for position, entry in enumerate(polled.harvest.entries)
        if entry.article is not None and entry.outcome is None
    ]
    documents = {
        polled.due.feed_id: frozenset(entry.entry_key for entry in polled.harvest.entries)
        for polled in batch
    }
    resolved: list[Resolved] = []
    while entries:
        decided, entries = _write_articles(connection, entries, documents, now, find_reissues)
        resolved += decided
    by_place = {(one.item.due.feed_id, one.item.position): one for one in resolved}
    saved, rows = [], DocumentRows()
    for polled in batch:
        before = known.get(polled.due.feed_id, {})
        feed_id = polled.due.feed_id
        results = [by_place.get((feed_id, at)) for at in range(len(polled.harvest.entries))]
        outcomes = [
            (entry, _outcome(entry, result), result)
            for entry, result in zip(polled.harvest.entries, results, strict=True)
        ]
        rows.add(polled.due, polled.seen_at, before, outcomes, is_whole=_is_whole(polled.harvest))
        saved.append(_saved(polled, before, results))
    rows.write(connection)
    return saved


def _write_articles(
    connection: Connection,
    entries: Sequence[PolledEntry],
    documents: Mapping[int, frozenset[int]],
    now: datetime,
    find_reissues: FindReissues | None,
) -> tuple[list[Resolved], list[PolledEntry]]:
    """Identify, decide, write; returns what was done and the entries to look at again.

    Again, because an article is written once in a statement: a second feed that changes it in the
    same batch has its turn afterwards, as if it had come in the next one. So what is stored does
    not depend on how polls fell into batches.

    On PostgreSQL two writers may meet the same new address at once. The keys go in first; whoever
    finds that one of them has been taken meanwhile undoes its own and finds the other's article.
    """
    while True:
        identities = identify_batch(connection, entries, documents, find_reissues)
        decided = [_decide(item) for item in identities.items]
        resolved = [one for one in decided if one is not None]
        later = [one for one, done in zip(entries, decided, strict=True) if done is None]
        if _write(connection, resolved, identities.stored_keys, now):
            return resolved, later


def _write(
    connection: Connection, resolved: Sequence[Resolved], stored_keys: set[int], now: datetime
) -> bool:
    """Write all of them, or nothing and return False: another writer has taken a key meanwhile."""
    if connection.dialect.name == "sqlite":
        # It has one writer. A savepoint keeps a copy of every page that is changed: 20 MB.
        return article_writes.write(connection, resolved, stored_keys, now)
    with connection.begin_nested() as attempt:
        is_written = article_writes.write(connection, resolved, stored_keys, now)
        if not is_written:
            attempt.rollback()
    return is_written


def _decide(item: Item) -> Resolved | None:
    """The outcome of one entry; None: its turn comes later. Marks its target as written."""
    target = item.target = item.target.resolved()
    if target.is_deleted:
        return Resolved(item, EntryOutcome.UNCHANGED, "deleted")
    feed_id = item.due.feed_id
    if target.article_id is None and target.written_by is None:
        target.written_by = feed_id
        return Resolved(item, EntryOutcome.NEW)
    if target.written_by == feed_id or item.article.content_hash == target.content_hash:
        return Resolved(item, EntryOutcome.UNCHANGED)
    if target.text_from == "page" and item.article.text_from == "feed":
        return Resolved(item, EntryOutcome.UNCHANGED, must_ask_again=feed_id == target.feed_id)
    reason = _reason_to_revise(item, target)
    if reason is None:
        return Resolved(item, EntryOutcome.UNCHANGED)
    if target.written_by is not None:
        return None
    target.written_by = feed_id
    target.feed_id = feed_id
    target.content_hash = item.article.content_hash
    target.word_count = item.article.word_count
    target.text_from = item.article.text_from
    return Resolved(item, EntryOutcome.REVISED, reason)


def _reason_to_revise(item: Item, target: Target) -> str | None:
    if target.is_reissued:
        return "reissue"
    if item.due.feed_id == target.feed_id:
        is_first_page = item.article.text_from == "page" and target.text_from == "feed"
        return "page" if is_first_page else "edit"
    words, had = item.article.word_count, target.word_count
    is_fuller = words >= had * FULLER_RATIO and words >= had + FULLER_WORDS
    return "fuller" if is_fuller else None


def _outcome(entry: HarvestedEntry, resolved: Resolved | None) -> EntryOutcome:
    if resolved is not None:
        return resolved.outcome
    return entry.outcome or EntryOutcome.UNCHANGED


def _is_whole(harvest: Harvest) -> bool:
    """Whether what is missing from the document has left the feed.

    Of an empty or cut document nobody can say so: the last good state is kept.
    """
    return bool(harvest.entries) and "truncated" not in harvest.document.faults


def _saved(
    polled: PolledHarvest, before: Mapping[int, int], results: Sequence[Resolved | None]
) -> Saved:
    counted = dict.fromkeys(EntryOutcome, 0)
    articles: dict[EntryOutcome, dict[int, None]] = {one: {} for one in EntryOutcome}
    for entry, result in zip(polled.harvest.entries, results, strict=True):
        outcome = _outcome(entry, result)
        counted[outcome] += 1
        if result is not None and result.item.target.article_id is not None:
            articles[outcome][result.item.target.article_id] = None
    keys = {entry.entry_key for entry in polled.harvest.entries}
    return Saved(
        polled.due.feed_id,
        PollCounts(
            entries=len(polled.harvest.entries),
            new=counted[EntryOutcome.NEW],
            revised=counted[EntryOutcome.REVISED],
            unchanged=counted[EntryOutcome.UNCHANGED],
            filtered=counted[EntryOutcome.FILTERED],
            invalid=counted[EntryOutcome.INVALID],
        ),
        tuple(articles[EntryOutcome.NEW]),
        tuple(articles[EntryOutcome.REVISED]),
        len(before),
        len(keys & before.keys()),
    )
