"""Building the stories again from the stored articles, with the rules as they are now.

    texts that were not read by this version -> the index, over shards
    articles out of their stories, onto the queue
    the queue in batches, oldest first: what they are compared with is prepared over shards, ahead
      -> decided in order, one after the other

One call drains the queue. Until it has, the articles still on it are in no story; the queue is in
the database, so a call that was interrupted is finished by the next one, or by the daemon. The
order is that of the articles, so the result does not depend on who. A story keeps its id if its
first article founds it again; a person's decisions are carried out again. Nothing is kept in memory
but the batches under way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from sqlalchemy import Connection, delete, func, insert, literal, select, update

from ingest.config import DedupeSettings
from ingest.dedupe import RULES, Rules
from ingest.model.collecting import collector_paused
from ingest.store import waiting
from ingest.store.candidates import Readings
from ingest.store.engine import Database
from ingest.store.foresight import Foresight
from ingest.store.indexing import Engine, write_index
from ingest.store.memberships import BATCH, Memberships, StoryChange, memberships
from ingest.store.stories import RECLUSTER, lock_stories, queue_length, settle_batch
from ingest.store.story_rows import refresh
from ingest.store.tables import article, match_queue, story, story_article

BATCH_ARTICLES = 200  # that are decided in a transaction


@dataclass(frozen=True, slots=True)
class Reclustered:
    """What changed: a merge joins articles of several stories, a split parts those of one.

    `merged` and `split` hold as many as were asked for, in the order of the stories.
    `resumed`: an interrupted run was finished. Where the articles that it had left were is known
    no more, so they count in `articles` alone.
    """

    articles: int
    stories_before: int
    stories_after: int
    merged: tuple[StoryChange, ...] = ()
    split: tuple[StoryChange, ...] = ()
    resumed: bool = False
    merged_stories: int = 0  # of now, that were several
    split_stories: int = 0  # of then, that are several


class _DryRun(Exception):
    """Not an error: it rolls the transaction back."""


def recluster(
    database: Database,
    *,
    now: datetime,
    settings: DedupeSettings,
    since: datetime | None = None,
    dry_run: bool = False,
    restart: bool = False,
    rules: Rules = RULES,
    engine: Engine | None = None,
    listed: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Reclustered:
    """Rebuild the stories of the articles first seen at or after `since` (None: of all).

    A run that was interrupted is finished first, and that is all, unless `restart` says to begin
    anew. `dry_run`: everything is done in one transaction and undone. `listed`: so many changes
    are named of each kind (None: all). `progress` is told how many articles are done, of how many.
    Raises DatabaseError; what was settled until then stays.

    Texts are read and candidates compared in shards, wherever the `engine` (None: this process)
    has room. What is decided is decided here, one article after the other: each decision rests on
    those before it. So the stories are the same whichever engine it is and however many shards.
    """
    resumed = not dry_run and not restart and articles_left(database) > 0
    with memberships() as moved:
        if not dry_run:
            run = _Run(database, now, settings, since, rules, engine, moved, progress)
            run.all(resumed=resumed)
        else:
            try:
                with database.begin() as connection:
                    lock_stories(connection, wait=True)
                    run = _Run(
                        database, now, settings, since, rules, engine, moved, progress, connection
                    )
                    run.all(resumed=False)
                    raise _DryRun
            except _DryRun:
                pass
        return _report(moved, listed, resumed=resumed)


def articles_left(database: Database) -> int:
    """How many articles an interrupted run has left without a story."""
    with database.connect() as connection:
        count = select(func.count()).select_from(match_queue)
        return connection.scalar(count.where(match_queue.c.reason == RECLUSTER)) or 0


@dataclass(frozen=True, slots=True)
class _Run:
    """One call; `outer` is the transaction that all of a dry run is done in."""

    database: Database
    now: datetime
    settings: DedupeSettings
    since: datetime | None
    rules: Rules
    engine: Engine | None
    moved: Memberships
    progress: Callable[[int, int], None] | None
    outer: Connection | None = None

    def all(self, *, resumed: bool) -> None:
        """Read, empty, settle, and look where the articles are."""
        written = 0
        if not resumed:
            written = write_index(self.begin, self.since, only_missing=True, engine=self.engine)
            with self.transaction() as connection:
                self._empty(connection)
        # Other processes see nothing of what a dry run has written.
        has_foresight = self.engine is not None and not (self.outer is not None and written)
        self._settle(self.engine if has_foresight else None, resumed=resumed)
        with self.transaction() as connection:
            for some in _members(connection, None if resumed else self.since):
                self.moved.are_in(some)

    def begin(self) -> AbstractContextManager[Connection]:
        """A write transaction."""
        return nullcontext(self.outer) if self.outer is not None else self.database.begin()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One that may change stories."""
        with self.begin() as connection:
            if self.outer is None:
                lock_stories(connection, wait=True)
            yield connection

    def _settle(self, engine: Engine | None, *, resumed: bool) -> None:
        readings, done = Readings(), 0
        with self.transaction() as connection:
            total = queue_length(connection)
        foresight = Foresight(self.database, engine, self.settings, BATCH_ARTICLES)
        # To the last row, not to the first empty answer: a batch may hold no article any more.
        left = total > 0
        while left:
            with collector_paused(), self.transaction() as connection:
                settled = settle_batch(
                    connection,
                    now=self.now,
                    settings=self.settings,
                    limit=BATCH_ARTICLES,
                    readings=readings,
                    rules=self.rules,
                    foresight=foresight.of(connection),
                )
                left = not waiting.is_empty(connection)
            done += len(settled)
            if resumed:
                self.moved.were_in([(one.decision.article_id, 0) for one in settled])
            if self.progress is not None:
                self.progress(done, max(total, done))

    def _empty(self, connection: Connection) -> None:
        """Put the articles on the queue, without a story; the stories they were in are noted."""
        for some in _members(connection, self.since):
            self.moved.were_in(some)
        chosen = select(story_article.c.article_id, story_article.c.story_id)
        left = select(story_article.c.story_id).where(literal(False))
        if self.since is not None:
            of = article.c.id == story_article.c.article_id
            chosen = chosen.join(article, of).where(article.c.first_seen_at >= self.since)
            left = (
                select(story_article.c.story_id)
                .join(article, of)
                .where(article.c.first_seen_at < self.since)
            )
        articles = chosen.with_only_columns(story_article.c.article_id)
        stories = chosen.with_only_columns(story_article.c.story_id)
        connection.execute(delete(match_queue).where(match_queue.c.article_id.in_(articles)))
        self._queue(connection)
        # The one that will found the story again is the first in the queue's order. The row names
        # the one that ran it first, which another article may be.
        founder = (
            select(func.min(story_article.c.article_id))
            .where(story_article.c.story_id == story.c.id)
            .scalar_subquery()
        )
        connection.execute(
            update(story)
            .where(story.c.id.in_(stories), story.c.id.not_in(left))
            .values(articles=0, publishers=0, first_article_id=founder)
        )
        kept = select(story.c.id).where(story.c.id.in_(stories), story.c.id.in_(left))
        parted = connection.scalars(kept).all()  # of few days: who is in them counts from now on
        connection.execute(delete(story_article).where(story_article.c.article_id.in_(articles)))
        refresh(connection, parted, self.now)

    def _queue(self, connection: Connection) -> None:
        chosen = select(article.c.id, literal(self.now), literal(RECLUSTER))
        if self.since is not None:
            chosen = chosen.where(article.c.first_seen_at >= self.since)
        chosen = chosen.where(article.c.id.not_in(select(match_queue.c.article_id)))
        names = ["article_id", "queued_at", "reason"]
        connection.execute(insert(match_queue).from_select(names, chosen))


