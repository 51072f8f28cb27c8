"""Who is in which story while a batch is decided, before anything is written."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select

from ingest.dedupe import Decision
from ingest.store.lists import among
from ingest.store.tables import story_article, story_pin


class StoryBook:
    """Membership as it changes in memory.

    Stories that are new in this batch have negative ids until they are written. The older story
    survives a merge; a person's decision that two articles are apart keeps their stories apart,
    and one that they belong together joins them whatever the texts say.
    """

    def __init__(self, connection: Connection, story_of: dict[int, int], now: datetime) -> None:
        self.story_of = story_of
        self.now = now
        self.created: dict[int, int] = {}  # temporary story id -> its first article
        self.joined: list[tuple[int, int]] = []  # article, story
        self.merged: dict[int, int] = {}  # story -> the story it went into
        self._next = -1
        pins = connection.execute(
            select(story_pin.c.article_id, story_pin.c.other_article_id, story_pin.c.together)
        ).all()
        self._together = [(row.article_id, row.other_article_id) for row in pins if row.together]
        self._apart = [(row.article_id, row.other_article_id) for row in pins if not row.together]
        pinned = {one for pin in pins for one in (pin.article_id, pin.other_article_id)}
        unknown = pinned - story_of.keys()
        if unknown:
            rows = connection.execute(
                select(story_article.c.article_id, story_article.c.story_id).where(
                    among(connection, story_article.c.article_id, unknown)
                )
            )
            story_of.update({row.article_id: row.story_id for row in rows})

    def place(self, decision: Decision) -> None:
        """Put an article into its story, and merge what it turned out to connect."""
        article = decision.article_id
        if article not in self.story_of:
            self.story_of[article] = self._next
            self.created[self._next] = article
            self._next -= 1
        if decision.join_story is not None:
            for story in (decision.join_story, *decision.merge_stories):
                self.unite(article, story)
        for one, other in self._together:
            if article in (one, other) and one in self.story_of and other in self.story_of:
                self.unite(one, self.story_of[other], by_hand=True)

    def unite(self, article: int, story: int, *, by_hand: bool = False) -> bool:
        """Make the article's story and `story` one; False where a person keeps them apart."""
        story, own = self.current(story), self.story_of[article]
        if story == own:
            return True
        if not by_hand and self._is_forbidden(own, story):
            return False
        older, younger = sorted((own, story), key=_age)
        for each, its in self.story_of.items():
            if its == younger:
                self.story_of[each] = older
        if younger in self.created:
            # Never written: its first article simply joins.
            self.joined.append((self.created.pop(younger), older))
            self.joined = [(a, older if s == younger else s) for a, s in self.joined]
        self.merged[younger] = older
        return True

    def current(self, story: int) -> int:
        """The story into which this one was merged in the batch, or itself."""
        while story in self.merged:
            story = self.merged[story]
        return story

    def _is_forbidden(self, one: int, other: int) -> bool:
        for left, right in self._apart:
            stories = {self.story_of.get(left), self.story_of.get(right)}
            if stories == {one, other}:
                return True
        return False


def _age(story: int) -> tuple[bool, int]:
    """Sort key: stored stories by id, then those of this batch in order of their making."""
    return (story < 0, abs(story))
