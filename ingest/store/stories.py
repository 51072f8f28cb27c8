"""Stories: articles of the queue are compared, decided, and put into the story they belong to.

    match_queue -> texts, postings, stories of the batch -> decide, one after the other
      -> match rows, story membership, story rows, change events, queue rows deleted

All of a batch is one transaction. Deciding is serialised over the whole database (one lock row),
so every article sees every one that was decided before it, whoever stored it; at thousands of
decisions a second that is no bottleneck even for a million feeds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select, text

from ingest.config import DedupeSettings
from ingest.dedupe import RULES, Decision, Rules, decide
from ingest.model import EntryOutcome, Fingerprint
from ingest.model.collecting import collector_paused
from ingest.store.candidates import Readings, floor_of_window
from ingest.store.engine import Database
from ingest.store.gathering import (
    Gathered,
    add_candidates,
    candidates_of,
    gather,
    keep_outlines,
    nothing_gathered,
)
from ingest.store.matches import matched_with, replace_matches
from ingest.store.posting_sweep import sweep
from ingest.store.queued import delete_from_queue, read_queue
from ingest.store.story_book import StoryBook
from ingest.store.story_rows import write_book
from ingest.store.tables import match_queue, meta
from ingest.store.upsert import insert_or, upsert

if TYPE_CHECKING:
    from ingest.store.foresight import Prepared

RECLUSTER = "recluster"  # why an article is in the queue: it was taken out of its story

LOCK = "stories"  # the row of `meta` under whose lock stories are changed


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of one article of the queue: the decision, and the story it is in now."""

    decision: Decision
    story_id: int


def settle(
    database: Database,
    *,
    now: datetime,
    settings: DedupeSettings,
    limit: int = 200,
    readings: Readings | None = None,
    rules: Rules = RULES,
) -> list[Settled]:
    """Decide about the oldest `limit` articles of the queue; an empty list: nothing to do.

    The list is also empty when another process is settling just now: it drains the same queue.
    `readings` keeps texts between calls. Raises DatabaseError; then nothing was changed.
    """
    with collector_paused(), database.begin() as connection:
        if not lock_stories(connection):
            return []
        return settle_batch(
            connection,
            now=now,
            settings=settings,
            limit=limit,
            readings=readings if readings is not None else Readings(),
            rules=rules,
        )


def lock_stories(connection: Connection, *, wait: bool = False) -> bool:
    """Take the lock under which stories are changed, until the transaction ends.

    False if another transaction has it. SQLite has one writer at a time anyway.
    """
    if connection.dialect.name == "sqlite":
        return True
    row = select(meta.c.key).where(meta.c.key == LOCK)
    if connection.scalar(row) is None:
        connection.execute(
            insert_or(connection, meta).values(key=LOCK, value="").on_conflict_do_nothing()
        )
    return connection.scalar(row.with_for_update(skip_locked=not wait)) is not None


def settle_batch(
    connection: Connection,
    *,
    now: datetime,
    settings: DedupeSettings,
    limit: int,
    readings: Readings,
    rules: Rules,
    foresight: Prepared | None = None,
) -> list[Settled]:
    """The same inside a transaction that holds the lock; `foresight` may be of this batch."""
    queued = read_queue(connection, limit)
    if not queued:
        return []
    arrivals = {one: its.member for one, its in queued.items() if its.member is not None}
    batch = [*arrivals]
    if settings.enabled and batch:
        # Counted from the articles: a long queue, or an archive, is compared as if on time.
        seen_at = max(one.first_seen_at for one in arrivals.values())
        floor = floor_of_window(connection, seen_at - timedelta(days=settings.window_days))
        questions = {one: queued[one].question for one in batch}
        work = gather(connection, questions, floor, readings, rules, foresight)
        keep_outlines(work, {one: its.content_hash for one, its in queued.items()}, readings)
    else:
        work = nothing_gathered(connection, batch)
    book = StoryBook(connection, work.story_of, now)
    book.sizes_of({each.story_id for one in work.foreseen.values() for each in one.chosen})
    decisions = [_decide(connection, one, work, book, readings, rules) for one in batch]
    matches = [one for decision in decisions for one in decision.matches]
    replace_matches(connection, batch, matches, now)
    is_again = any(its.reason == RECLUSTER for its in queued.values())
    write_book(connection, book, now, arrivals, is_again=is_again)
    delete_from_queue(connection, queued)
    sweep(connection, len(batch))
    revised = [one for one, its in queued.items() if its.reason == EntryOutcome.REVISED.value]
    if revised:
        # What was said of them when others were compared with their former text is said again.
        others = matched_with(connection, revised) - queued.keys()
        queue_articles(connection, dict.fromkeys(sorted(others)), now, reason="compared")
    return [Settled(decision, book.story_of[decision.article_id]) for decision in decisions]


def _decide(
    connection: Connection,
    own: int,
    work: Gathered,
    book: StoryBook,
    readings: Readings,
    rules: Rules,
) -> Decision:
    known = book.story_of
    story = known.pop(own, None)  # an article is no candidate of its own
    decision = decision_on(connection, own, work, book, readings, rules, is_new=story is None)
    if story is not None:
        known[own] = story
    merged, left = len(book.merged), len(book.left)
    book.place(decision)
    for one in [*book.merged][merged:]:
        work.counts.merge(one, book.current(one))
    for article, _, new in book.left[left:]:
        work.counts.move(article, new)
    return decision


def decision_on(
    connection: Connection,
    own: int,
    work: Gathered,
    book: StoryBook,
    readings: Readings,
    rules: Rules,
    *,
    is_new: bool,
) -> Decision:
    """Compare an article of the batch with its candidates; `book` knows no story of it."""
    chosen = candidates_of(own, work, is_new=is_new)
    unseen = [(own, one.article_id) for one in chosen if (own, one.article_id) not in work.seen]
    if unseen:
        add_candidates(connection, work, unseen, readings)
    apart = [one for one in chosen if (own, one.article_id) in work.apart]
    chosen = [one for one in chosen if (own, one.article_id) not in work.apart]
    sizes = book.sizes_of({one.story_id for one in chosen})
    candidates = [
        replace(
            work.documents[one.article_id],
            story_id=one.story_id,
            story_size=sizes[one.story_id],
            story_support=one.support,
        )
        for one in chosen
    ]
    decision = Decision(own)
    if candidates:
        frequencies = work.counts.at_turn_of(own, book.story_of)
        decision = decide(work.documents[own], candidates, frequencies, rules, apart)
    return decision


def queue_articles(
    connection: Connection,
    prints: Mapping[int, Fingerprint | None],
    now: datetime,
    reason: str = "new",
) -> None:
    """Put articles on the list of those to be compared; one that is on it asks its new question."""
    rows = [
        {"article_id": one, "queued_at": now, "reason": reason, "question": its and its.question}
        for one, its in prints.items()
    ]
    upsert(connection, match_queue, rows, keep=("queued_at", "reason"))


def queue_length(connection: Connection) -> int:
    """How many articles wait to be compared."""
    return connection.scalar(text("SELECT count(*) FROM match_queue")) or 0
