"""`ingest feeds`: what is subscribed."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ingest.cli import simulating
from ingest.cli.options import AsJson
from ingest.cli.output import Column, Style, ago, print_json, print_rows, printable, styled, until
from ingest.cli.progress import Waiting
from ingest.cli.rows import row_of
from ingest.cli.session import Session, now, session_of
from ingest.errors import OpmlError, UsageError

if TYPE_CHECKING:
    from ingest.config import FeedSettings
    from ingest.store.feeds import Feed

group = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="""Subscribe, list, pause, explain feeds.

    Examples:

      ingest feeds add https://news.example/

      ingest feeds list --state failing

      ingest feeds explain news.example
    """,
)

Name = Annotated[str, typer.Argument(metavar="FEED", help="Name, id or URL, or its beginning.")]


def state_style(state: object) -> Style | None:
    """Green for what works, red for what does not, yellow in between."""
    return {"ok": Style.GREEN, "failing": Style.RED, "blocked": Style.RED, "gone": Style.RED}.get(
        str(state), Style.YELLOW
    )


def columns() -> tuple[Column, ...]:
    """The columns of the list of feeds, with times as seen from now."""
    moment = now()
    return (
        Column("feed_id", "ID", right=True),
        Column("name", "FEED", flexible=True),
        Column("publisher", "PUBLISHER", flexible=True, spare=True),
        Column("format", "FORMAT", spare=True),
        Column("state", "STATE", style=state_style),
        Column("last_poll_at", "LAST POLL", ago(moment), spare=True),
        Column("next_poll_at", "NEXT", until(moment)),
        Column("state_evidence", "BECAUSE", flexible=True),
    )


@group.command("list")
def list_feeds(
    context: typer.Context,
    state: Annotated[
        Literal["ok", "failing", "stale", "blocked", "gone", "paused"] | None,
        typer.Option("--state", help="Only those in this state."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the subscribed feeds and how they fare.

    Examples:

      ingest feeds list

      ingest feeds list --state failing --json
    """
    from ingest.store.feed_queries import feed_rows

    session = session_of(context)
    with session.opened(create=True, sync=True) as database, database.connect() as connection:
        rows = [row_of(one) for one in feed_rows(connection, state=state)]
    if not print_rows(rows, columns(), as_json=as_json):
        session.say("no feeds; `ingest feeds add URL` subscribes one")


@group.command("add")
def add(
    context: typer.Context,
    url: Annotated[
        str, typer.Argument(metavar="URL", help="The address of a feed, or of a site that has one.")
    ],
    name: Annotated[str | None, typer.Option("--name", help="What to call it.")] = None,
    publisher: Annotated[str | None, typer.Option("--publisher", help="Who publishes it.")] = None,
    language: Annotated[str | None, typer.Option("--language", help="Its language.")] = None,
    text: Annotated[
        Literal["feed", "page"], typer.Option("--text", help="Where the full text is taken from.")
    ] = "feed",
    first: Annotated[
        bool, typer.Option("--first", help="Of several feeds of a site, take the first.")
    ] = False,
    no_check: Annotated[
        bool, typer.Option("--no-check", help="Subscribe URL as it is, without asking the network.")
    ] = False,
) -> None:
    """Subscribe a feed. It is polled at the daemon's next look, or by `ingest fetch`.

    Where URL is a web page, the feeds it names are looked for, then the usual places of its site.
    Of several feeds none is subscribed: they are listed, to choose from.

    Examples:

      ingest feeds add https://www.example.org/feed.xml

      ingest feeds add https://www.example.org/ --first

      ingest feeds add https://www.example.org/feed.xml --name example --text page
    """
    from ingest.cli.polling import checked_url
    from ingest.config import FeedSettings
    from ingest.config.checks import check_feed
    from ingest.store import feeds

    wanted = FeedSettings(
        url=checked_url(url), name=name, publisher=publisher, language=language, text=text
    )
    check_feed(wanted, "feeds add")
    session = session_of(context)
    with session.opened(create=True, sync=True) as database:
        with database.connect() as connection:
            feeds.refuse_known(connection, wanted)  # before the network is asked
        if not no_check:
            wanted = _found(session, wanted, first=first)
        with database.begin() as connection:
            added = feeds.add(connection, wanted, now=now())
    found = f" (found at {printable(url)})" if wanted.url != url else ""
    session.say(f"Subscribed {printable(added.name)}: {printable(added.url)}{found}")


