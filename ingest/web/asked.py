"""What a query string asks for: the same filters on the pages and in the output feeds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from ingest.errors import UsageError
from ingest.store.article_queries import ArticleFilter
from ingest.store.story_queries import StoryFilter

MAX_CHARACTERS = 200
MAX_ROWS = 200
_UNITS = {"m": 60, "h": 3_600, "d": 86_400, "w": 604_800}  # seconds


@dataclass(frozen=True, slots=True)
class StoriesAsked:
    """The filters of a list of stories, as they were written. Empty: does not matter."""

    since: str = ""
    publisher: str = ""
    language: str = ""
    agency: str = ""
    min_publishers: int = 1
    limit: int = 50

    def wanted(self, now: datetime) -> StoryFilter:
        """The same for the database."""
        return StoryFilter(
            since=now - age(self.since) if self.since else None,
            publisher=self.publisher or None,
            language=self.language or None,
            agency=self.agency or None,
            min_publishers=self.min_publishers if self.min_publishers > 1 else None,
        )

    @property
    def query(self) -> str:
        """The query string that asks for this, without the leading question mark."""
        given = {
            "since": self.since,
            "publisher": self.publisher,
            "language": self.language,
            "agency": self.agency,
            "min_publishers": str(self.min_publishers) if self.min_publishers > 1 else "",
            "limit": str(self.limit) if self.limit != 50 else "",
        }
        return urlencode({key: value for key, value in given.items() if value})


def stories_asked(parameters: Mapping[str, str], *, min_publishers: int = 1) -> StoriesAsked:
    """Read the filters; UsageError for a value that cannot be."""
    since = text(parameters, "since")
    if since:
        age(since)
    return StoriesAsked(
        since,
        text(parameters, "publisher"),
        text(parameters, "language"),
        text(parameters, "agency"),
        number(parameters, "min_publishers", min_publishers, most=1_000),
        number(parameters, "limit", 50, most=MAX_ROWS),
    )


@dataclass(frozen=True, slots=True)
class ArticlesAsked:
    """The words and filters of a list of articles, as they were written."""

    words: str = ""
    since: str = ""
    publisher: str = ""
    language: str = ""
    agency: str = ""
    limit: int = 50

    def wanted(self, now: datetime) -> ArticleFilter:
        """The filters for the database."""
        return ArticleFilter(
            since=now - age(self.since) if self.since else None,
            publisher=self.publisher or None,
            language=self.language or None,
            agency=self.agency or None,
        )


def articles_asked(parameters: Mapping[str, str]) -> ArticlesAsked:
    """Read words and filters; UsageError for a value that cannot be."""
    asked = stories_asked(parameters)
    return ArticlesAsked(
        text(parameters, "q"),
        asked.since,
        asked.publisher,
        asked.language,
        asked.agency,
        asked.limit,
    )


def text(parameters: Mapping[str, str], name: str) -> str:
    """A parameter as text without white space around it; empty where it is missing."""
    value = parameters.get(name, "").strip()
    if len(value) > MAX_CHARACTERS or "\0" in value:
        raise UsageError(f"{name}: at most {MAX_CHARACTERS} characters")
    return value


def number(parameters: Mapping[str, str], name: str, default: int, *, most: int) -> int:
    """A parameter as a whole number from 1 to `most`; `default` where it is missing."""
    value = parameters.get(name, "").strip()
    if not value:
        return default
    if not re.fullmatch(r"[0-9]{1,18}", value) or not 1 <= int(value) <= most:
        raise UsageError(f"{name}: a whole number from 1 to {most}")
    return int(value)


def age(value: str) -> timedelta:
    """`30m`, `12h`, `2d`, `1w`; UsageError for anything else."""
    found = re.fullmatch(r"([0-9]{1,4})([mhdw])", value)
    if found is None:
        raise UsageError("since: like 30m, 12h, 2d or 1w")
    return timedelta(seconds=int(found[1]) * _UNITS[found[2]])
