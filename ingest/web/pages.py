"""The pages: each asks the store, arranges what it got, and hands it to a template."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException

from ingest.model import FeedState, PollOutcome
from ingest.normalise.revision import RevisionDiff, diff
from ingest.normalise.revision import Version as Texts
from ingest.schedule.remedy import remedy
from ingest.store import article_queries, feed_queries, quality, status, story_queries, web_queries
from ingest.store.article_queries import ArticleFilter, Version
from ingest.store.engine import Database
from ingest.store.story_queries import StoryMember
from ingest.store.view_rows import ArticleRow, FeedRow, StoryRow
from ingest.store.web_queries import Runner
from ingest.web import drawn, plots
from ingest.web.asked import age, articles_asked, number, stories_asked, text
from ingest.web.difference import Difference, compare
from ingest.web.frame import framed
from ingest.web.templating import render

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

PLOTTED_HOURS = 48
PLOTTED_POLLS = 120
_STATES_BY_TROUBLE = ("failing", "blocked", "gone", "stale", "paused", "ok")


@dataclass(frozen=True, slots=True)
class ListedStory:
    """A story with who ran it; `spread_seconds` is from the first of them to the last."""

    story: StoryRow
    runners: Sequence[Runner]

    @property
    def spread_seconds(self) -> float:
        """From the first publisher to the last one."""
        return max((one.lag_seconds for one in self.runners), default=0.0)


@dataclass(frozen=True, slots=True)
class Edit:
    """A version of an article, and what changed from the one before; None for the first."""

    version: Version
    change: RevisionDiff | None


@dataclass(frozen=True, slots=True)
class ListedFeed:
    """A feed with its last day as a plot and what to do about it."""

    feed: FeedRow
    plot: plots.Plot
    remedy: str | None


class Pages:
    """The handlers. Starlette runs each in a thread: they wait for the database."""

    def __init__(self, database: Database, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def stories(self, request: Request) -> Response:
        """Stories, those that changed last on top."""
        now = self._clock()
        asked = stories_asked(request.query_params)
        with self._database.connect() as connection:
            rows = story_queries.list_stories(connection, asked.wanted(now), limit=asked.limit)
            ran = web_queries.runners(connection, [row.story_id for row in rows])
            found = status.read_status(connection, now)
        listed = [ListedStory(row, ran.get(row.story_id, ())) for row in rows]
        return render("stories.html", request, now, asked=asked, stories=listed, status=found)

    def story(self, request: Request) -> Response:
        """A story: its copies in the order of time, and two of them side by side."""
        now = self._clock()
        with self._database.connect() as connection:
            found = story_queries.get_story(connection, request.path_params["story_id"])
            if found is None:
                raise HTTPException(404, "There is no such story.")
            members = _in_time(found, story_queries.story_members(connection, found.story_id))
            ran = web_queries.runners(connection, [found.story_id]).get(found.story_id, [])
            chosen = _pair(request, members)
            sides = article_queries.articles_by_id(connection, chosen)
        difference = compare(_text_of(sides[0]), _text_of(sides[1])) if len(sides) == 2 else None
        return render(
            "story.html",
            request,
            now,
            story=found,
            listed=ListedStory(found, ran),
            members=members,
            sides=_Sides(sides[0], sides[1], difference) if difference is not None else None,
        )

    def article(self, request: Request) -> Response:
        """An article: text, facts, where it was seen, its versions and what was removed."""
        with self._database.connect() as connection:
            page = article_queries.article_page(connection, request.path_params["article_id"])
        if page is None:
            raise HTTPException(404, "There is no such article.")
        return render(
            "article.html", request, self._clock(), page=page, edits=_edits(page.versions)
        )

    def frame(self, request: Request) -> Response:
        """The HTML of an article as the feed gave it, sanitised, for a sandboxed frame."""
        article_id = request.path_params["article_id"]
        with self._database.connect() as connection:
            html = web_queries.body_html(connection, article_id)
        if html is None:
            raise HTTPException(404, "There is no such article, or its text was let go.")
        return framed(html)

    def publishers(self, request: Request) -> Response:
        """Publishers: who leads, who follows and how far behind, who lives off the wire."""
        now = self._clock()
        since = text(request.query_params, "since") or "30d"
        with self._database.connect() as connection:
            found = web_queries.publisher_page(connection, now - age(since))
        return render("publishers.html", request, now, found=found, since=since)

    def feeds(self, request: Request) -> Response:
        """Feeds, those in trouble on top, each with its last day."""
        now = self._clock()
        with self._database.connect() as connection:
            rows = feed_queries.feed_rows(connection)
            hours = status.activity(connection, now, hours=PLOTTED_HOURS)
            by_feed = drawn.by_feed(web_queries.feed_hours(connection, now))
        rows.sort(key=lambda row: (_STATES_BY_TROUBLE.index(row.state), row.name.lower()))
        return render(
            "feeds.html",
            request,
            now,
            feeds=[
                ListedFeed(
                    row, drawn.feed_day(row.name, by_feed.get(row.feed_id, {})), _remedy(row)
                )
                for row in rows
            ],
            polls_plot=drawn.polls_an_hour(hours),
            news_plot=drawn.news_an_hour(hours),
        )

    def feed(self, request: Request) -> Response:
        """A feed: how its polls went, how fast, what they brought, where it may have gaps."""
        now = self._clock()
        feed_id = request.path_params["feed_id"]
        with self._database.connect() as connection:
            rows = [one for one in feed_queries.feed_rows(connection) if one.feed_id == feed_id]
            if not rows:
                raise HTTPException(404, "There is no such feed.")
            polls = feed_queries.poll_rows(connection, feed_id=feed_id, limit=PLOTTED_POLLS)
            articles = article_queries.list_articles(
                connection, ArticleFilter(feed_id=feed_id), limit=15
            )
        return render(
            "feed.html",
            request,
            now,
            feed=rows[0],
            remedy=_remedy(rows[0]),
            polls=polls,
            articles=articles,
            latency_plot=drawn.latency(polls),
            entries_plot=drawn.entries(polls),
        )

    def search(self, request: Request) -> Response:
        """Articles that have the words; without words the latest."""
        now = self._clock()
        asked = articles_asked(request.query_params)
        wanted = asked.wanted(now)
        with self._database.connect() as connection:
            articles = (
                article_queries.search_articles(connection, asked.words, wanted, limit=asked.limit)
                if asked.words
                else article_queries.list_articles(connection, wanted, limit=asked.limit)
            )
        return render("search.html", request, now, asked=asked, articles=articles)

    def quality(self, request: Request) -> Response:
        """How the stories were made, and the matches a person should look at."""
        now = self._clock()
        with self._database.connect() as connection:
            relations = quality.relation_counts(connection)
            histogram = quality.score_histogram(connection)
            borderline = quality.borderline_matches(connection)
        return render(
            "quality.html",
            request,
            now,
            relations=relations,
            borderline=borderline,
            plot=drawn.resemblance(histogram),
        )


@dataclass(frozen=True, slots=True)
class _Sides:
    left: ArticleRow
    right: ArticleRow
    difference: Difference


def _in_time(story: StoryRow, members: Sequence[StoryMember]) -> list[StoryMember]:
    """The first one on top, then by when each was published, as far as that is known."""
    return sorted(
        members,
        key=lambda one: (
            one.article_id != story.first_article_id,
            one.published_at or one.first_seen_at,
            one.article_id,
        ),
    )


def _pair(request: Request, members: Sequence[StoryMember]) -> list[int]:
    """The two articles to show side by side; none where there are not two.

    Those asked for, else the first and the one it has most in common with.
    """
    ids = [member.article_id for member in members]
    left, right = (
        number(request.query_params, name, 1, most=2**63 - 1)
        if request.query_params.get(name)
        else None
        for name in ("left", "right")
    )
    if left not in ids:
        left = ids[0] if ids else None
    others = [member for member in members if member.article_id != left]
    if left is None or not others:
        return []
    if right not in ids or right == left:
        own = next(member.match for member in members if member.article_id == left)
        nearest = own.of_article_id if own is not None else None
        right = max(
            others,
            key=lambda one: (
                one.match is not None and one.match.of_article_id == left,
                one.article_id == nearest,
                one.word_count > 0,
            ),
        ).article_id
    return [left, right]


def _text_of(article: ArticleRow) -> str:
    return article.body_text or article.summary or ""


def _edits(versions: Sequence[Version]) -> list[Edit]:
    """The versions, newest first, each with what changed from the one before."""
    edits = [Edit(versions[0], None)] if versions else []
    for former, latter in pairwise(versions):
        edits.append(Edit(latter, diff(_texts(former), _texts(latter))))
    return edits[::-1]


def _texts(version: Version) -> Texts:
    return Texts(version.headline, version.alternative_headline, version.body_text)


def _remedy(feed: FeedRow) -> str | None:
    outcome = PollOutcome(feed.last_outcome) if feed.last_outcome else None
    return remedy(FeedState(feed.state), outcome)


def _listed(feed: FeedRow, hours: Mapping[int, web_queries.FeedHour]) -> ListedFeed:
    return ListedFeed(feed, drawn.feed_day(feed.name, hours), _remedy(feed))
