"""The articles whose turn it is to be compared, with what their own rows say of them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, select

from ingest.dedupe.precedence import Member
from ingest.store.lists import among
from ingest.store.story_rows import MEMBER
from ingest.store.tables import article, match_queue


@dataclass(frozen=True, slots=True)
class Queued:
    """A row of the queue and its article."""

    question: bytes | None  # what the index is asked; None: to be read from the text
    reason: str  # why it waits
    content_hash: int  # 0, and no member, where the article is gone
    member: Member | None


_IN_ORDER = (
    select(
        match_queue.c.article_id,
        match_queue.c.question,
        match_queue.c.reason,
        article.c.content_hash,
        *MEMBER,
    )
    .outerjoin(article, article.c.id == match_queue.c.article_id)
    .order_by(match_queue.c.queued_at, match_queue.c.article_id)
    .limit(bindparam("most"))
)


def read_queue(connection: Connection, limit: int) -> dict[int, Queued]:
    """The oldest articles of the queue by id, in order of their turns."""
    queued = {}
    for one, question, reason, content_hash, *facts in connection.execute(
        _IN_ORDER, {"most": limit}
    ):
        member = None if facts[0] is None else Member(*facts)
        queued[one] = Queued(question, reason, content_hash or 0, member)
    return queued


def delete_from_queue(connection: Connection, article_ids: Collection[int]) -> None:
    """Take decided articles off the list."""
    connection.execute(
        delete(match_queue).where(among(connection, match_queue.c.article_id, article_ids))
    )
