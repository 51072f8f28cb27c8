"""The column types of the schema, and the two dialects' differences in them.

Times are stored as UTC: `timestamptz` on PostgreSQL, sortable text ("2026-01-31 12:00:00.000000")
on SQLite. Hashes are signed 64-bit integers on both. What is read often and written at every poll
is coded as a small integer; the codes below are part of the stored format, so a code is never
reused or renumbered, only appended.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Generic, TypeVar

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    Integer,
    SmallInteger,
    TypeDecorator,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine

from ingest.model import EntryOutcome, KeyKind, PollOutcome

# SQLite makes only an INTEGER PRIMARY KEY the row's own address.
Id = BigInteger().with_variant(Integer(), "sqlite")
Hash = BigInteger().with_variant(Integer(), "sqlite")


class _Json(TypeDecorator[Any]):
    """JSON; JSONB on PostgreSQL, whose dialect is not loaded where it is not used."""

    impl = JSON(none_as_null=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The type as this database has it."""
        if dialect.name != "postgresql":
            return dialect.type_descriptor(JSON(none_as_null=True))
        from sqlalchemy.dialects.postgresql import JSONB

        return dialect.type_descriptor(JSONB(none_as_null=True))


Json = _Json()


class Time(TypeDecorator[datetime]):
    """An aware UTC datetime; a naive one is refused, since nobody can know what it means.

    The processors are its own: SQLAlchemy's for SQLite cost four times as much, and there are some
    twenty times in the rows of one article.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], Any]:
        """Python to database; ValueError for a time without a zone."""
        return _time_as_text if dialect.name == "sqlite" else _time_in_utc

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any]:  # noqa: ARG002
        """Database to Python, always in UTC."""
        return _time_from_text if dialect.name == "sqlite" else _time_in_utc


def _time_in_utc(value: datetime | None) -> datetime | None:
    if value is None:
        return None
    if value.tzinfo is None:
        raise ValueError("a time without a zone cannot be stored")
    return value if value.tzinfo is UTC else value.astimezone(UTC)


@lru_cache(maxsize=1_024)  # most times of a batch are those of its few polls
def _time_as_text(value: datetime | None) -> str | None:
    in_utc = _time_in_utc(value)
    if in_utc is None:
        return None
    # Put together anew it has lost its zone, in a fifth of the time that `replace` takes.
    return datetime.combine(in_utc.date(), in_utc.time()).isoformat(" ", "microseconds")


def _time_from_text(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(f"{value}+00:00")  # in UTC itself


class CurrentTransaction(FunctionElement[int]):
    """The number of the writing transaction on PostgreSQL; 0 on SQLite, which has one writer."""

    inherit_cache = True


@compiles(CurrentTransaction)
def _one_writer(_element: CurrentTransaction, _compiler: SQLCompiler, **_: Any) -> str:
    return "0"


@compiles(CurrentTransaction, "postgresql")
def _many_writers(_element: CurrentTransaction, _compiler: SQLCompiler, **_: Any) -> str:
    return "(pg_current_xact_id()::text::bigint)"


_Choice = TypeVar("_Choice", bound=enum.StrEnum)


class Coded(TypeDecorator[_Choice], Generic[_Choice]):
    """A StrEnum stored as its small integer code."""

    impl = SmallInteger
    cache_ok = True

    def __init__(self, codes: Mapping[_Choice, int]) -> None:
        super().__init__()
        self.codes = tuple(codes.items())
        self._code_of: dict[Any, int | None] = {None: None, **codes}
        self._member_of = {code: member for member, code in codes.items()}

    def bind_processor(self, dialect: Dialect) -> Callable[[_Choice | None], int | None]:  # noqa: ARG002
        """Member to code; KeyError for what is none."""
        return self._code_of.__getitem__

    def process_result_value(self, value: Any, dialect: Dialect) -> _Choice | None:  # noqa: ARG002
        """Code to member."""
        return None if value is None else self._member_of[value]


POLL_OUTCOME_CODES: Mapping[PollOutcome, int] = {
    PollOutcome.OK: 1,
    PollOutcome.NOT_MODIFIED: 2,
    PollOutcome.SAME_BYTES: 3,
    PollOutcome.GONE: 4,
    PollOutcome.RATE_LIMITED: 5,
    PollOutcome.BLOCKED: 6,
    PollOutcome.CLIENT_ERROR: 7,
    PollOutcome.SERVER_ERROR: 8,
    PollOutcome.NAME_ERROR: 9,
    PollOutcome.CONNECT_ERROR: 10,
    PollOutcome.TIMEOUT: 11,
    PollOutcome.TOO_LARGE: 12,
    PollOutcome.REDIRECT_ERROR: 13,
    PollOutcome.REFUSED: 14,
    PollOutcome.PROTOCOL_ERROR: 15,
    PollOutcome.NOT_A_FEED: 16,
    PollOutcome.PARSE_FAILED: 17,
    PollOutcome.OWN_OUTAGE: 18,
}

KEY_KIND_CODES: Mapping[KeyKind, int] = {
    KeyKind.GUID: 1,
    KeyKind.URL: 2,
    KeyKind.CANONICAL: 3,
    KeyKind.AMP: 4,
}

ENTRY_OUTCOME_CODES: Mapping[EntryOutcome, int] = {
    EntryOutcome.NEW: 1,
    EntryOutcome.REVISED: 2,
    EntryOutcome.UNCHANGED: 3,
    EntryOutcome.FILTERED: 4,
    EntryOutcome.INVALID: 5,
}

PollOutcomeCode = Coded(POLL_OUTCOME_CODES)
KeyKindCode = Coded(KEY_KIND_CODES)
EntryOutcomeCode = Coded(ENTRY_OUTCOME_CODES)