def _found(session: Session, wanted: FeedSettings, *, first: bool) -> FeedSettings:
    """`wanted` with the address of the feed behind its URL; of several, they are listed."""
    from ingest.cli.discovering import CANDIDATE_COLUMNS, feeds_behind
    from ingest.fetch.discover import FoundBy

    with Waiting(f"looking for the feeds of {printable(wanted.url)}", is_quiet=session.is_quiet):
        candidates = feeds_behind(wanted.url, session.settings)
    if candidates[0].found_by is FoundBy.ITSELF:
        return wanted  # where it redirects to is for the polls to find out, and to believe
    if len(candidates) > 1 and not first:
        print_rows([row_of(one) for one in candidates], CANDIDATE_COLUMNS, as_json=False)
        raise UsageError(
            f"{wanted.url} has {len(candidates)} feeds: add one of them, or say --first"
        )
    return dataclasses.replace(wanted, url=candidates[0].url)


@group.command("revert")
def revert(context: typer.Context, feed: Name) -> None:
    """Poll a feed where it was polled before it moved. It is not moved there again by itself.

    Examples:

      ingest feeds revert example
    """
    from ingest.model import FeedState
    from ingest.store import feed_standing, feeds, moving

    session = session_of(context)
    with session.opened(sync=True) as database, database.begin() as connection:
        found = feeds.find(connection, feed)
        url = moving.revert(connection, found.feed_id, now())
        feeds.forget_document(connection, found.feed_id)  # it is another server's
        if found.schedule.state is not FeedState.PAUSED:
            feed_standing.resume(connection, found.feed_id, now())
    session.say(f"{printable(found.name)} is polled at {printable(url)} again")


@group.command("remove")
def remove(context: typer.Context, feed: Name) -> None:
    """Unsubscribe a feed. What it brought stays in the database.

    Examples:

      ingest feeds remove example
    """
    from ingest.store import feed_standing, feeds

    session = session_of(context)
    with session.opened(sync=True) as database, database.begin() as connection:
        found = feeds.find(connection, feed)
        _refuse_if_in_config(session, found)
        feed_standing.remove(connection, found.feed_id, now())
    session.say(f"Unsubscribed {printable(found.name)}")


def _refuse_if_in_config(session: Session, feed: Feed) -> None:
    if any(one.url in (feed.url, feed.settings.url) for one in session.settings.feeds):
        raise UsageError(f"{feed.name}: take it out of {session.config_path}, where it is listed")


@group.command("pause")
def pause(
    context: typer.Context,
    feed: Name,
    reason: Annotated[str | None, typer.Option("--reason", help="Kept with the feed.")] = None,
) -> None:
    """Poll a feed no more until it is resumed.

    Examples:

      ingest feeds pause example --reason "moving house"
    """
    from ingest.store import feed_standing, feeds

    session = session_of(context)
    with session.opened(sync=True) as database, database.begin() as connection:
        found = feeds.find(connection, feed)
        feed_standing.pause(connection, found.feed_id, now(), reason)
    session.say(f"Paused {printable(found.name)}; `ingest feeds resume` polls it again")


@group.command("resume")
def resume(context: typer.Context, feed: Name) -> None:
    """Poll a feed again, as if it had never failed: it is due at once.

    Examples:

      ingest feeds resume example
    """
    from ingest.store import feed_standing, feeds

    session = session_of(context)
    with session.opened(sync=True) as database, database.begin() as connection:
        found = feeds.find(connection, feed)
        feed_standing.resume(connection, found.feed_id, now())
    session.say(f"Resumed {printable(found.name)}: due now")


