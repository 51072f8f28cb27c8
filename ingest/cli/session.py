"""What every command needs: the settings as the command line has them, and the database."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from ingest.config import Settings, find, load

if TYPE_CHECKING:
    import typer

    from ingest.store.engine import Database


@dataclass
class Session:
    """One call of the program. Settings and database are read when first asked for."""

    config: Path | None  # --config
    database_url: str | None  # --database
    is_quiet: bool
    environ: Mapping[str, str]

    @cached_property
    def config_path(self) -> Path | None:
        """The config file in use; None where the defaults alone apply."""
        return find(self.config, self.environ)

    @cached_property
    def settings(self) -> Settings:
        """The config file under the environment under the command line. Raises ConfigError."""
        environ = dict(self.environ)
        if self.database_url is not None:
            environ["INGEST_DATABASE__URL"] = self.database_url
        return load(self.config_path, environ)

    def anew(self) -> Session:
        """The same call with nothing read yet: for SIGHUP. This one stays as it is."""
        return Session(self.config, self.database_url, self.is_quiet, self.environ)

    @property
    def has_no_database(self) -> bool:
        """Whether the database is a file that does not exist yet."""
        scheme, _, path = self.settings.database.url.partition(":///")
        return scheme == "sqlite" and not Path(path).exists()

    @contextmanager
    def scratch(self) -> Iterator[Session]:
        """A session over a database that is thrown away at the end."""
        with TemporaryDirectory(prefix="ingest-") as folder:
            url = f"sqlite:///{folder}/scratch.db"
            yield Session(self.config, url, self.is_quiet, self.environ)

    @contextmanager
    def opened(
        self, *, create: bool = False, sync: bool = False, for_reading: bool = False
    ) -> Iterator[Database]:
        """The database, closed at the end.

        `create` makes one that is not there yet, `sync` brings its feeds in line with the config
        file (without a config file there is nothing to be in line with). `for_reading` is the
        replica that `database.read_url` names, if it does and no --database is given.
        """
        from ingest.store.engine import open_database

        own = self.settings.database
        has_replica = for_reading and own.read_url is not None and self.database_url is None
        database = open_database(
            own.read_url if has_replica and own.read_url is not None else own.url,
            busy_timeout_seconds=self.settings.database.busy_timeout_seconds,
            create=create,
        )
        try:
            if sync:
                self.sync_feeds(database)
            yield database
        finally:
            database.close()

    def sync_feeds(self, database: Database) -> None:
        """Subscribe the config file's feeds, and drop those it no longer has."""
        import os
        import socket

        from ingest.store.config_feeds import Origin, sync_config_feeds

        if self.config_path is not None:
            origin = Origin(socket.gethostname(), str(self.config_path.resolve()))
            with database.begin() as connection:
                sync_config_feeds(
                    connection, self.settings.feeds, now(), origin=origin, is_there=os.path.exists
                )

    def say(self, message: str) -> None:
        """Tell the user something that is no result: on stderr, unless --quiet."""
        if not self.is_quiet:
            sys.stderr.write(f"{message}\n")
            sys.stderr.flush()


def session_of(context: typer.Context) -> Session:
    """The session of the running command."""
    found = context.find_object(Session)
    assert found is not None, "the callback of the app makes one before any command runs"
    return found


def now() -> datetime:
    """The time of day, aware and in UTC: the one place where commands reach for it."""
    return datetime.now(UTC)
