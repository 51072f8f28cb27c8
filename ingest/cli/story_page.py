"""A story as a page: its text, its sources in the order of time, and how each copy differs."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from ingest.cli.output import (
    Column,
    Row,
    Style,
    minute,
    print_rows,
    printable,
    share,
    span,
    styled,
    terminal_width,
)
from ingest.cli.revisions import PAGE_WIDTH, print_changes
from ingest.cli.rows import row_of

if TYPE_CHECKING:
    from ingest.normalise.revision import SentenceChange
    from ingest.store.story_queries import StoryMember
    from ingest.store.view_rows import ArticleRow, StoryRow

MAX_COPIES = 12  # that are compared with the first: more than a page, `ingest why` has the others
MAX_CHANGES = 8  # of one copy

COLUMNS = (
    Column("article_id", "ID", right=True),
    Column("published_at", "PUBLISHED", minute, spare=True),
    Column("behind", "BEHIND", right=True),
    Column("publisher", "PUBLISHER"),
    Column("word_count", "WORDS", right=True, spare=True),
    Column("relation", "RELATION"),
    Column("of_article_id", "OF", right=True, spare=True),
    Column("containment", "SHARED", share, right=True),
    Column("headline", "HEADLINE", flexible=True),
)


def print_story(
    story: StoryRow, members: Sequence[StoryMember], articles: Mapping[int, ArticleRow]
) -> None:
    """Print the whole page. `articles` are the members' own rows, by id."""
    ordered = _in_time(story, members)
    first = articles.get(ordered[0].article_id) if ordered else None
    _print_head(story)
    print_rows(_rows(ordered), COLUMNS, as_json=False)
    if first is None:
        return
    print()
    print(styled(f"The text, by {printable(first.publisher)}", Style.BOLD))
    for paragraph in _text(first).split("\n\n"):
        print()
        for line in textwrap.wrap(printable(paragraph), _width()) or [""]:
            print(line)
    copies = [articles[one.article_id] for one in ordered[1:] if one.article_id in articles]
    for copy in copies[:MAX_COPIES]:
        print()
        _print_copy(first, copy)
    if len(copies) > MAX_COPIES:
        print(f"\n{len(copies) - MAX_COPIES} more copies: `ingest why {first.id} ID` compares two")


def _print_head(story: StoryRow) -> None:
    print(styled(printable(story.headline or "Without a headline"), Style.BOLD))
    first = story.first_published_at or story.first_seen_before
    parts = [
        f"story {story.story_id}: {_count(story.articles, 'article')}"
        f" of {_count(story.publishers, 'publisher')}",
        f"first by {printable(story.first_publisher or 'nobody we know')} {minute(first)}",
    ]
    if story.source_agency:
        parts.append(f"from {printable(story.source_agency)}")
    print(styled(", ".join(parts), Style.DIM))
    print()


def _print_copy(first: ArticleRow, copy: ArticleRow) -> None:
    """The copy's own headline, and sentence by sentence what only one of the two says."""
    from ingest.normalise.revision import Version, diff

    difference = diff(
        Version(first.headline, None, _text(first)), Version(copy.headline, None, _text(copy))
    )
    print(styled(f"{printable(copy.publisher)} ({copy.id})", Style.BOLD))
    if difference.is_empty:
        print("  says the same, sentence for sentence")
        return
    if difference.headline is not None:
        _print_some("Headline", [difference.headline], first, copy)
    if difference.body:
        _print_some("Text", difference.body, first, copy)
    else:
        print("  the text says the same, sentence for sentence")


def _print_some(
    title: str, changes: Sequence[SentenceChange], first: ArticleRow, copy: ArticleRow
) -> None:
    print_changes(title, changes[:MAX_CHANGES])
    if len(changes) > MAX_CHANGES:
        more = _count(len(changes) - MAX_CHANGES, "more difference")
        print(styled(f"  {more}: `ingest why {copy.id} {first.id}`", Style.DIM))


def _in_time(story: StoryRow, members: Sequence[StoryMember]) -> list[StoryMember]:
    return sorted(
        members,
        key=lambda one: (one.article_id != story.first_article_id, _at(one), one.article_id),
    )


def _at(member: StoryMember) -> datetime:
    return member.published_at or member.first_seen_at


def _rows(members: Sequence[StoryMember]) -> list[Row]:
    rows: list[Row] = []
    for member in members:
        match = row_of(member.match) if member.match is not None else {}
        behind = (_at(member) - _at(members[0])).total_seconds()
        rows.append(
            {
                **row_of(member),
                **{key: match.get(key) for key in ("relation", "of_article_id", "containment")},
                "behind": "first" if member is members[0] else f"+{span(max(0.0, behind))}",
            }
        )
    return rows


def _text(article: ArticleRow) -> str:
    return article.body_text or article.summary or ""


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _width() -> int:
    return min(terminal_width() or PAGE_WIDTH, PAGE_WIDTH)
