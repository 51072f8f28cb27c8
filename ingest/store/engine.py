"""Opening the database: SQLite by default, PostgreSQL by URL, the same for everyone above.

SQLite runs in WAL mode with `synchronous=NORMAL`: a committed poll survives any crash of the
process; a power cut may undo the last commits, never corrupt the file. What a power cut undoes is
undone whole, validators included, so those feeds are polled again as if the lost polls had not
been: nothing is marked done that is not stored (https://sqlite.org/pragma.html#pragma_synchronous).
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NoReturn

from sqlalchemy import Connection as Connection  # re-exported: others name it, none speak SQL
from sqlalchemy import Engine, create_engine, event, exc
from sqlalchemy.engine import URL, make_url

from ingest.errors import ConfigError, DatabaseError, DatabaseUnreachable

# What is not in these caches comes from the system's own cache of the file. The process has three
# connections or more, so they have a limit together; the one that was used last is used next, which
# is mostly the writer's, and has most of it. Twice as much made no cold round cheaper (2026-11).
_CACHE_KB = 16_384  # of each connection
_CACHES_BYTES = 20 << 20  # of all (https://sqlite.org/pragma.html#pragma_soft_heap_limit)
WRITES = "ingest_writes"  # execution option: this transaction takes the write lock at once


@dataclass(frozen=True, slots=True)
class Database:
    """An opened database. `begin` writes, `connect` reads; both raise the errors of `errors.py`."""

    engine: Engine
    url: str  # without its password

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self.engine.dialect.name

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A write transaction: committed at the end, rolled back by an exception.

        On SQLite the write lock is taken at the start (BEGIN IMMEDIATE), so that a transaction
        that has read never fails when it comes to write.
        """
        with translated_errors(self.url), self.engine.connect() as connection:
            writing = connection.execution_options(**{WRITES: True})
            with writing.begin():
                yield writing

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """A connection to read from: one consistent picture on SQLite, nothing is committed."""
        with translated_errors(self.url), self.engine.connect() as connection:
            yield connection

    def close(self) -> None:
        """Give all connections back to the system."""
        self.engine.dispose()


def open_database(
    url: str, *, busy_timeout_seconds: float = 30.0, create: bool = False, upgrade: bool = False
) -> Database:
    """Open the database at `url` and make sure its schema is the one this program writes.

    `create`: an SQLite file that does not exist yet is created and an empty database is given its
    schema. `upgrade`: an older schema is brought up to date. Raises DatabaseUnreachable,
    DatabaseNotReady (no schema, or an older one), DatabaseTooNew, ConfigError (the URL).
    """
    from ingest.store import schema_version  # reads the migrations: not needed to import this file

    database = connect_only(url, busy_timeout_seconds=busy_timeout_seconds, create=create)
    try:
        schema_version.ensure(database, create=create, upgrade=upgrade)
    except BaseException:
        database.close()
        raise
    return database


def connect_only(url: str, *, busy_timeout_seconds: float = 30.0, create: bool = False) -> Database:
    """Open the database without looking at its schema (for `ingest db …`)."""
    parsed = _parsed(url)
    shown = make_url(url).render_as_string(hide_password=True)
    if parsed.get_backend_name() == "sqlite":
        _need_sqlite_file(parsed, create=create)
        engine = _sqlite_engine(parsed, busy_timeout_seconds)
    else:
        engine = _postgresql_engine(parsed, busy_timeout_seconds)
    database = Database(engine, shown)
    try:
        with database.connect():
            pass
    except BaseException:
        database.close()
        raise
    return database


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
        backend = parsed.get_backend_name()
    except exc.ArgumentError:
        raise ConfigError(
            "database url: not a URL; write sqlite:///path/to/file.db"
            " or postgresql://user@host/name"
        ) from None
    if backend in ("postgres", "postgresql"):
        return parsed.set(drivername="postgresql+psycopg")
    if backend == "sqlite":
        return parsed.set(drivername="sqlite+pysqlite")
    raise ConfigError(f"database url: {backend!r} is not known; sqlite and postgresql are")


def _need_sqlite_file(url: URL, *, create: bool) -> None:
    if not url.database or url.database == ":memory:":
        return
    path = Path(url.database)
    if create:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DatabaseUnreachable(f"{path}: {error.strerror}") from error
    elif not path.exists():
        raise DatabaseUnreachable(
            f"{path}: no such database yet: `ingest fetch --all` or `ingest run` makes it"
        )


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_encode_once = lru_cache(maxsize=4_096)(_encode)


