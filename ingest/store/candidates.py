"""The inverted index of fingerprints in SQL, and the texts that candidates are verified on."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

import numpy as np
from sqlalchemy import Connection, select, text

from ingest.dedupe import MAX_POSTINGS, Document, Reading
from ingest.dedupe.answers import Answers, is_among, once
from ingest.dedupe.reading import readings as prepare
from ingest.dedupe.tokenise import Ints
from ingest.store.lists import among
from ingest.store.outlines import Outlines
from ingest.store.posting_runs import Run, runs_seen_by, with_runs
from ingest.store.tables import article, article_content

# One statement for a whole batch. Every hash is looked up once and gives its newest articles only:
# a boilerplate hash has thousands of postings, of which MAX_POSTINGS + 1 say all there is to know.
# All comes as one text of numbers: below zero, the place of the hash whose articles follow.
_SQLITE_POSTINGS = text(
    "SELECT group_concat((-1 - key) || ',' || (SELECT group_concat(article_id) FROM"
    "  (SELECT article_id FROM posting"
    "   WHERE hash = each.value AND article_id >= :floor AND article_id < :below"
    "   ORDER BY article_id DESC LIMIT :most)))"
    " FROM json_each(:hashes) AS each"
)
_POSTGRESQL_POSTINGS = text(
    "SELECT string_agg((-wanted.place) || ',' || found.articles, ',')"
    " FROM unnest(CAST(:hashes AS bigint[])) WITH ORDINALITY AS wanted(hash, place)"
    " CROSS JOIN LATERAL (SELECT string_agg(article_id::text, ',') AS articles FROM"
    "  (SELECT article_id FROM posting WHERE posting.hash = wanted.hash AND article_id >= :floor"
    "   AND article_id < :below"
    "   ORDER BY article_id DESC LIMIT :most) AS newest) AS found"
)


_ALL_ARTICLES = 1 << 62


class SqlIndex:
    """The `CandidateIndex` over both levels of postings, as one transaction sees it.

    Articles below `floor_article_id` are outside the window. Those from `below_article_id` on wait
    for their turn: a text that came thirty times at once would else be all that is found of it.
    Answers are kept: the index does not change while a batch is decided. `known`: those that it
    gave before.
    """

    def __init__(
        self,
        connection: Connection,
        floor_article_id: int,
        below_article_id: int = _ALL_ARTICLES,
        *,
        known: Iterable[Answers] = (),
    ) -> None:
        self._connection = connection
        self._floor = floor_article_id
        self._below = below_article_id
        self.answers: list[Answers] = [*known]
        self._known: dict[int, Sequence[int]] = {}
        self._runs: Sequence[Run] | None = None

    def ask(self, hashes: Ints, batch: Answers | None = None) -> Answers:
        """The newest articles of each of these hashes, and those of the batch."""
        answers = self._ask(once(hashes))
        if batch is not None:
            answers = answers.with_more(batch)
        self.answers.append(answers)
        return answers

    def answers_to(self, hashes: Ints) -> Answers:
        """The same, of hashes of which most were asked for before; they are in order."""
        unknown = hashes
        parts = []
        for answers in self.answers:
            known = is_among(unknown, answers.hashes)
            parts.append(answers.at(answers.hashes.searchsorted(unknown[known])))
            unknown = unknown[~known]
        if len(unknown):
            parts.append(self.ask(unknown))
        return Answers.together(parts)

    def articles_with(self, hashes: Iterable[int]) -> Mapping[int, Sequence[int]]:
        """The newest articles of each hash that was ever asked for here, of these at least."""
        for answers in self.answers:
            unknown = {*hashes}.difference(self._known)
            if not unknown:
                return self._known
            self._known.update(answers.lists(unknown))
        unknown = {*hashes}.difference(self._known)
        if unknown:
            self._known.update(dict.fromkeys(unknown, ()))
            self._known.update(self.ask(np.fromiter(unknown, np.int64)).lists(unknown))
        return self._known

    def look_up(self, hashes: Iterable[int]) -> set[int]:
        """The articles of these hashes."""
        wanted = {*hashes}
        found = self.articles_with(wanted)
        return set().union(*[found[one] for one in wanted])

    def _ask(self, hashes: Ints) -> Answers:
        if self._connection.dialect.name == "sqlite":
            statement, given = _SQLITE_POSTINGS, json.dumps(hashes.tolist())
        else:
            # An array as text: psycopg takes four times as long over a list.
            statement, given = _POSTGRESQL_POSTINGS, f"{{{','.join(map(str, hashes.tolist()))}}}"
        if self._runs is None:  # before the table is asked: what leaves them is found there
            self._runs = runs_seen_by(self._connection)
        within = {"floor": self._floor, "below": self._below, "most": MAX_POSTINGS + 1}
        found = self._connection.scalar(statement, {"hashes": given, **within})
        return with_runs(Answers.marked(hashes, found or ""), self._runs, **within)


class Readings:
    """Texts prepared for comparison, kept between batches: new articles resemble recent ones.

    A reading belongs to a content hash, so an edited article is read anew.
    """

    def __init__(self, max_entries: int = 384) -> None:
        self._max_entries = max_entries
        self._kept: OrderedDict[int, tuple[int, Reading]] = OrderedDict()
        self.outlines = Outlines()  # of many more texts

    def get(self, article_id: int, content_hash: int) -> Reading | None:
        """The reading of this version of the article, if it is kept."""
        kept = self._kept.get(article_id)
        if kept is None or kept[0] != content_hash:
            return None
        self._kept.move_to_end(article_id)
        return kept[1]

    def put(self, article_id: int, content_hash: int, reading: Reading) -> None:
        """Keep a reading; the one that was longest not asked for makes room."""
        self._kept[article_id] = (content_hash, reading)
        self._kept.move_to_end(article_id)
        if len(self._kept) > self._max_entries:
            self._kept.popitem(last=False)


def floor_of_window(connection: Connection, since: datetime) -> int:
    """The lowest article id inside the window; ids grow with the time an article was first seen.

    Only nearly so, for polls that overlap: so it is the id after the last one before the window,
    and a young database, which has none, leaves no article out.
    """
    before = connection.scalar(
        select(article.c.id)
        .where(article.c.first_seen_at < since)
        .order_by(article.c.first_seen_at.desc(), article.c.id.desc())
        .limit(1)
    )
    return before + 1 if before is not None else 0


def load_documents(
    connection: Connection, article_ids: Collection[int], readings: Readings
) -> dict[int, Document]:
    """Articles as the verifier needs them, without their stories. Unknown ids are left out."""
    rows = connection.execute(
        select(
            article.c.id,
            article.c.publisher_id,
            article.c.published_at,
            article.c.first_seen_at,
            article.c.headline,
            article.c.content_hash,
        ).where(among(connection, article.c.id, article_ids))
    ).all()
    found = {row.id: readings.get(row.id, row.content_hash) for row in rows}
    unread = [row for row in rows if found[row.id] is None]
    if unread:
        texts = _texts(connection, [row.id for row in unread])
        read = prepare([(row.headline, texts.get(row.id)) for row in unread])
        for row, one in zip(unread, read, strict=True):
            found[row.id] = one
            readings.put(row.id, row.content_hash, one)
    documents = {}
    for row in rows:
        at = row.first_seen_at
        if row.published_at is not None and row.published_at < at:
            at = row.published_at
        reading = found[row.id]
        assert reading is not None
        documents[row.id] = Document(row.id, row.publisher_id, at, reading)
    return documents


def _texts(connection: Connection, article_ids: Iterable[int]) -> dict[int, str | None]:
    content = article_content
    rows = connection.execute(
        select(content.c.article_id, content.c.body_text, content.c.summary).where(
            among(connection, content.c.article_id, article_ids)
        )
    )
    return {article_id: body or summary for article_id, body, summary in rows}
