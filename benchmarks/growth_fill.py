"""An SQLite database of millions of articles in minutes: those it has, over and over.

The program itself stores some thousand articles; what it wrote is then copied row by row, under
other ids, keys and hashes, and to other feeds. Every table and index grows as it would have, in its
own order; the copies are found by nothing that finds the originals, and are copies of nothing. The
postings of the newest ones stand in runs, as many as make a sweep begin.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from sqlalchemy import Connection

from ingest.store.engine import Database
from ingest.store.fingerprints import write_postings
from ingest.store.posting_runs import read_runs, write_run
from ingest.store.posting_sweep import worth_a_sweep

_RUN_ARTICLES = 1_000
_A_TIME = 10  # copies written in one transaction

# What changes in the copy numbered `n`; the other columns stay. Hashes are as if random: those
# near one are nobody's. `articles` and `stories` are the largest ids that there were.
_ARTICLE = "t.article_id + n * :articles"
_FEED = "(t.{} + n * 7 - 1) % :feeds + 1"
_CHANGED: Mapping[str, Mapping[str, str]] = {
    "article": {
        "id": "t.id + n * :articles",
        "publisher_id": _FEED.format("publisher_id"),
        "feed_id": _FEED.format("feed_id"),
    },
    "article_content": {"article_id": _ARTICLE},
    "article_key": {"key_hash": "t.key_hash + n * :articles", "article_id": _ARTICLE},
    "sighting": {
        "feed_id": _FEED.format("feed_id"),
        "entry_key": "t.entry_key + n * :articles",
        "article_id": _ARTICLE,
    },
    "raw_entry": {
        "feed_id": _FEED.format("feed_id"),
        "entry_key": "t.entry_key + n * :articles",
        "article_id": _ARTICLE,
    },
    "boilerplate_block": {
        "publisher_id": _FEED.format("publisher_id"),
        "block_hash": "t.block_hash + n * :articles",
    },
    "fingerprint": {"article_id": _ARTICLE},
    "posting": {"hash": "t.hash + n * :articles", "article_id": _ARTICLE},
    "story": {
        "id": "t.id + n * :stories",
        "merged_into_id": "t.merged_into_id + n * :stories",
        "first_article_id": "t.first_article_id + n * :articles",
        "fullest_article_id": "t.fullest_article_id + n * :articles",
    },
    "story_article": {"article_id": _ARTICLE, "story_id": "t.story_id + n * :stories"},
    "match": {
        "article_id": _ARTICLE,
        "of_article_id": "t.of_article_id + n * :articles",
    },
    "change": {
        "id": "NULL",
        "feed_id": _FEED.format("feed_id"),
        "article_id": _ARTICLE,
        "story_id": "t.story_id + n * :stories",
    },
}
_SEARCH = (
    "INSERT INTO article_search (rowid, headline, alternative_headline, summary, body_text)"
    " SELECT a.id + n * :articles, a.headline, coalesce(a.alternative_headline, ''),"
    " coalesce(c.summary, ''), coalesce(c.body_text, '')"
    " FROM copies, temp.of_article AS a JOIN temp.of_article_content AS c ON c.article_id = a.id"
    " ORDER BY 1"
)


_NUMBERED = (
    "WITH RECURSIVE copies(n) AS"
    " (SELECT :first UNION ALL SELECT n + 1 FROM copies WHERE n < :last) "
)


class Copies:
    """Copies of the articles that there are when it is made, written as more are wanted."""

    def __init__(self, database: Database) -> None:
        connection = self._connection = database.engine.connect()
        # What is to be copied is not to fill the program's caches. Said before any transaction.
        connection.connection.cursor().execute("PRAGMA temp_store = FILE")
        _empty_runs(connection)
        self._articles = int(connection.exec_driver_sql("SELECT count(*) FROM article").one()[0])
        self._largest = self._largest_ids()
        for table in _CHANGED:
            connection.exec_driver_sql(f'CREATE TEMP TABLE of_{table} AS SELECT * FROM "{table}"')
        connection.commit()
        statements = _statements(connection)
        self._postings = statements.pop("posting")
        self._statements = [*statements.values(), _SEARCH]

    def write(self, articles: int, *, feeds: int) -> int:
        """Write so many articles or some more, to these feeds; how many it were."""
        wanted = -(-articles // self._articles)
        now = self._largest_ids()
        done = max(now[name] // largest for name, largest in self._largest.items())
        end = done + wanted
        in_runs = self._worth_a_sweep((end + 1) * self._articles)
        while done < end:
            until = min(done + _A_TIME, end)
            given = {"feeds": feeds, "first": done + 1, "last": until, **self._largest}
            for statement in self._statements:
                self._connection.exec_driver_sql(_NUMBERED + statement, given)
            given["last"] = min(until, end - in_runs)
            if given["first"] <= given["last"]:
                self._connection.exec_driver_sql(_NUMBERED + self._postings, given)
            self._connection.commit()
            done = until
        for number in range(max(end - in_runs, end - wanted) + 1, end + 1):
            self._write_runs(number)
        return wanted * self._articles

    def _worth_a_sweep(self, articles: int) -> int:
        """How many copies have the postings that make a sweep begin."""
        own = self._connection.exec_driver_sql("SELECT count(*) FROM of_posting").scalar_one()
        return worth_a_sweep(articles) // int(own) + 1

    def _write_runs(self, number: int) -> None:
        rows = self._connection.exec_driver_sql(
            "SELECT hash, article_id FROM of_posting ORDER BY article_id"
        )
        hashes, articles = (
            np.array([*map(tuple, rows)], np.int64).T + number * self._largest["articles"]
        )
        for part in np.array_split(np.arange(len(hashes)), self._articles // _RUN_ARTICLES):
            write_run(self._connection, hashes[part], articles[part])
        self._connection.commit()

    def _largest_ids(self) -> dict[str, int]:
        row = self._connection.exec_driver_sql(
            "SELECT (SELECT max(id) FROM article), (SELECT max(id) FROM story)"
        ).one()
        self._connection.commit()
        return {"articles": row[0], "stories": row[1]}

    def close(self) -> None:
        """Give the connection back, and what is to be copied."""
        for table in _CHANGED:
            self._connection.exec_driver_sql(f"DROP TABLE temp.of_{table}")
        self._connection.close()


def _empty_runs(connection: Connection) -> None:
    """Bring all postings into the table."""
    names = frozenset(connection.exec_driver_sql("SELECT name FROM posting_run").scalars())
    run = read_runs(connection, names)
    write_postings(connection, run.hashes, run.articles)
    connection.exec_driver_sql("DELETE FROM posting_run")
    connection.exec_driver_sql("DELETE FROM meta WHERE key = 'postings_sweep'")
    connection.commit()


def _statements(connection: Connection) -> dict[str, str]:
    """One for each table, whose rows are written in the order of its key."""
    found = {}
    for table, changed in _CHANGED.items():
        columns = connection.exec_driver_sql(f'PRAGMA table_info("{table}")').all()
        names = [column.name for column in columns]
        keys = [str(at + 1) for at, column in enumerate(columns) if column.pk]
        values = [changed.get(name, f't."{name}"') for name in names]
        found[table] = (
            f'INSERT INTO "{table}" ({", ".join(map(_quoted, names))}) SELECT {", ".join(values)}'
            f" FROM copies, temp.of_{table} AS t ORDER BY {', '.join(keys)}"
        )
    return found


def _quoted(name: str) -> str:
    return f'"{name}"'
