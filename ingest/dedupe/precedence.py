"""Who was first: what a story's members claim and what was observed of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ingest.model import PublishedQuality

# Claims precise enough to order outlets by: a date without a time would put its outlet before all
# others of that day, and a time without a zone may be twelve hours off.
BELIEVED = frozenset({PublishedQuality.EXACT, PublishedQuality.SKEW_CORRECTED})


@dataclass(frozen=True, slots=True)
class Member:
    """What is known of one article of a story when the story is summed up."""

    article_id: int
    publisher_id: int
    first_seen_at: datetime
    published_at: datetime | None = None
    published_quality: str = PublishedQuality.MISSING
    word_count: int = 0
    source_agency: str | None = None

    @property
    def claimed_at(self) -> datetime | None:
        """When it says it was published, if that can be: no one publishes after being read."""
        if self.published_at is None or self.published_quality not in BELIEVED:
            return None
        return self.published_at if self.published_at <= self.first_seen_at else None


@dataclass(frozen=True, slots=True)
class StoryFacts:
    """A story summed up over its members."""

    first_article_id: int
    fullest_article_id: int
    articles: int
    publishers: int
    first_published_at: datetime | None
    source_agency: str | None


def sum_up(members: Sequence[Member]) -> StoryFacts:
    """The facts of a story of at least one member; the members' order does not matter.

    First is who claims the earliest believable time; a member without such a claim stands where
    it was observed. Ties go to the earlier observation, then to the lower id. The wire that most
    members name is the source, whether or not its own feed is among them, and however late.
    """
    first = min(
        members, key=lambda m: (m.claimed_at or m.first_seen_at, m.first_seen_at, m.article_id)
    )
    fullest = min(members, key=lambda m: (-m.word_count, m.first_seen_at, m.article_id))
    claims = [member.claimed_at for member in members if member.claimed_at is not None]
    agencies = Counter(member.source_agency for member in members if member.source_agency)
    return StoryFacts(
        first_article_id=first.article_id,
        fullest_article_id=fullest.article_id,
        articles=len(members),
        publishers=len({member.publisher_id for member in members}),
        first_published_at=min(claims, default=None),
        source_agency=min(agencies, key=lambda name: (-agencies[name], name), default=None),
    )
