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

from sqlalchemy import Connection, func, select, text

from ingest.config import DedupeSettings
from ingest.dedupe import RULES, Decision, Document, Frequencies, Rules, decide
from ingest.dedupe.answers import Answers
from ingest.dedupe.candidates import (
    Asked,
    Chosen,
    Foreseen,
    choose,
    foresee,
    pairs_of,
)
from ingest.dedupe.decide import is_worth_weighing
from ingest.model.collecting import collector_paused
from ingest.store.candidates import Readings, SqlIndex, floor_of_window, load_documents
from ingest.store.engine import Database
from ingest.store.lists import among
from ingest.store.matches import replace_matches
from ingest.store.story_book import StoryBook
from ingest.store.story_rows import delete_from_queue, write_book
from ingest.store.tables import fingerprint, match_queue, meta, story_article
from ingest.store.upsert import insert_or

# Of the articles of its batch an article may be compared with, so many are prepared beforehand.
_AHEAD = 12

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
) -> list[Settled]:
    """The same inside a transaction that holds the lock."""
    queued = connection.scalars(
        select(match_queue.c.article_id)
        .order_by(match_queue.c.queued_at, match_queue.c.article_id)
        .limit(limit)
    ).all()
    if not queued:
        return []
    documents = load_documents(connection, queued, readings)
    seen_at = connection.scalar(
        select(func.max(fingerprint.c.seen_at)).where(
            among(connection, fingerprint.c.article_id, queued)
        )
    )
    # Counted from the articles themselves: a long queue, or an archive, is compared as if on time.
    floor = floor_of_window(connection, (seen_at or now) - timedelta(days=settings.window_days))
    batch = [documents[article_id] for article_id in queued if article_id in documents]
    if settings.enabled:
        work = _gather(connection, batch, floor, readings)
    else:
        nothing = SqlIndex(connection, floor)
        work = _Work(
            nothing, Answers.of({}), {}, {}, {}, stories_of(connection, documents), {}, set()
        )
    book = StoryBook(connection, work.story_of, now)
    book.sizes_of({each.story_id for one in work.foreseen.values() for each in one.chosen})
    decisions = [_decide(connection, one, work, book, readings, rules) for one in batch]
    matches = [one for decision in decisions for one in decision.matches]
    replace_matches(connection, [document.article_id for document in batch], matches, now)
    write_book(connection, book, now)
    delete_from_queue(connection, queued)
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


def _gather(
    connection: Connection, batch: Sequence[Document], floor: int, readings: Readings
) -> _Work:
    """Read all that the batch is likely to need, in a handful of statements."""
    index = SqlIndex(connection, floor)
    asked = [Asked(one.article_id, one.reading.question) for one in batch]
    answers = index.ask(each for one in asked for each in one.hashes)
    met = pairs_of(asked, answers)
    seen = {pair.article_id for some in met for pair in some}
    story_of, shingles_of = _stories_and_lengths(
        connection, seen.union(one.article_id for one in asked)
    )
    foreseen = foresee(asked, answers, met, story_of, shingles_of)
    shingles_of.update((one.article_id, one.shingles) for one in asked)
    work = _Work(
        index,
        answers,
        {one.article_id: one for one in asked},
        {one.article_id: its for one, its in zip(asked, foreseen, strict=True)},
        {one.article_id: one for one in batch},
        story_of,
        shingles_of,
        set(),
    )
    pairs = [(own, each.article_id) for own, one in work.foreseen.items() for each in one.chosen]
    pairs += [(own, each) for own, one in work.foreseen.items() for each in one.waits_for[:_AHEAD]]
    _add_candidates(connection, work, pairs, readings)
    return work


def _add_candidates(
    connection: Connection, work: _Work, pairs: Sequence[tuple[int, int]], readings: Readings
) -> None:
    """Read the candidates of these pairs; how rare texts are where they share enough for it."""
    documents = work.documents
    missing = {other for _, other in pairs} - documents.keys()
    if missing:
        documents.update(load_documents(connection, missing, readings))
    weighed: set[int] = set()
    for pair in pairs:
        if is_worth_weighing(documents[pair[0]].reading, documents[pair[1]].reading):
            weighed.update(pair)
    if weighed:
        hashes = [each for one in weighed for each in documents[one].reading.sampled]
        hashes += [each for own, _ in pairs for each in documents[own].reading.title_postings]
        unknown = work.index.look_up(hashes) - work.story_of.keys() - documents.keys()
        work.story_of.update(stories_of(connection, unknown))
    work.seen.update(pairs)


def _decide(
    connection: Connection,
    document: Document,
    work: _Work,
    book: StoryBook,
    readings: Readings,
    rules: Rules,
) -> Decision:
    own = document.article_id
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
    frequencies = Frequencies(work.index.articles_with(()), known)
    decision = decide(document, candidates, frequencies, rules)
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
    connection: Connection, article_ids: Sequence[int], now: datetime, reason: str = "new"
) -> None:
    """Put articles on the list of those to be compared; one that is on it stays where it is."""
    if article_ids:
        connection.execute(
            insert_or(connection, match_queue).on_conflict_do_nothing(),
            [{"article_id": one, "queued_at": now, "reason": reason} for one in article_ids],
        )


def queue_length(connection: Connection) -> int:
    """How many articles wait to be compared."""
    return connection.scalar(text("SELECT count(*) FROM match_queue")) or 0
