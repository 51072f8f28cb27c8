"""`ingest stories pin|split|merge`: what a person decides about stories, for ever."""

from __future__ import annotations

from typing import Annotated

import typer

from ingest.cli.options import AsJson
from ingest.cli.output import Style, print_json, styled
from ingest.cli.session import now, session_of

Reason = Annotated[
    str | None, typer.Option("--reason", metavar="TEXT", help="Why; kept with the decision.")
]


def add_to(group: typer.Typer) -> None:
    """Register the commands under `ingest stories`."""
    group.command("pin")(pin)
    group.command("split")(split)
    group.command("merge")(merge)


def pin(
    context: typer.Context,
    article_ids: Annotated[list[int], typer.Argument(metavar="A B...", help="Articles' ids.")],
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Put articles into one story, whatever their texts say. Whole stories come along.

    The decision holds for ever, through `ingest recluster` too; `stories split` takes it back.

    Examples:

      ingest stories pin 12 9

      ingest stories pin 12 9 --reason "the same report, translated"
    """
    from ingest.store import story_decisions

    with session_of(context).opened() as database:
        story = story_decisions.pin(database, article_ids, now=now(), reason=reason)
    if as_json:
        print_json([{"story_id": story, "article_ids": article_ids}])
        return
    shown = ", ".join(map(str, article_ids))
    print(styled(f"Articles {shown} are one story for good: {story}.", Style.GREEN))


def split(
    context: typer.Context,
    article_id: Annotated[int, typer.Argument(metavar="A", help="The article to take out.")],
    other_id: Annotated[
        int | None, typer.Argument(metavar="[B]", help="One it has to be apart from.")
    ] = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Take article A out of its story into one of its own.

    Apart from all that are in it now. With B: only where B is in that story; else A stays where it
    is, and is never joined with B. The decision holds for ever, through `ingest recluster` too;
    `stories pin` takes it back.

    Examples:

      ingest stories split 12

      ingest stories split 12 9 --reason "another match day"
    """
    from ingest.store import gathering, story_decisions

    given = {article_id} if other_id is None else {article_id, other_id}
    with session_of(context).opened() as database:
        with database.connect() as connection:
            before = gathering.stories_of(connection, given).get(article_id)
        story = story_decisions.split(database, article_id, other_id, now=now(), reason=reason)
    if as_json:
        print_json([{"story_id": story, "article_id": article_id, "story_id_before": before}])
    elif story != before:
        print(styled(f"Article {article_id} left story {before}: it is story {story}", Style.GREEN))
    elif other_id is None:
        print(f"Article {article_id} is alone in story {story} already.")
    else:
        print(f"Articles {article_id} and {other_id} are two stories already, and stay so.")


def merge(
    context: typer.Context,
    story_ids: Annotated[list[int], typer.Argument(metavar="S T...", help="Stories' ids.")],
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Make stories one. The oldest keeps its id, the others redirect to it.

    The decision holds for ever, through `ingest recluster` too: it is kept as one about the first
    articles of the stories, so `stories split` of one of these takes it back.

    Examples:

      ingest stories merge 7 31

      ingest stories merge 7 31 40 --json
    """
    from ingest.store import story_decisions

    with session_of(context).opened() as database:
        story = story_decisions.merge(database, story_ids, now=now(), reason=reason)
    if as_json:
        print_json([{"story_id": story, "story_ids": story_ids}])
        return
    shown = ", ".join(map(str, story_ids))
    print(styled(f"Stories {shown} are one for good: {story}.", Style.GREEN))