def to_json(value: Any) -> str:
    """A value as it is stored in a JSON column. A tuple is one of texts: authors, sections, tags.

    Those recur from article to article, and are written once.
    """
    return _encode_once(value) if type(value) is tuple else _encode(value)


def _sqlite_engine(url: URL, busy_timeout_seconds: float) -> Engine:
    # Ctrl-C in a query closes its connection, and then its cursor in vain: no news to anybody.
    logging.getLogger("sqlalchemy.pool").setLevel(logging.CRITICAL)
    engine = create_engine(
        url,
        json_serializer=to_json,
        connect_args={"timeout": busy_timeout_seconds, "check_same_thread": False},
        pool_use_lifo=True,
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # the driver begins nothing: `_begin` below does
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=NORMAL",
            "foreign_keys=ON",
            "temp_store=MEMORY",
            f"cache_size=-{_CACHE_KB}",
            f"soft_heap_limit={_CACHES_BYTES}",
            "journal_size_limit=67108864",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _postgresql_engine(url: URL, busy_timeout_seconds: float) -> Engine:
    options = f"-c timezone=UTC -c lock_timeout={int(busy_timeout_seconds * 1000)}"
    given = url.query.get("options")
    if isinstance(given, str):
        options = f"{options} {given}"
    engine = create_engine(
        url.update_query_dict({"options": options}),
        json_serializer=to_json,
        pool_pre_ping=True,
        connect_args={"connect_timeout": 10, "application_name": "ingest"},
    )

    @event.listens_for(engine, "handle_error")
    def _notice_failover(context: Any) -> None:
        """Leave a server that only lets read: it is no primary any more, or not yet.

        Its connections are as good as lost; the URL will lead to the new primary.
        """
        if getattr(context.original_exception, "sqlstate", None) == _READ_ONLY:
            context.is_disconnect = True

    return engine


_READ_ONLY = "25006"  # https://www.postgresql.org/docs/current/errcodes-appendix.html


@contextmanager
def translated_errors(shown_url: str) -> Iterator[None]:
    """The driver's exceptions as ours, each with one line that holds no password."""
    try:
        yield
    except exc.DBAPIError as error:
        _raise_ours(error, shown_url)
    except exc.TimeoutError as error:
        raise DatabaseUnreachable(f"{shown_url}: no free connection in time") from error


def _raise_ours(error: exc.DBAPIError, shown_url: str) -> NoReturn:
    lines = str(error.orig).strip().splitlines()
    first = lines[0] if lines else type(error.orig).__name__
    code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
    hint = " (is its folder writable? It has to be, even to read)" if code == _CANTOPEN else ""
    line = f"{shown_url}: {first}{hint}"
    if _is_away(error):
        raise DatabaseUnreachable(line) from error
    raise DatabaseError(line) from error


def _is_away(error: exc.DBAPIError) -> bool:
    """Whether this error, or the one during whose handling it was raised, may pass.

    SQLite ends the whole transaction when the disk is full; going back to the savepoint then fails
    as well, for want of one, and hides the cause (https://sqlite.org/lang_transaction.html).
    """
    one: BaseException | None = error
    while one is not None:
        if isinstance(one, exc.DBAPIError) and (one.connection_invalidated or _may_pass(one)):
            return True
        one = one.__cause__ or one.__context__
    return False


_CANTOPEN = 14  # in WAL mode readers too write beside the file (https://sqlite.org/wal.html)
# NOMEM, BUSY, LOCKED, READONLY, INTERRUPT, IOERR, FULL, CANTOPEN, PROTOCOL
# (https://sqlite.org/rescode.html). The driver raises OperationalError for a missing table too.
_SQLITE_CODES_THAT_PASS = frozenset({5, 6, 7, 8, 9, 10, 13, 14, 15})


def _may_pass(error: exc.DBAPIError) -> bool:
    """Whether the same statement may well succeed later: the database is away, full or locked."""
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code is not None:
        return code & 0xFF in _SQLITE_CODES_THAT_PASS
    return isinstance(error, exc.OperationalError | exc.InterfaceError)
