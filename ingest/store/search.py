"""Full-text search over headline, deck, summary and body: FTS5 on SQLite, tsvector on PostgreSQL.

Both indexes hold words only; the texts stay in their tables. They are made by the migrations, which
also say how many parts FTS5 merges at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Float, column, select, text

from ingest.store.arrays import array_of_texts
from ingest.store.columns import Id
from ingest.store.search_text import fts5_query, indexable, tsquery
from ingest.store.tables import article

_SQLITE_DDL = (
    "CREATE VIRTUAL TABLE article_search USING fts5(\n"
    "  headline, alternative_headline, summary, body_text,\n"
    "  content='', tokenize='unicode61 remove_diacritics 2'\n)",
)
_POSTGRESQL_DDL = (
    "CREATE TABLE article_search (\n"
    "  article_id bigint NOT NULL CONSTRAINT pk_article_search PRIMARY KEY,\n"
    "  words tsvector NOT NULL\n)",
    "CREATE INDEX ix_article_search_words ON article_search USING gin (words)",
    "COMMENT ON TABLE article_search IS 'the full-text index of articles'",
)


def ddl(dialect: str) -> tuple[str, ...]:
    """The statements that make the index."""
    return _SQLITE_DDL if dialect == "sqlite" else _POSTGRESQL_DDL


@dataclass(frozen=True, slots=True)
class Searchable:
    """What is indexed of one article."""

    article_id: int
    headline: str
    alternative_headline: str | None
    summary: str | None
    body_text: str | None

    @property
    def row(self) -> tuple[int, str, str, str, str]:
        """What the index is given, in the order of its columns."""
        return (
            self.article_id,
            indexable(self.headline),
            indexable(self.alternative_headline),
            indexable(self.summary),
            indexable(self.body_text),
        )


@dataclass(frozen=True, slots=True)
class Hit:
    """An article that has the words; the higher the score the better."""

    article_id: int
    score: float


_COLUMNS = ("id", "headline", "alternative_headline", "summary", "body_text")
_FTS5_INSERT = (
    "INSERT INTO article_search (rowid, headline, alternative_headline, summary, body_text)"
    " VALUES (?, ?, ?, ?, ?)"
)
_FTS5_DELETE = (
    "INSERT INTO article_search"
    " (article_search, rowid, headline, alternative_headline, summary, body_text)"
    " VALUES ('delete', ?, ?, ?, ?, ?)"
)
_TSVECTOR_UPSERT = text(
    "INSERT INTO article_search (article_id, words) SELECT id,"
    " setweight(to_tsvector('simple', headline), 'A')"
    " || setweight(to_tsvector('simple', alternative_headline), 'B')"
    " || setweight(to_tsvector('simple', summary), 'C')"
    " || setweight(to_tsvector('simple', body_text), 'D')"
    " FROM unnest(CAST(:id AS bigint[]), CAST(:headline AS text[]),"
    "  CAST(:alternative_headline AS text[]), CAST(:summary AS text[]), CAST(:body_text AS text[]))"
    " AS given(id, headline, alternative_headline, summary, body_text)"
    " ON CONFLICT (article_id) DO UPDATE SET words = excluded.words"
)
_TSVECTOR_DELETE = text("DELETE FROM article_search WHERE article_id = ANY(CAST(:id AS bigint[]))")


def index_articles(connection: Connection, articles: Sequence[Searchable]) -> None:
    """Add articles that are not in the index."""
    if not articles:
        return
    rows = [one.row for one in articles]
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(_FTS5_INSERT, rows)
    else:
        columns = zip(_COLUMNS, zip(*rows, strict=True), strict=True)
        arrays = {name: array_of_texts(values) for name, values in columns}
        connection.execute(_TSVECTOR_UPSERT, arrays)


def unindex_articles(connection: Connection, articles: Sequence[Searchable]) -> None:
    """Take articles out. FTS5 asks for their texts exactly as they were put in."""
    if not articles:
        return
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(_FTS5_DELETE, [one.row for one in articles])
    else:
        connection.execute(_TSVECTOR_DELETE, {"id": [one.article_id for one in articles]})


def search(
    connection: Connection,
    words: str,
    *,
    limit: int = 50,
    where: ColumnElement[bool] | None = None,
) -> list[Hit]:
    """The articles that have the words, best first; `where` is a condition on `article`.

    All words must occur; `"a phrase"`, `-without`, `either OR or`, `prefix*`. A query without a
    single word finds nothing.
    """
    is_sqlite = connection.dialect.name == "sqlite"
    expression = fts5_query(words) if is_sqlite else tsquery(words)
    if not expression:
        return []
    found = text(
        "SELECT rowid AS article_id, -bm25(article_search, 8.0, 4.0, 2.0, 1.0) AS score"
        " FROM article_search WHERE article_search MATCH :words"
        if is_sqlite
        else "SELECT s.article_id, ts_rank_cd(s.words, q) AS score"
        " FROM to_tsquery('simple', :words) AS q, article_search AS s WHERE s.words @@ q"
    )
    hit = found.columns(column("article_id", Id), column("score", Float)).subquery("hit")
    query = (
        select(hit.c.article_id, hit.c.score)
        .join(article, article.c.id == hit.c.article_id)
        .order_by(hit.c.score.desc(), hit.c.article_id.desc())
        .limit(limit)
    )
    if where is not None:
        query = query.where(where)
    rows = connection.execute(query, {"words": expression})
    return [Hit(row.article_id, row.score) for row in rows]
