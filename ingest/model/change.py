"""The change stream: what happened to articles, stories and feeds."""

from __future__ import annotations

from enum import StrEnum


class ChangeKind(StrEnum):
    """What an event of the change stream tells of."""

    ARTICLE_NEW = "article.new"
    ARTICLE_REVISED = "article.revised"
    ARTICLE_DELETED = "article.deleted"
    STORY_CREATED = "story.created"
    STORY_JOINED = "story.joined"
    STORY_MERGED = "story.merged"
    STORY_SPLIT = "story.split"
    FEED_STATE = "feed.state"
    FEED_MOVED = "feed.moved"
