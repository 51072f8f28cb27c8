"""Who is in which story while a batch is decided, before anything is written."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select

from ingest.dedupe import Decision
from ingest.store.lists import among
from ingest.store.tables import story, story_article, story_pin


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
        self.left: list[tuple[int, int, int]] = []  # article, the story it left, its new one
        self._sizes: dict[int, int] = {}
        self._came: dict[int, list[int]] = {}  # new story -> all that were ever put into it
        self._connection = connection
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

    def sizes_of(self, stories: set[int]) -> dict[int, int]:
        """How many articles each of these stories has now."""
        unknown = {one for one in stories if one > 0 and one not in self._sizes}
        if unknown:
            rows = self._connection.execute(
                select(story.c.id, story.c.articles).where(
                    among(self._connection, story.c.id, unknown)
                )
            )
            self._sizes.update({row.id: row.articles for row in rows})
        return {one: self._sizes.get(one, 1) for one in stories}

    def place(self, decision: Decision) -> None:
        """Put an article into its story, and merge what it turned out to connect."""
        article = decision.article_id
        if article not in self.story_of:
            self._found(article)
        if decision.join_story is not None:
            for joined in (decision.join_story, *decision.merge_stories):
                self.unite(article, joined)
        for each in decision.leaves:
            if not any(each in pair for pair in self._together):
                self.take_out(each)
        for one, other in self._together:
            if article in (one, other) and one in self.story_of and other in self.story_of:
                self.unite(one, self.story_of[other], by_hand=True)

    def _found(self, article: int) -> int:
        """A new story with this first article."""
        new = self._next
        self._next -= 1
        self.story_of[article] = new
        self._came[new] = [article]
        self.created[new] = article
        self._sizes[new] = 1
        return new

    def take_out(self, article: int) -> None:
        """Take an article out of its story into one of its own, unless it is alone there."""
        own = self.story_of[article]
        if self.sizes_of({own})[own] < 2:
            return
        self.joined = [(a, s) for a, s in self.joined if a != article]
        if self.created.get(own) == article:
            # It founded the story in this very batch: another member takes its place as founder.
            heirs = [a for a, s in self.joined if self.current(s) == own]
            if not heirs:
                return
            self.created[own] = heirs[0]
            self.joined = [(a, s) for a, s in self.joined if a != heirs[0]]
        self._sizes[own] -= 1
        self.left.append((article, own, self._found(article)))

    def unite(self, article: int, other: int, *, by_hand: bool = False) -> bool:
        """Make the article's story and `other` one; False where a person keeps them apart."""
        other, own = self.current(other), self.story_of[article]
        if other == own:
            return True
        if not by_hand and self._is_forbidden(own, other):
            return False
        older, younger = sorted((own, other), key=_age)
        sizes = self.sizes_of({older, younger})
        self._sizes[older] = sizes[older] + sizes[younger]
        # A new story has none but articles of the batch; any known article may be in a stored one.
        moved = [
            each
            for each in self._came.pop(younger, self.story_of)
            if self.story_of[each] == younger
        ]
        self.story_of.update(dict.fromkeys(moved, older))
        if older in self._came:
            self._came[older] += moved
        if younger in self.created:
            # Never written: its first article simply joins.
            self.joined.append((self.created.pop(younger), older))
            self.joined = [(a, older if s == younger else s) for a, s in self.joined]
        self.merged[younger] = older
        return True

    def current(self, one: int) -> int:
        """The story into which this one was merged in the batch, or itself."""
        while one in self.merged:
            one = self.merged[one]
        return one

    def _is_forbidden(self, one: int, other: int) -> bool:
        for left, right in self._apart:
            stories = {self.story_of.get(left), self.story_of.get(right)}
            if stories == {one, other}:
                return True
        return False


def _age(one: int) -> tuple[bool, int]:
    """Sort key: stored stories by id, then those of this batch in order of their making."""
    return (one < 0, abs(one))
