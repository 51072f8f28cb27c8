"""Building the stories again from the stored articles, with the rules as they are now.

    take articles out of their stories, onto the queue -> settle the queue, oldest first

One call drains the queue. Until it has, the articles still on it are in no story; the queue is in
the database, so a call that was interrupted is finished by the next one, or by the daemon. The
order is that of the articles, so the result does not depend on who. A story keeps its id if its
first article founds it again; a person's decisions are carried out again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeAlias

from sqlalchemy import Connection, bindparam, delete, func, insert, literal, select, update

from ingest.config import DedupeSettings
from ingest.dedupe import RULES, VERSION, Rules, fingerprints
from ingest.model import Fingerprint
from ingest.store import waiting
from ingest.store.candidates import Readings
from ingest.store.engine import Database
from ingest.store.fingerprints import write_fingerprints
from ingest.store.lists import among
from ingest.store.stories import lock_stories, queue_length, settle_batch
from ingest.store.tables import article, article_content, match_queue, story, story_article
from ingest.store.tables import fingerprint as fingerprint_table

_BATCH = 200  # articles that are decided in a transaction
_SHARD = 2_000  # texts that are read at once: to read one is so cheap that fewer are not worth it
# What a fingerprint is made of: id, first_seen_at, headline, text.
_Texts: TypeAlias = list[tuple[int, datetime, str, str | None]]
_REASON = "recluster"  # of the rows of `match_queue` that belong here


@dataclass(frozen=True, slots=True)
class StoryChange:
    """One story that is several now, or several that are one."""

    story_id: int  # of the one
    others: tuple[int, ...]  # ids of the several, in order; `story_id` itself may be among them


@dataclass(frozen=True, slots=True)
class Reclustered:
    """What changed: a merge joins articles of several stories, a split parts those of one.

    `resumed`: an interrupted run was finished. Where the articles that it had left were is known
    no more, so they count in `articles` alone.
    """

    articles: int
    stories_before: int
    stories_after: int
    merged: tuple[StoryChange, ...] = ()
    split: tuple[StoryChange, ...] = ()
    resumed: bool = False


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
    progress: Callable[[int, int], None] | None = None,
) -> Reclustered:
    """Rebuild the stories of the articles first seen at or after `since` (None: of all).

    A run that was interrupted is finished first, and that is all, unless `restart` says to begin
    anew. `dry_run`: everything is done in one transaction and undone. `progress` is told how many
    articles are done, of how many. Raises DatabaseError; what was settled until then stays.

    Texts are read in shards, wherever the `engine` (None: this process) has room. Deciding is one
    after the other: each decision rests on those before it. So the stories are the same whichever
    engine it is and however the texts are cut into shards.
    """
    readings = Readings()
    resumed = not dry_run and not restart and articles_left(database) > 0
    before: dict[int, int] = {}
    after: dict[int, int] = {}

    @contextmanager
    def transaction(outer: Connection | None) -> Iterator[Connection]:
        if outer is not None:
            yield outer
            return
        with database.begin() as connection:
            lock_stories(connection, wait=True)
            yield connection

    def run(outer: Connection | None) -> None:
        with transaction(outer) as connection:
            if not resumed:
                _write_prints(connection, since, only_missing=True, engine=engine)
                before.update(_empty(connection, since, now))
            total = queue_length(connection)
        # To the last row, not to the first empty answer: a batch may hold no article any more.
        left = total > 0
        while left:
            with transaction(outer) as connection:
                settled = settle_batch(
                    connection,
                    now=now,
                    settings=settings,
                    limit=_BATCH,
                    readings=readings,
                    rules=rules,
                )
                left = not waiting.is_empty(connection)
            after.update((one.decision.article_id, one.story_id) for one in settled)
            if progress is not None:
                progress(len(after), max(total, len(after)))
        with transaction(outer) as connection:
            now_in = _stories(connection, None if resumed else since)
            after.update((one, now_in.get(one, its)) for one, its in list(after.items()))
            after.update((one, now_in[one]) for one in before.keys() & now_in.keys())

    if dry_run:
        try:
            with database.begin() as connection:
                lock_stories(connection, wait=True)
                run(connection)
                raise _DryRun
        except _DryRun:
            pass
    else:
        run(None)
    if resumed:
        stories = len(set(after.values()))
        return Reclustered(len(after), stories, stories, resumed=True)
    return _report(before, {one: its for one, its in after.items() if one in before})


def articles_left(database: Database) -> int:
    """How many articles an interrupted run has left without a story."""
    with database.connect() as connection:
        count = select(func.count()).select_from(match_queue)
        return connection.scalar(count.where(match_queue.c.reason == _REASON)) or 0


def rebuild_index(database: Database, *, since: datetime | None = None) -> int:
    """Write the fingerprints of all articles first seen at or after `since` anew; how many."""
    with database.begin() as connection:
        return _write_prints(connection, since, only_missing=False)


class Engine(Protocol):
    """Something that runs a pure function over shards: `ingest.engines` has several."""

    def map(
        self,
        function: Callable[[_Texts], list[Fingerprint]],
        shards: Iterable[_Texts],
    ) -> Iterator[tuple[_Texts, list[Fingerprint]]]:
        """Each shard with its result, in the order of the shards."""


def read_texts(shard: _Texts) -> list[Fingerprint]:
    """The fingerprints of a shard of articles. Pure: it runs in any process, on any machine."""
    return fingerprints([(headline, text) for _, _, headline, text in shard])


def _write_prints(
    connection: Connection,
    since: datetime | None,
    *,
    only_missing: bool,
    engine: Engine | None = None,
) -> int:
    query = (
        select(
            article.c.id,
            article.c.headline,
            article.c.first_seen_at,
            article_content.c.body_text,
            article_content.c.summary,
        )
        .outerjoin(article_content, article_content.c.article_id == article.c.id)
        .order_by(article.c.id)
        .limit(_SHARD)
    )
    if since is not None:
        query = query.where(article.c.first_seen_at >= since)
    if only_missing:
        query = query.outerjoin(
            fingerprint_table,
            (fingerprint_table.c.article_id == article.c.id)
            & (fingerprint_table.c.version == VERSION),
        ).where(fingerprint_table.c.article_id.is_(None))

    def shards() -> Iterator[_Texts]:
        last = 0
        while rows := connection.execute(query.where(article.c.id > last)).all():
            yield [
                (row.id, row.first_seen_at, row.headline, row.body_text or row.summary)
                for row in rows
            ]
            last = rows[-1].id

    written = 0
    read = ((one, read_texts(one)) for one in shards())
    for shard, prints in read if engine is None else engine.map(read_texts, shards()):
        write_fingerprints(
            connection,
            [
                (article_id, one, at)
                for (article_id, at, *_), one in zip(shard, prints, strict=True)
            ],
        )
        written += len(shard)
    return written


def _stories(connection: Connection, since: datetime | None) -> dict[int, int]:
    query = select(story_article.c.article_id, story_article.c.story_id)
    if since is not None:
        query = query.join(article, article.c.id == story_article.c.article_id).where(
            article.c.first_seen_at >= since
        )
    return {row.article_id: row.story_id for row in connection.execute(query)}


def _empty(connection: Connection, since: datetime | None, now: datetime) -> dict[int, int]:
    """Put the articles on the queue, without a story; the story each was in."""
    before = _stories(connection, since)
    chosen = select(article.c.id, literal(now), literal(_REASON))
    if since is not None:
        chosen = chosen.where(article.c.first_seen_at >= since)
    connection.execute(
        delete(match_queue).where(among(connection, match_queue.c.article_id, before))
    )
    known = select(match_queue.c.article_id)
    connection.execute(
        insert(match_queue).from_select(
            ["article_id", "queued_at", "reason"], chosen.where(article.c.id.not_in(known))
        )
    )
    connection.execute(
        delete(story_article).where(among(connection, story_article.c.article_id, before))
    )
    left = select(story_article.c.story_id)
    connection.execute(
        update(story)
        .where(among(connection, story.c.id, set(before.values())), story.c.id.not_in(left))
        .values(articles=0, publishers=0)
    )
    # The one that will found the story again is the first in the queue's order. The row names the
    # one that ran it first, which another article may be.
    founders: dict[int, int] = {}
    for one, its in before.items():
        founders[its] = min(one, founders.get(its, one))
    if founders:
        connection.execute(
            update(story)
            .where(story.c.id == bindparam("story"), story.c.articles == 0)
            .values(first_article_id=bindparam("founder")),
            [{"story": its, "founder": one} for its, one in sorted(founders.items())],
        )
    return before


def _report(before: dict[int, int], after: dict[int, int]) -> Reclustered:
    sources: defaultdict[int, set[int]] = defaultdict(set)
    parts: defaultdict[int, set[int]] = defaultdict(set)
    for one, new in after.items():
        sources[new].add(before[one])
        parts[before[one]].add(new)
    return Reclustered(
        articles=len(after),
        stories_before=len(parts),
        stories_after=len(sources),
        merged=_changes(sources),
        split=_changes(parts),
    )


def _changes(of: Mapping[int, set[int]]) -> tuple[StoryChange, ...]:
    return tuple(
        StoryChange(story_id, tuple(sorted(others)))
        for story_id, others in sorted(of.items())
        if len(others) > 1
    )
