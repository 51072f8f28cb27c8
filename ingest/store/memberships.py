"""Which story each article was in and is in now, apart from the database and from memory.

A scratch file of SQLite: an archive's membership may be larger than memory, and it is only needed
for the report of a re-clustering.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, create_engine, text

BATCH = 10_000  # rows that are read and written at once


@dataclass(frozen=True, slots=True)
class StoryChange:
    """One story that is several now, or several that are one."""

    story_id: int  # of the one
    others: tuple[int, ...]  # ids of the several, in order; `story_id` itself may be among them


class Memberships:
    """Articles with their story before and after."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        for name in ("before", "after"):
            connection.execute(text(f"CREATE TABLE {name} (article INTEGER PRIMARY KEY, story)"))

    def were_in(self, rows: Iterable[tuple[int, int]]) -> None:
        """These articles were in these stories."""
        self._put("before", rows)

    def are_in(self, rows: Iterable[tuple[int, int]]) -> None:
        """These articles are in these stories now; those that were in none are passed over."""
        self._put("after", rows)

    def count(self) -> tuple[int, int, int]:
        """Of the articles that have a story before and after: they, their stories before, after."""
        row = self._connection.execute(
            text(
                "SELECT count(*), count(DISTINCT b.story), count(DISTINCT a.story)"
                " FROM before AS b JOIN after AS a USING (article)"
            )
        ).one()
        return row[0], row[1], row[2]

    def merged(self) -> Iterator[StoryChange]:
        """The stories of now whose articles were in several."""
        return self._several("a.story", "b.story")

    def split(self) -> Iterator[StoryChange]:
        """The stories of then whose articles are in several."""
        return self._several("b.story", "a.story")

    def _several(self, one: str, others: str) -> Iterator[StoryChange]:
        rows = self._connection.execution_options(yield_per=BATCH).execute(
            text(
                "SELECT own, group_concat(other) FROM"
                f" (SELECT DISTINCT {one} AS own, {others} AS other"
                "  FROM before AS b JOIN after AS a USING (article))"
                " GROUP BY own HAVING count(*) > 1 ORDER BY own"
            )
        )
        for own, several in rows:
            yield StoryChange(own, tuple(sorted(map(int, several.split(",")))))

    def _put(self, table: str, rows: Iterable[tuple[int, int]]) -> None:
        given = list(rows)
        if given:
            statement = f"INSERT OR REPLACE INTO {table} VALUES (?, ?)"
            self._connection.exec_driver_sql(statement, given)


@contextmanager
def memberships() -> Iterator[Memberships]:
    """A scratch file that goes when it is done with."""
    with tempfile.TemporaryDirectory(prefix="ingest-memberships-") as folder:
        engine = create_engine(f"sqlite:///{Path(folder) / 'memberships.db'}")
        try:
            with engine.connect() as connection:
                for setting in ("journal_mode = OFF", "synchronous = OFF"):
                    connection.exec_driver_sql(f"PRAGMA {setting}")
                yield Memberships(connection)
        finally:
            engine.dispose()
