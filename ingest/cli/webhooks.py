"""`ingest webhooks`: how the receivers of the change stream fare, and trying one."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from ingest.cli.options import AsJson
from ingest.cli.output import Column, Row, Style, ago, print_rows, printable, until
from ingest.cli.session import Session, now, session_of
from ingest.errors import FetchError, UsageError

if TYPE_CHECKING:
    from ingest.config import WebhookSettings
    from ingest.store.engine import Database

group = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="""The receivers of the change stream: [[webhooks]].

    Examples:

      ingest webhooks list

      ingest webhooks test desk
    """,
)


@group.command("list")
def list_webhooks(context: typer.Context, as_json: AsJson = False) -> None:
    """List the webhooks of the config.

    How far each has got, and what is wrong.

    Examples:

      ingest webhooks list

      ingest webhooks list --json
    """
    session = session_of(context)
    if not session.settings.webhooks:
        session.say("no webhook: [[webhooks]] in the config names them")
        return
    moment = now()
    with session.opened() as database:
        rows = [_row(database, one) for one in session.settings.webhooks]
    columns = (
        Column("name", "NAME"),
        Column("state", "STATE", style=_state_style),
        Column("events", "EVENTS", right=True),
        Column("delivered_at", "LAST TAKEN", ago(moment), spare=True),
        Column("waiting_since", "WAITING SINCE", ago(moment), spare=True),
        Column("next_at", "NEXT ATTEMPT", until(moment)),
        Column("detail", "DETAIL", flexible=True),
    )
    print_rows(rows, columns, as_json=as_json)


@group.command("test")
def test(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of the webhook.")],
) -> None:
    """Send a signed message without events, and say what came back. Nothing is stored.

    Exits 1 where the receiver did not answer 2xx.

    Examples:

      ingest webhooks test desk
    """
    from ingest.schedule.webhooks import ping

    session = session_of(context)
    webhook = _configured(session, name)
    try:
        status = asyncio.run(ping(session.settings, webhook, now(), session.environ))
    except FetchError as error:
        raise FetchError(f"{name}: {error}", error.outcome, status=error.status) from error
    print(f"{name}: answered {status}")


@group.command("skip")
def skip(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of the webhook.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do it: what waits is not delivered.")] = False,
) -> None:
    """Leave out what waits for a webhook.

    It goes on with what happens from now on.

    Examples:

      ingest webhooks skip desk --yes
    """
    from ingest.store import webhooks

    session = session_of(context)
    webhook = _configured(session, name)
    if not yes:
        raise UsageError("webhooks skip: what waits is not delivered by it; say --yes to do it")
    with session.opened() as database, database.begin() as connection:
        webhooks.skip(connection, webhook.name, now())
    session.say(f"{name}: goes on with what happens from now on")


def _configured(session: Session, name: str) -> WebhookSettings:
    import difflib

    known = {one.name: one for one in session.settings.webhooks}
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"the config has {', '.join(known) or 'none'}"
    raise UsageError(f"no webhook {printable(name)!r}: {hint}")


def _row(database: Database, webhook: WebhookSettings) -> Row:
    from ingest.cli.rows import row_of
    from ingest.model import ChangeKind
    from ingest.store import webhooks

    kinds = [ChangeKind(kind) for kind in webhook.kinds]
    with database.connect() as connection:
        found = webhooks.find(connection, webhook.name, kinds)
    if found is None:
        return {"name": webhook.name, "state": "new", "detail": "`ingest run` begins with it"}
    state = "failing" if found.failing_since else "waiting" if found.waiting_since else "ok"
    shown = {**row_of(found), "state": state}
    if not found.failing_since:
        shown["next_at"] = None
    return shown


def _state_style(value: object) -> Style | None:
    return {"failing": Style.RED, "ok": Style.GREEN}.get(str(value))
