"""A person's decisions about stories: pin together, split, merge. They hold for ever.

A decision is about two articles, not about two stories, since stories come and go: `together` or
apart, the newest one counts. It is carried out at once, and respected by `settle` and `recluster`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, select

from ingest.errors import UsageError
from ingest.store.engine import Database
from ingest.store.lists import among
from ingest.store.stories import lock_stories
from ingest.store.story_book import StoryBook
from ingest.store.story_rows import write_book
from ingest.store.tables import story, story_article, story_pin
from ingest.store.upsert import upsert


def pin(
    database: Database,
    article_ids: Sequence[int],
    *,
    now: datetime,
    reason: str | None = None,
) -> int:
    """Put these articles into one story; its id.

    Raises UsageError for unknown articles, and for fewer than two.
    """
    first, *others = dict.fromkeys(article_ids)
    if not others:
        raise UsageError("two articles at least are needed")
    with database.begin() as connection:
        lock_stories(connection, wait=True)
        book = _book_of(connection, (first, *others), now)
        _record(connection, [(first, other) for other in others], True, reason, now)
        for other in others:
            book.unite(first, book.story_of[other], by_hand=True)
        write_book(connection, book, now)
        return book.story_of[first]


def split(
    database: Database,
    article_id: int,
    other_id: int | None = None,
    *,
    now: datetime,
    reason: str | None = None,
) -> int:
    """Take an article out of its story, for ever apart from its members; its new story's id.

    An article that is alone stays where it is. One that is not in the story of `other_id` stays
    too, and for ever apart from that article. Raises UsageError for unknown articles.
    """
    given = (article_id,) if other_id is None else (article_id, other_id)
    if len(set(given)) < len(given):
        raise UsageError("an article cannot be apart from itself")
    with database.begin() as connection:
        lock_stories(connection, wait=True)
        book = _book_of(connection, given, now)
        own = book.story_of[article_id]
        if other_id is not None and book.story_of[other_id] != own:
            _record(connection, [(article_id, other_id)], False, reason, now)
            return own
        members = connection.scalars(
            select(story_article.c.article_id).where(story_article.c.story_id == own)
        ).all()
        others = [one for one in members if one != article_id]
        _record(connection, [(article_id, other) for other in others], False, reason, now)
        book.take_out(article_id)
        write_book(connection, book, now)
        return book.story_of[article_id]


def merge(
    database: Database, story_ids: Sequence[int], *, now: datetime, reason: str | None = None
) -> int:
    """Make these stories one, for ever; the id of the oldest, which survives.

    Raises UsageError for unknown or empty stories.
    """
    with database.connect() as connection:
        rows = connection.execute(
            select(story.c.id, story.c.first_article_id).where(
                among(connection, story.c.id, story_ids), story.c.articles > 0
            )
        )
        first = {row.id: row.first_article_id for row in rows}
    for one in story_ids:
        if first.get(one) is None:
            raise UsageError(f"no story with id {one}, or it was merged into another one")
    if len(set(story_ids)) < 2:
        raise UsageError("two stories at least are needed")
    return pin(database, [first[one] for one in story_ids], now=now, reason=reason)


def decided_between(connection: Connection, article_id: int, other_id: int) -> bool | None:
    """What a person decided about two articles: together or apart; None: nothing."""
    return connection.scalar(
        select(story_pin.c.together).where(
            story_pin.c.article_id == min(article_id, other_id),
            story_pin.c.other_article_id == max(article_id, other_id),
        )
    )


def _book_of(connection: Connection, article_ids: Sequence[int], now: datetime) -> StoryBook:
    rows = connection.execute(
        select(story_article.c.article_id, story_article.c.story_id).where(
            among(connection, story_article.c.article_id, article_ids)
        )
    )
    story_of = {row.article_id: row.story_id for row in rows}
    for one in article_ids:
        if one not in story_of:
            raise UsageError(f"no article with id {one}, or it was not compared yet")
    return StoryBook(connection, story_of, now)


def _record(
    connection: Connection,
    pairs: Sequence[tuple[int, int]],
    together: bool,
    reason: str | None,
    now: datetime,
) -> None:
    upsert(
        connection,
        story_pin,
        [
            {
                "article_id": min(pair),
                "other_article_id": max(pair),
                "together": together,
                "reason": reason,
                "decided_at": now,
            }
            for pair in pairs
        ],
    )
