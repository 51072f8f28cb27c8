"""`ingest search`: articles by their words."""

from __future__ import annotations

from typing import Annotated

import typer

from ingest.cli.articles import COLUMNS
from ingest.cli.options import Agency, AsJson, Language, Limit, Publisher, Since, Until, moment
from ingest.cli.output import print_rows
from ingest.cli.rows import row_of
from ingest.cli.session import now, session_of
from ingest.errors import UsageError


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("search")(search)


def search(
    context: typer.Context,
    words: Annotated[list[str], typer.Argument(metavar="WORDS...", help="All of them.")],
    since: Since = None,
    until: Until = None,
    publisher: Publisher = None,
    language: Language = None,
    agency: Agency = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """Find articles by words, the best first.

    In headline, deck, summary and text: all of the words; "a phrase" in quotes, -without, either OR
    or, prefix*.

    Examples:

      ingest search ferry strike

      ingest search '"night train"' --since 1w --language en --json
    """
    from ingest.store.article_queries import ArticleFilter, search_articles
    from ingest.store.publisher_rows import resolve_publisher

    wanted = " ".join(words)
    if not wanted.strip():
        raise UsageError("search: name a word")
    with session_of(context).opened(for_reading=True) as database, database.connect() as connection:
        passing = ArticleFilter(
            since=moment(since, now()),
            until=moment(until, now()),
            publisher=resolve_publisher(connection, publisher) if publisher else None,
            language=language,
            agency=agency,
        )
        found = search_articles(connection, wanted, passing, limit=limit)
    if not print_rows((row_of(one) for one in found), COLUMNS, as_json=as_json):
        session_of(context).say("nothing found")
