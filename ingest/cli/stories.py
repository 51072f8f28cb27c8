"""`ingest stories`: each text once, with who ran it first and who copied it."""

from __future__ import annotations

from typing import Annotated

import typer

from ingest.cli import deciding
from ingest.cli.options import Agency, AsJson, Language, Limit, Publisher, Since, Until, moment
from ingest.cli.output import Column, minute, print_json, print_rows
from ingest.cli.rows import row_of
from ingest.cli.session import now, session_of
from ingest.errors import UsageError

COLUMNS = (
    Column("story_id", "STORY", right=True),
    Column("first_published_at", "PUBLISHED", minute, spare=True),
    Column("first_publisher", "RAN FIRST"),
    Column("publishers", "PUBLISHERS", right=True),
    Column("articles", "ARTICLES", right=True, spare=True),
    Column("language", "LANG", spare=True),
    Column("headline", "HEADLINE", flexible=True),
)

group = typer.Typer(
    invoke_without_command=True,
    rich_markup_mode=None,
    help="""List stories, show one, or decide: pin, split, merge.

    Examples:

      ingest stories --since 1d --min-publishers 3

      ingest stories show 7

      ingest stories split 12 9
    """,
)
deciding.add_to(group)


@group.callback()
@group.command("list")
def list_stories(
    context: typer.Context,
    since: Since = None,
    until: Until = None,
    publisher: Publisher = None,
    language: Language = None,
    agency: Agency = None,
    min_publishers: Annotated[
        int | None,
        typer.Option("--min-publishers", min=1, help="Run by at least so many publishers."),
    ] = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List stories, those that changed last on top.

    Examples:

      ingest stories --since 1d --min-publishers 3

      ingest stories --publisher "The Guardian" --json

      ingest stories show 7
    """
    if context.invoked_subcommand is not None:
        return
    from ingest.store.publisher_rows import resolve_publisher
    from ingest.store.story_queries import StoryFilter
    from ingest.store.story_queries import list_stories as query

    moment_now = now()
    with session_of(context).opened(for_reading=True) as database, database.connect() as connection:
        wanted = StoryFilter(
            since=moment(since, moment_now),
            until=moment(until, moment_now),
            publisher=resolve_publisher(connection, publisher) if publisher else None,
            language=language,
            agency=agency,
            min_publishers=min_publishers,
        )
        rows = [row_of(one) for one in query(connection, wanted, limit=limit)]
    if not print_rows(rows, COLUMNS, as_json=as_json):
        session_of(context).say("no stories")


@group.command("show")
def show(
    context: typer.Context,
    story_id: Annotated[int, typer.Argument(metavar="ID", help="The story's id.")],
    as_json: AsJson = False,
) -> None:
    """Show one story like a page.

    Its text, who ran it when, and how each copy differs from it. A story that was merged into
    another one is shown as that one. With --json: the rows of v_articles.

    Examples:

      ingest stories show 7

      ingest why 12 9
    """
    from ingest.cli.story_page import print_story
    from ingest.store import article_queries, story_queries

    with session_of(context).opened(for_reading=True) as database, database.connect() as connection:
        story = story_queries.get_story(connection, story_id)
        if story is None:
            raise UsageError(f"no story with id {story_id}")
        members = story_queries.story_members(connection, story.story_id)
        ids = [member.article_id for member in members]
        articles = article_queries.articles_by_id(connection, ids)
    if as_json:
        print_json(row_of(article) for article in articles)
        return
    print_story(story, members, {one.id: one for one in articles})
