"""`ingest db`: the schema of the database."""

from __future__ import annotations

from typing import Annotated

import typer

from ingest.cli import copying
from ingest.cli.session import session_of

group = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="""Look at or change the database's schema, or copy the database.

    Examples:

      ingest db current

      ingest db upgrade
    """,
)


@group.command("upgrade")
def upgrade(context: typer.Context) -> None:
    """Bring the database to the schema of this program, or make it.

    Examples:

      ingest db upgrade

      ingest --database postgresql+psycopg://user@host/news db upgrade
    """
    from ingest.store import migrate, schema_version
    from ingest.store.engine import connect_only

    session = session_of(context)
    database = connect_only(session.settings.database.url, create=True)
    try:
        migrate.upgrade(database)
        session.say(f"{database.url}: schema {schema_version.current(database)}")
    finally:
        database.close()


@group.command("current")
def current(context: typer.Context) -> None:
    """Print the schema's version, and the one this program writes.

    Examples:

      ingest db current
    """
    from ingest.store import schema_version
    from ingest.store.engine import connect_only

    database = connect_only(session_of(context).settings.database.url)
    try:
        version = schema_version.current(database)
    finally:
        database.close()
    note = "" if version == schema_version.HEAD else f" (this program: {schema_version.HEAD})"
    print(f"{version or 'no schema'}{note}")


@group.command("downgrade")
def downgrade(
    context: typer.Context,
    version: Annotated[str, typer.Argument(metavar="VERSION", help="Such as 0001, or base.")],
    yes: Annotated[
        bool, typer.Option("--yes", help="Do it: what the newer schema added is lost.")
    ] = False,
) -> None:
    """Take the schema back to an older version. What newer versions added is lost.

    Examples:

      ingest db downgrade 0001 --yes
    """
    from ingest.errors import UsageError
    from ingest.store import migrate, schema_version
    from ingest.store.engine import connect_only

    if not yes:
        raise UsageError("db downgrade: data is lost by it; say --yes to do it")
    session = session_of(context)
    database = connect_only(session.settings.database.url)
    try:
        migrate.downgrade(database, version)
        session.say(f"{database.url}: schema {schema_version.current(database) or 'removed'}")
    finally:
        database.close()


copying.add_to(group)
