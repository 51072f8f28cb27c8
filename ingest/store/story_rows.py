"""Writing stories: new ones, members, merges, the facts of the row, the change stream."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, select, text, update

from ingest.dedupe.precedence import Member, StoryFacts, sum_up
from ingest.store.changes import ChangeKind, NewChange, append
from ingest.store.ids import allocate
from ingest.store.lists import among
from ingest.store.story_book import StoryBook
from ingest.store.tables import article, story, story_article
from ingest.store.upsert import insert_rows, upsert

# What summing up needs of an article: the fields of `Member`, in order.
MEMBER = (
    article.c.id,
    article.c.publisher_id,
    article.c.first_seen_at,
    article.c.published_at,
    article.c.published_quality,
    article.c.word_count,
    article.c.source_agency,
)


def write_book(
    connection: Connection,
    book: StoryBook,
    now: datetime,
    arrivals: Mapping[int, Member] | None = None,
    *,
    is_again: bool = False,
) -> None:
    """Write what a batch changed. Afterwards `book.story_of` holds stored ids only.

    `arrivals` are the articles of the batch, as far as they were read already. `is_again`: they
    were taken out of their stories, which may be founded again.
    """
    grown = {book.current(one) for _, one in book.joined} | {
        book.current(into) for into in book.merged.values()
    }
    lonely = {new: first for new, first in book.created.items() if new not in grown}
    again = _emptied(connection, book.created) if is_again else {}
    ids = _create(connection, book, lonely, grown, now, arrivals or {}, again)
    for each, its in book.story_of.items():
        if its < 0:
            book.story_of[each] = ids[its]
    _write_members(connection, book, ids, now)
    merges = [
        (one, ids.get(into, into))
        for one, into in ((one, book.current(one)) for one in book.merged)
        if one > 0
    ]
    _write_merges(connection, merges, now)
    grown |= {book.current(one) for _, one, _ in book.left}
    refresh(connection, [ids.get(one, one) for one in grown], now)
    _write_changes(connection, book, ids, merges, now)


def members_of(connection: Connection, story_ids: Iterable[int]) -> dict[int, list[Member]]:
    """The members of stories, as far as summing up needs them."""
    rows = connection.execute(
        select(story_article.c.story_id, *MEMBER)
        .join(article, article.c.id == story_article.c.article_id)
        .where(among(connection, story_article.c.story_id, story_ids))
    )
    members: defaultdict[int, list[Member]] = defaultdict(list)
    for row in rows:
        members[row[0]].append(Member(*row[1:]))
    return members


def arrivals_of(connection: Connection, article_ids: Collection[int]) -> dict[int, Member]:
    """Articles as far as summing up needs them; unknown ids are left out."""
    rows = connection.execute(select(*MEMBER).where(among(connection, article.c.id, article_ids)))
    return {row[0]: Member(*row) for row in rows}


def refresh(connection: Connection, story_ids: Iterable[int], now: datetime) -> None:
    """Sum these stories up again from their members."""
    rows = [
        {"story": story_id, **_columns(sum_up(members)), "updated_at": now}
        for story_id, members in members_of(connection, story_ids).items()
    ]
    if rows:
        connection.execute(update(story).where(story.c.id == bindparam("story")), rows)


def _create(
    connection: Connection,
    book: StoryBook,
    lonely: dict[int, int],
    grown: set[int],
    now: datetime,
    arrivals: Mapping[int, Member],
    again: Mapping[int, int],
) -> dict[int, int]:
    """Insert the batch's new stories; their temporary ids -> their stored ones."""
    made = list(book.created)
    if not made:
        return {}
    unknown = lonely.values() - arrivals.keys()
    articles = {**arrivals, **(arrivals_of(connection, unknown) if unknown else {})}
    rows = []
    for one in made:
        facts = {} if one in grown else _columns(sum_up([articles[lonely[one]]]))
        rows.append(
            {
                "first_article_id": None,
                "fullest_article_id": None,
                "articles": 1,
                "publishers": 1,
                "first_published_at": None,
                "source_agency": None,
                **facts,
                "created_at": now,
                "updated_at": now,
            }
        )
    ids = dict(again)
    reused = set(ids)
    new = [(one, row) for one, row in zip(made, rows, strict=True) if one not in ids]
    if new:
        taken = allocate(connection, story, len(new))
        insert_rows(
            connection, story, [{"id": i, **row} for i, (_, row) in zip(taken, new, strict=True)]
        )
        ids.update(zip((one for one, _ in new), taken, strict=True))
    grown |= reused  # their rows are old: they are summed up again
    return ids


def _emptied(connection: Connection, created: dict[int, int]) -> dict[int, int]:
    """Stories that re-clustering emptied and that get their first article back keep their id."""
    rows = connection.execute(
        select(story.c.id, story.c.first_article_id, story.c.merged_into_id).where(
            text("articles = 0"),  # as the index has it: a parameter would not be known to be 0
            among(connection, story.c.first_article_id, created.values()),
        )
    )
    by_article = {row.first_article_id: row.id for row in rows if row.merged_into_id is None}
    return {one: by_article[first] for one, first in created.items() if first in by_article}


def _write_members(
    connection: Connection, book: StoryBook, ids: dict[int, int], now: datetime
) -> None:
    members = [(first, ids[new]) for new, first in book.created.items()]
    members += [(each, ids.get(its, its)) for each, its in _latest(book)]
    rows = [{"article_id": each, "story_id": its, "joined_at": now} for each, its in members]
    upsert(connection, story_article, rows, keep=("joined_at",))


def _latest(book: StoryBook) -> list[tuple[int, int]]:
    return [(each, book.current(its)) for each, its in book.joined]


def _write_merges(connection: Connection, merges: Sequence[tuple[int, int]], now: datetime) -> None:
    """Move members, leave redirects. Redirects to a merged story are moved on, so none chain."""
    for one, into in merges:
        connection.execute(
            update(story_article).where(story_article.c.story_id == one).values(story_id=into)
        )
        connection.execute(
            update(story).where(story.c.merged_into_id == one).values(merged_into_id=into)
        )
        connection.execute(
            update(story)
            .where(story.c.id == one)
            .values(merged_into_id=into, articles=0, publishers=0, updated_at=now)
        )


def _write_changes(
    connection: Connection,
    book: StoryBook,
    ids: dict[int, int],
    merges: Sequence[tuple[int, int]],
    now: datetime,
) -> None:
    events = [
        NewChange(ChangeKind.STORY_CREATED, article_id=first, story_id=ids[new])
        for new, first in book.created.items()
    ]
    events += [
        NewChange(ChangeKind.STORY_JOINED, article_id=each, story_id=ids.get(its, its))
        for each, its in _latest(book)
    ]
    events += [
        NewChange(
            ChangeKind.STORY_SPLIT,
            article_id=each,
            story_id=ids.get(book.current(own), own),
            data={"to": ids.get(book.current(new), book.current(new))},
        )
        for each, own, new in book.left
    ]
    events += [
        NewChange(ChangeKind.STORY_MERGED, story_id=into, data={"merged": one})
        for one, into in merges
    ]
    append(connection, events, now)


def _columns(facts: StoryFacts) -> dict[str, object]:
    return {
        "first_article_id": facts.first_article_id,
        "fullest_article_id": facts.fullest_article_id,
        "articles": facts.articles,
        "publishers": facts.publishers,
        "first_published_at": facts.first_published_at,
        "source_agency": facts.source_agency,
    }
