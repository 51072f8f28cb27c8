"""Stories: articles of the queue are compared, decided, and put into the story they belong to.

    match_queue -> texts, postings, stories of the batch -> decide, one after the other
      -> match rows, story membership, story rows, change events, queue rows deleted

All of a batch is one transaction. Deciding is serialised over the whole database (one lock row),
so every article sees every one that was decided before it, whoever stored it; at thousands of
decisions a second that is no bottleneck even for a million feeds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy import Connection, select, text

from ingest.config import DedupeSettings
from ingest.dedupe import RULES, Decision, Document, Frequencies, Rules, decide
from ingest.dedupe.answers import Answers
from ingest.dedupe.candidates import (
    Asked,
    Chosen,
    Foreseen,
    among_themselves,
    choose,
    foresee,
    pairs_of,
)
from ingest.dedupe.decide import is_worth_weighing
from ingest.dedupe.question import unpacked
from ingest.model import EntryOutcome, Fingerprint
from ingest.model.collecting import collector_paused
from ingest.store.candidates import Readings, SqlIndex, floor_of_window, load_documents
from ingest.store.engine import Database
from ingest.store.lists import among
from ingest.store.matches import matched_with, replace_matches
from ingest.store.story_book import StoryBook
from ingest.store.story_rows import arrivals_of, delete_from_queue, write_book
from ingest.store.tables import fingerprint, match_queue, meta, story_article
from ingest.store.upsert import insert_or, upsert

if TYPE_CHECKING:
    from ingest.store.foresight import Prepared

# Of the articles of its batch an article may be compared with, so many are prepared beforehand.
_AHEAD = 12

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
    queued = _queued(connection, limit)
    if not queued:
        return []
    arrivals = arrivals_of(connection, queued)
    batch = [one for one in queued if one in arrivals]
    if settings.enabled and batch:
        # Counted from the articles: a long queue, or an archive, is compared as if on time.
        seen_at = max(one.first_seen_at for one in arrivals.values())
        floor = floor_of_window(connection, seen_at - timedelta(days=settings.window_days))
        questions = {one: queued[one][0] for one in batch}
        work = _gather(connection, questions, floor, readings, foresight)
    else:
        work = _nothing_to_do(connection, batch)
    book = StoryBook(connection, work.story_of, now)
    book.sizes_of({each.story_id for one in work.foreseen.values() for each in one.chosen})
    decisions = [_decide(connection, one, work, book, readings, rules) for one in batch]
    matches = [one for decision in decisions for one in decision.matches]
    replace_matches(connection, batch, matches, now)
    is_again = any(reason == RECLUSTER for _, reason in queued.values())
    write_book(connection, book, now, arrivals, is_again=is_again)
    delete_from_queue(connection, queued)
    revised = [one for one, (_, reason) in queued.items() if reason == EntryOutcome.REVISED.value]
    if revised:
        # What was said of them when others were compared with their former text is said again.
        others = matched_with(connection, revised) - queued.keys()
        queue_articles(connection, dict.fromkeys(sorted(others)), now, reason="compared")
    return [Settled(decision, book.story_of[decision.article_id]) for decision in decisions]


@dataclass(frozen=True, slots=True)
class _Work:
    """What a batch is decided on: index answers, candidates' texts, stories."""

    index: SqlIndex
    answers: Answers  # of it, about all the hashes asked about
    asked: Mapping[int, Asked]  # by article of the batch, as the next
    foreseen: Mapping[int, Foreseen]
    documents: dict[int, Document]
    story_of: dict[int, int]
    shingles_of: dict[int, int]
    seen: set[tuple[int, int]]  # pairs whose hashes were looked up, if they were worth it


def _queued(connection: Connection, limit: int) -> dict[int, tuple[bytes | None, str]]:
    """The articles whose turn it is, in order: what the index is asked, why they wait."""
    rows = connection.execute(
        select(match_queue.c.article_id, match_queue.c.question, match_queue.c.reason)
        .order_by(match_queue.c.queued_at, match_queue.c.article_id)
        .limit(limit)
    )
    return {article_id: (question, reason) for article_id, question, reason in rows}


def _nothing_to_do(connection: Connection, batch: Sequence[int]) -> _Work:
    index = SqlIndex(connection, 0)
    story_of = stories_of(connection, set(batch))
    return _Work(index, Answers.of({}), {}, {}, {}, story_of, {}, set())


