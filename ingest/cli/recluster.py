"""`ingest recluster`: today's rules over the articles that are stored."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ingest.cli.options import Address, AsJson, EngineOption, Processes, Since, moment
from ingest.cli.output import Column, Row, print_json, print_rows
from ingest.cli.progress import Progress
from ingest.cli.session import Session, now, session_of
from ingest.engines import EngineName
from ingest.errors import UsageError

if TYPE_CHECKING:
    from ingest.store.recluster import Reclustered

LISTED = 50  # rows of the table; --json has them all

COLUMNS = (
    Column("change", "CHANGE"),
    Column("story_id", "STORY", right=True),
    Column("others", "OF OR INTO", flexible=True),
)


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("recluster")(recluster)


def recluster(
    context: typer.Context,
    since: Since = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would change, and change nothing.")
    ] = False,
    restart: Annotated[
        bool, typer.Option("--restart", help="Begin anew, though a run was interrupted.")
    ] = False,
    archive: Annotated[
        Path | None,
        typer.Option("--from", metavar="DIR", help="Of this archive (`ingest export`)."),
    ] = None,
    into: Annotated[
        Path | None,
        typer.Option(
            "--into", metavar="DIR", help="With --from: where its stories go; a new folder."
        ),
    ] = None,
    engine: EngineOption = EngineName.LOCAL,
    address: Address = None,
    processes: Processes = None,
    as_json: AsJson = False,
) -> None:
    """Build the stories again from the stored articles.

    By the rules of this version. Stories keep their ids where their first articles found them
    again; what was pinned, split or merged by hand stays so. It ends when every article is in a
    story. Until then those that wait are in none; stopped in between, it is finished by the next
    call, or by `ingest run`. A dry run holds the database's write lock all the time. It uses all
    cores, or a Ray cluster that reaches the database; the stories are the same. With --json: one
    object.

    With --from, an archive outside the database is re-clustered and --into has what the database
    would get: members (which story each article is in), stories and matches, in the archive's own
    format. Interrupted, the same command goes on.

    Examples:

      ingest recluster --since 2d --dry-run

      ingest recluster

      ingest recluster --engine ray --address auto

      ingest recluster --since 1w --json | jq .merged

      ingest recluster --from archive/ --into stories/
    """
    from ingest.engines import opened
    from ingest.store import recluster as store

    if (archive is None) is not (into is None):
        raise UsageError("--from and --into go together: an archive, and a new folder")
    session = session_of(context)
    at = now()
    from_when = moment(since, at)
    listed = None if as_json else LISTED
    if archive is not None and into is not None:
        from ingest.recluster_archive import recluster_archive

        with (
            Progress("articles", is_quiet=session.is_quiet) as progress,
            opened(engine, address=address, processes=processes) as somewhere,
        ):
            done = recluster_archive(
                archive,
                into,
                session.settings,
                at,
                since=from_when,
                dry_run=dry_run,
                engine=somewhere,
                listed=listed,
                progress=progress,
            )
        _tell(session, done, dry_run=dry_run, as_json=as_json)
        return
    with session.opened() as database:
        try:
            with (
                Progress("articles", is_quiet=session.is_quiet) as progress,
                opened(engine, address=address, processes=processes) as somewhere,
            ):
                done = store.recluster(
                    database,
                    now=at,
                    settings=session.settings.dedupe,
                    since=from_when,
                    dry_run=dry_run,
                    restart=restart,
                    engine=somewhere,
                    listed=listed,
                    progress=progress,
                )
        except KeyboardInterrupt:
            left = store.articles_left(database)
            if left:
                session.say(f"{left:,} articles are in no story yet: `ingest recluster` goes on")
            raise
    _tell(session, done, dry_run=dry_run, as_json=as_json)


def _tell(session: Session, done: Reclustered, *, dry_run: bool, as_json: bool) -> None:
    if as_json:
        print_json([{**dataclasses.asdict(done), "dry_run": dry_run}])
        return
    rows = _rows(done)
    print_rows(rows[:LISTED], COLUMNS, as_json=False)
    changes = done.merged_stories + done.split_stories
    if changes > LISTED:
        session.say(f"… and {changes - LISTED:,} more; --json has them all")
    session.say(_summary(done, dry_run=dry_run))


def _rows(done: Reclustered) -> list[Row]:
    return [
        {"change": change, "story_id": one.story_id, "others": ", ".join(map(str, one.others))}
        for change, some in (("merged from", done.merged), ("split into", done.split))
        for one in some
    ]


def _summary(done: Reclustered, *, dry_run: bool) -> str:
    if done.resumed:
        return (
            f"finished an interrupted run: {done.articles:,} articles are in"
            f" {done.stories_after:,} stories; --restart begins anew"
        )
    would = "would be" if dry_run else "are now"
    return (
        f"{done.articles:,} articles: {done.stories_before:,} stories {would}"
        f" {done.stories_after:,}, {done.merged_stories:,} by merging others,"
        f" {done.split_stories:,} were split"
    )