@group.command("import")
def import_opml(
    context: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help="An OPML file, or - for stdin.")],
) -> None:
    """Subscribe the feeds of an OPML file.

    Those that are subscribed already stay as they are.

    Examples:

      ingest feeds import subscriptions.opml
    """
    from ingest.cli.opml import MAX_BYTES, MAX_SHOWN_SKIPPED, read_opml
    from ingest.cli.subscribing import subscribe_all

    try:
        if file == "-":
            data = sys.stdin.buffer.read(MAX_BYTES + 1)
        else:
            with Path(file).open("rb") as opened:
                data = opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise OpmlError(f"{file}: cannot be read: {error.strerror}") from None
    listed = read_opml(data, file)
    session = session_of(context)
    with session.opened(create=True, sync=True) as database:
        added = subscribe_all(database, listed.feeds, now())
    for url in listed.skipped[:MAX_SHOWN_SKIPPED]:
        typer.echo(f"skipped, no http(s):// URL: {printable(url)}", err=True)
    if len(listed.skipped) > MAX_SHOWN_SKIPPED:
        typer.echo(f"skipped {len(listed.skipped) - MAX_SHOWN_SKIPPED} more", err=True)
    known = len(listed.feeds) - len(added)
    session.say(f"Subscribed {len(added)} feeds" + (f", {known} were already" if known else ""))


@group.command("export")
def export_opml(
    context: typer.Context,
    file: Annotated[
        str, typer.Argument(metavar="[FILE]", help="Where to write it; - for stdout.")
    ] = "-",
) -> None:
    """Write the subscribed feeds as OPML.

    Examples:

      ingest feeds export > subscriptions.opml
    """
    from ingest.cli.opml import Outline, write_opml
    from ingest.store import feeds

    session = session_of(context)
    with session.opened(sync=True) as database, database.connect() as connection:
        listed = feeds.list_feeds(connection)
    text = write_opml(
        (
            Outline(
                url=feed.url,
                name=feed.name,
                title=feed.title,
                site_url=feed.site_url,
                publisher=feed.publisher,
                language=feed.settings.language,
            )
            for feed in listed
        ),
        now=now(),
    )
    if file == "-":
        sys.stdout.write(text)
        return
    try:
        Path(file).write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{file}: cannot be written: {error.strerror}") from None
    session.say(f"Wrote {len(listed)} feeds to {file}")


@group.command("explain")
def explain(context: typer.Context, feed: Name, as_json: AsJson = False) -> None:
    """Say how a feed fares and why it is polled when it is.

    Every term of its schedule, and the last polls.

    Examples:

      ingest feeds explain example

      ingest feeds explain example --json | jq .terms
    """
    from ingest.cli.explaining import (
        explanation_row,
        print_explanation,
        print_former_urls,
        terms_of,
    )
    from ingest.store import feeds, moving, websub
    from ingest.store.feed_queries import poll_rows

    session = session_of(context)
    with session.opened(sync=True) as database, database.connect() as connection:
        found = feeds.find(connection, feed)
        polls = poll_rows(connection, feed_id=found.feed_id, limit=5)
        former = moving.former_urls(connection, found.feed_id)
        pushes = websub.last_pushes(connection, [found.feed_id], now())
    is_pushed = websub.is_trusted(pushes.get(found.feed_id), found.schedule.last_news_at)
    terms = terms_of(found, session.settings.schedule, is_pushed=is_pushed)
    if as_json:
        print_json([explanation_row(found, polls, terms, former)])
        return
    print(styled(printable(found.name), Style.BOLD), printable(found.url))
    print_explanation(found, polls, terms, now())
    print_former_urls(former)


simulating.add_to(group)
