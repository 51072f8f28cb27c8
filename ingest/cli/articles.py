"""`ingest articles`: what the feeds carried, and everything about one article."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Annotated

import typer

from ingest.cli import revisions
from ingest.cli.options import Agency, AsJson, Language, Limit, Publisher, Since, Until, moment
from ingest.cli.output import (
    Column,
    Style,
    minute,
    print_json,
    print_rows,
    printable,
    styled,
    terminal_width,
)
from ingest.cli.rows import row_of
from ingest.cli.session import now, session_of
from ingest.errors import UsageError

if TYPE_CHECKING:
    from ingest.store.article_queries import ArticlePage

PAGE_WIDTH = 100  # columns: lines longer than that are hard to read

COLUMNS = (
    Column("id", "ID", right=True),
    Column("first_seen_at", "FIRST SEEN", minute, spare=True),
    Column("publisher", "PUBLISHER"),
    Column("language", "LANG", spare=True),
    Column("word_count", "WORDS", right=True, spare=True),
    Column("story_id", "STORY", right=True),
    Column("headline", "HEADLINE", flexible=True),
)

REMOVED = (Column("reason", "REASON"), Column("text", "TEXT", flexible=True))

group = typer.Typer(
    invoke_without_command=True,
    rich_markup_mode=None,
    help="""List articles, or show one: `articles show ID`.

    Examples:

      ingest articles --since 2h

      ingest articles show 42

      ingest articles diff 42
    """,
)


@group.callback()
@group.command("list")
def list_articles(
    context: typer.Context,
    since: Since = None,
    until: Until = None,
    publisher: Publisher = None,
    feed: Annotated[
        str | None, typer.Option("--feed", metavar="FEED", help="Seen in this feed.")
    ] = None,
    language: Language = None,
    agency: Agency = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List articles, those first seen last on top.

    Examples:

      ingest articles --since 2h

      ingest articles --publisher "BBC News" --language en --json

      ingest articles show 42
    """
    if context.invoked_subcommand is not None:
        return
    from ingest.store import feeds
    from ingest.store.article_queries import ArticleFilter
    from ingest.store.article_queries import list_articles as query
    from ingest.store.publisher_rows import resolve_publisher

    moment_now = now()
    with session_of(context).opened(for_reading=True) as database, database.connect() as connection:
        wanted = ArticleFilter(
            since=moment(since, moment_now),
            until=moment(until, moment_now),
            publisher=resolve_publisher(connection, publisher) if publisher else None,
            feed_id=feeds.find(connection, feed).feed_id if feed is not None else None,
            language=language,
            agency=agency,
        )
        rows = [row_of(one) for one in query(connection, wanted, limit=limit)]
    if not print_rows(rows, COLUMNS, as_json=as_json):
        session_of(context).say("no articles")


@group.command("show")
def show(
    context: typer.Context,
    article_id: Annotated[int, typer.Argument(metavar="ID", help="The article's id.")],
    removed: Annotated[
        bool, typer.Option("--removed", help="Only what was removed as boilerplate, and why.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show one article like a page.

    Its text, where it was seen, its versions, and what was removed.

    Examples:

      ingest articles show 42

      ingest articles show 42 --removed

      ingest articles show 42 --json | jq -r .body_text
    """
    from ingest.store.article_queries import article_page

    with session_of(context).opened(for_reading=True) as database, database.connect() as connection:
        page = article_page(connection, article_id)
    if page is None:
        raise UsageError(f"no article with id {article_id}")
    if removed:
        if not print_rows((row_of(one) for one in page.removed), REMOVED, as_json=as_json):
            session_of(context).say(f"nothing was removed from article {article_id}")
    elif as_json:
        print_json([row_of(page.article)])
    else:
        _print_page(page)


def _print_page(page: ArticlePage) -> None:
    article = page.article
    width = min(terminal_width() or PAGE_WIDTH, PAGE_WIDTH)

    def say(text: str, style: Style | None = None, indent: str = "") -> None:
        for line in textwrap.wrap(
            printable(text), width, initial_indent=indent, subsequent_indent=indent
        ) or [""]:
            print(styled(line, style))

    def fact(name: str, value: object) -> None:
        if value not in (None, "", []):
            print(f"{styled(f'{name:12}', Style.DIM)} {printable(str(value))}")

    say(article.headline, Style.BOLD)
    if article.alternative_headline:
        say(article.alternative_headline)
    print()
    fact("publisher", f"{article.publisher} (feed {page.feed})")
    fact("byline", article.byline)
    fact("agency", article.source_agency)
    fact("dateline", article.dateline)
    fact("published", f"{minute(article.published_at) or '-'} ({article.published_quality})")
    after = f", not there yet at {minute(page.first_seen_after)}" if page.first_seen_after else ""
    fact("first seen", f"{minute(article.first_seen_at)}{after}")
    fact("url", article.url)
    fact("language", article.language)
    fact("image", article.image_url)
    fact("caption", article.image_caption)
    fact("credit", article.image_credit)
    fact("story", article.story_id)
    text = article.body_text or article.summary
    for paragraph in (text or "").split("\n\n"):
        print()
        say(paragraph)
    if len(page.versions) > 1:
        print()
        print(styled("Versions", Style.BOLD))
        for version in page.versions:
            say(f"{version.number}  {minute(version.seen_at)}  {version.headline}", indent="  ")
    if len(page.sightings) > 1:
        print()
        print(styled("Seen in", Style.BOLD))
        for sighting in page.sightings:
            say(f"{minute(sighting.first_seen_at)}  {sighting.feed}", indent="  ")
    if page.removed:
        print()
        print(styled("Removed as boilerplate", Style.BOLD))
        for removed in page.removed:
            say(f"{removed.reason}: {removed.text}", Style.DIM, indent="  ")


revisions.add_to(group)
