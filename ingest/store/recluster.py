"""Building the stories again from the stored articles, with the rules as they are now.

    take articles out of their stories, onto the queue -> settle the queue, oldest first

The queue is in the database, so a run that is interrupted is resumed by settling on, by whoever
comes first. The order is that of the articles, so the result does not depend on who. A story keeps
its id if its first article founds it again; a person's decisions are carried out again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, literal, select, update

from ingest.config import DedupeSettings
from ingest.dedupe import RULES, VERSION, Rules, fingerprint
from ingest.store.candidates import Readings
from ingest.store.engine import Database
from ingest.store.fingerprints import write_fingerprints
from ingest.store.lists import among
from ingest.store.stories import lock_stories, settle_batch
from ingest.store.tables import article, article_content, match_queue, story, story_article
from ingest.store.tables import fingerprint as fingerprint_table

_BATCH = 200


@dataclass(frozen=True, slots=True)
class Reclustered:
    """What changed: a merge joins articles of several stories, a split parts those of one."""

    articles: int
    stories_before: int
    stories_after: int
    merges: int
    splits: int


class _DryRun(Exception):
    """Not an error: it rolls the transaction back."""


def recluster(
    database: Database,
    *,
    now: datetime,
    settings: DedupeSettings,
    since: datetime | None = None,
    dry_run: bool = False,
    rules: Rules = RULES,
    progress: Callable[[int, int], None] | None = None,
) -> Reclustered:
    """Rebuild the stories of the articles first seen at or after `since` (None: of all).

    `dry_run`: everything is done in one transaction and undone. `progress` is told how many
    articles are done, of how many. Raises DatabaseError; what was settled until then stays.
    """
    readings = Readings()
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
            _index_missing(connection, since)
            before.update(_empty(connection, since, now))
        while True:
            with transaction(outer) as connection:
                settled = settle_batch(
                    connection,
                    now=now,
                    settings=settings,
                    limit=_BATCH,
                    readings=readings,
                    rules=rules,
                )
            if not settled:
                break
            after.update((one.decision.article_id, one.story_id) for one in settled)
            if progress is not None:
                progress(len(after), max(len(before), len(after)))
        with transaction(outer) as connection:
            after.update(_stories(connection, since))

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
    return _report(before, {one: its for one, its in after.items() if one in before})


def rebuild_index(database: Database, *, since: datetime | None = None) -> int:
    """Write the fingerprints of all articles first seen at or after `since` anew; how many."""
    with database.begin() as connection:
        return _write_prints(connection, since, only_missing=False)


def _index_missing(connection: Connection, since: datetime | None) -> int:
    return _write_prints(connection, since, only_missing=True)


def _write_prints(connection: Connection, since: datetime | None, *, only_missing: bool) -> int:
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
        .limit(_BATCH)
    )
    if since is not None:
        query = query.where(article.c.first_seen_at >= since)
    if only_missing:
        query = query.outerjoin(
            fingerprint_table,
            (fingerprint_table.c.article_id == article.c.id)
            & (fingerprint_table.c.version == VERSION),
        ).where(fingerprint_table.c.article_id.is_(None))
    written, last = 0, 0
    while True:
        rows = connection.execute(query.where(article.c.id > last)).all()
        if not rows:
            return written
        write_fingerprints(
            connection,
            [
                (row.id, fingerprint(row.headline, row.body_text or row.summary), row.first_seen_at)
                for row in rows
            ],
        )
        written, last = written + len(rows), rows[-1].id


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
    chosen = select(article.c.id, literal(now), literal("recluster"))
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
        merges=sum(len(old) > 1 for old in sources.values()),
        splits=sum(len(new) > 1 for new in parts.values()),
    )
