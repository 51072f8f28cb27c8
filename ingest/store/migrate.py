"""Bringing a database's schema up to date or back, with the migrations that came with the program.

Alembic is configured here, without an ini file: in a checkout the migrations lie in the top-level
folder `migrations/`, in an installed wheel in `ingest/_migrations`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import ingest
from ingest.errors import DatabaseNotReady, DatabaseTooNew, UsageError
from ingest.store import schema_version, views
from ingest.store.engine import Database

if TYPE_CHECKING:
    from alembic.config import Config
    from alembic.script import ScriptDirectory
    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema: its revision, the one before it, and what it is about."""

    revision: str
    down_revision: str | None
    subject: str


def folder() -> Path:
    """Where the migrations lie. Raises DatabaseNotReady for a broken installation."""
    package = Path(ingest.__file__).parent
    for candidate in (package / "_migrations", package.parent / "migrations"):
        if (candidate / "env.py").is_file():
            return candidate
    raise DatabaseNotReady("this installation has no migrations; install ingest again")


def history() -> list[Migration]:
    """All migrations, oldest first."""
    scripts = _scripts()
    found = [
        Migration(script.revision, script.down_revision, script.doc)
        for script in scripts.walk_revisions()
        if script.down_revision is None or isinstance(script.down_revision, str)
    ]
    return found[::-1]


def upgrade(database: Database, revision: str = "head") -> list[str]:
    """Bring the schema to `revision`; the revisions that were applied, in order.

    Raises DatabaseTooNew, and UsageError for a revision that does not exist.
    """
    from alembic import command

    known = [migration.revision for migration in history()]
    target = _resolve(revision, known)
    before = _need_known(database, known)
    with database.begin() as connection:
        command.upgrade(_config(connection), target)
        if target == known[-1] and connection.dialect.name == "postgresql":
            # Comments belong to the program, not to a step of the schema.
            for statement in views.comment_statements():
                connection.exec_driver_sql(statement.replace("%", "%%"))
    first = 0 if before is None else known.index(before) + 1
    return known[first : known.index(target) + 1]


def downgrade(database: Database, revision: str) -> list[str]:
    """Bring the schema back to `revision` (`base`: nothing left); the revisions undone, in order.

    What a newer schema holds and an older one cannot is lost. Raises DatabaseTooNew, UsageError.
    """
    from alembic import command

    known = [migration.revision for migration in history()]
    target = revision if revision == "base" else _resolve(revision, known)
    before = _need_known(database, known)
    if before is None:
        return []
    with database.begin() as connection:
        command.downgrade(_config(connection), target)
    kept = 0 if target == "base" else known.index(target) + 1
    return known[kept : known.index(before) + 1][::-1]


def current(database: Database) -> str | None:
    """The revision the database is at; None: it has no schema of ours."""
    return schema_version.current(database)


def _resolve(revision: str, known: list[str]) -> str:
    if revision == "head":
        return known[-1]
    if revision not in known:
        raise UsageError(f"no migration {revision!r}; there are {', '.join(known)}")
    return revision


def _need_known(database: Database, known: list[str]) -> str | None:
    version = current(database)
    if version is not None and version not in known:
        raise DatabaseTooNew(
            f"{database.url}: schema {version} was written by a later version of ingest,"
            f" this one knows {known[-1]}; nothing was touched"
        )
    return version


def _config(connection: Connection | None = None) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(folder()).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _scripts() -> ScriptDirectory:
    from alembic.script import ScriptDirectory

    return ScriptDirectory.from_config(_config())