def _members(connection: Connection, since: datetime | None) -> Iterator[Sequence[tuple[int, int]]]:
    """The articles that are in a story, with it, in their order, so many at once."""
    query = (
        select(story_article.c.article_id, story_article.c.story_id)
        .order_by(story_article.c.article_id)
        .limit(BATCH)
    )
    if since is not None:
        query = query.join(article, article.c.id == story_article.c.article_id).where(
            article.c.first_seen_at >= since
        )
    last = 0
    while rows := connection.execute(query.where(story_article.c.article_id > last)).all():
        yield [(row[0], row[1]) for row in rows]
        last = rows[-1][0]


def _report(moved: Memberships, listed: int | None, *, resumed: bool) -> Reclustered:
    articles, before, after = moved.count()
    if resumed:
        return Reclustered(articles, after, after, resumed=True)
    merged, merged_stories = _listed(moved.merged(), listed)
    split, split_stories = _listed(moved.split(), listed)
    return Reclustered(
        articles,
        before,
        after,
        merged,
        split,
        merged_stories=merged_stories,
        split_stories=split_stories,
    )


def _listed(
    changes: Iterator[StoryChange], listed: int | None
) -> tuple[tuple[StoryChange, ...], int]:
    named = tuple(islice(changes, listed))
    return named, len(named) + sum(1 for _ in changes)