def _gather(
    connection: Connection,
    batch: Mapping[int, bytes | None],
    floor: int,
    readings: Readings,
    foresight: Prepared | None,
) -> _Work:
    """Read all that the batch is likely to need, in a handful of statements."""
    decided = stories_of(connection, {*batch})
    new = [one for one in batch if one not in decided]
    below = _first_undecided(connection, new)
    if foresight is not None and foresight.fits(new, floor, below) and not decided:
        index = SqlIndex(connection, floor, *below, known=foresight.answers)
        asked, met, answers = foresight.asked, foresight.pairs, foresight.answers[0]
        documents: dict[int, Document] = {}
    else:
        index = SqlIndex(connection, floor, *below)
        unread = [one for one, question in batch.items() if not question]
        documents = load_documents(connection, unread, readings) if unread else {}
        asked = [
            Asked(one, unpacked(question) if question else documents[one].reading.question)
            for one, question in batch.items()
        ]
        waiting = among_themselves([one for one in asked if one.article_id not in decided])
        answers = index.ask(np.concatenate([one.hashes for one in asked]), waiting)
        met = pairs_of(asked, answers)
    seen = {pair.article_id for some in met for pair in some}
    story_of, shingles_of = _stories_and_lengths(connection, seen.union(batch))
    foreseen = foresee(asked, answers, met, story_of, shingles_of)
    shingles_of.update((one.article_id, one.shingles) for one in asked)
    work = _Work(
        index,
        answers,
        {one.article_id: one for one in asked},
        {one.article_id: its for one, its in zip(asked, foreseen, strict=True)},
        documents,
        story_of,
        shingles_of,
        set(),
    )
    pairs = [(own, each.article_id) for own, one in work.foreseen.items() for each in one.chosen]
    pairs += [(own, each) for own, one in work.foreseen.items() for each in one.waits_for[:_AHEAD]]
    _add_candidates(connection, work, pairs, readings)
    return work


def _first_undecided(connection: Connection, new: Sequence[int]) -> tuple[int, ...]:
    """The lowest id of these, if no article from there on has been decided."""
    if not new:
        return ()
    lowest = min(new)
    later = select(story_article.c.article_id).where(story_article.c.article_id >= lowest).limit(1)
    return (lowest,) if connection.scalar(later) is None else ()


def _add_candidates(
    connection: Connection, work: _Work, pairs: Sequence[tuple[int, int]], readings: Readings
) -> None:
    """Read the candidates of these pairs; how rare texts are where they share enough for it."""
    documents = work.documents
    missing = {each for pair in pairs for each in pair} - documents.keys()
    if missing:
        documents.update(load_documents(connection, missing, readings))
    weighed: set[int] = set()
    for pair in pairs:
        if is_worth_weighing(documents[pair[0]].reading, documents[pair[1]].reading):
            weighed.update(pair)
    if weighed:
        hashes = [each for one in weighed for each in documents[one].reading.sampled]
        hashes += [each for own, _ in pairs for each in documents[own].reading.title_postings]
        unknown = work.index.look_up(hashes) - work.story_of.keys() - work.asked.keys()
        work.story_of.update(stories_of(connection, unknown))
    work.seen.update(pairs)


def _decide(
    connection: Connection,
    own: int,
    work: _Work,
    book: StoryBook,
    readings: Readings,
    rules: Rules,
) -> Decision:
    known = book.story_of
    story = known.pop(own, None)  # an article is no candidate of its own
    chosen = _candidates(own, work, known, is_new=story is None)
    unseen = [(own, one.article_id) for one in chosen if (own, one.article_id) not in work.seen]
    if unseen:
        _add_candidates(connection, work, unseen, readings)
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
        frequencies = Frequencies(work.index.articles_with(()), known)
        decision = decide(work.documents[own], candidates, frequencies, rules)
    if story is not None:
        known[own] = story
    book.place(decision)
    return decision


def _candidates(
    own: int, work: _Work, story_of: Mapping[int, int], *, is_new: bool
) -> Sequence[Chosen]:
    """Those that were foreseen, unless stories have changed since."""
    if own not in work.asked:
        return ()
    foreseen = work.foreseen[own]
    holds = all(story_of.get(one.article_id) == one.story_id for one in foreseen.chosen)
    if is_new and holds and not foreseen.waits_for:
        return foreseen.chosen
    return choose(work.asked[own], work.answers, story_of, work.shingles_of, work.asked)


def _stories_and_lengths(
    connection: Connection, article_ids: Iterable[int]
) -> tuple[dict[int, int], dict[int, int]]:
    """The story of each of these articles that has one, and how many shingles its text has."""
    rows = connection.execute(
        select(story_article.c.article_id, story_article.c.story_id, fingerprint.c.token_count)
        .outerjoin(fingerprint, fingerprint.c.article_id == story_article.c.article_id)
        .where(among(connection, story_article.c.article_id, article_ids))
    ).all()
    stories = {article_id: story for article_id, story, _ in rows}
    return stories, {article_id: max(1, (n or 0) - 2) for article_id, _, n in rows}


def stories_of(
    connection: Connection, article_ids: set[int] | Mapping[int, object]
) -> dict[int, int]:
    """The story of each of these articles that has one."""
    if not article_ids:
        return {}
    rows = connection.execute(
        select(story_article.c.article_id, story_article.c.story_id).where(
            among(connection, story_article.c.article_id, article_ids)
        )
    )
    return {row[0]: row[1] for row in rows}


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
