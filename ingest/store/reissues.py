"""A publisher's own piece under a new guid and a new address: a revision, not a new article.

Some systems give an article a new guid and URL when its headline is edited. No key knows the new
entry then; its text does: nearly all of it is that of an article the same publisher ran within
days, in both directions, and none of the vetoes against templates fires. Whether the former entry
is gone from its feed is asked by `identity`: two entries side by side are two articles.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta

from sqlalchemy import Connection, select

from ingest.dedupe import Document, Frequencies, Reading, examine, shape, text_of
from ingest.store.candidates import Readings, SqlIndex, floor_of_window, load_documents
from ingest.store.identity import Unknown
from ingest.store.lists import among
from ingest.store.tables import article, story_article

# An edit that renames an article comes soon after it; a text repeated after weeks is a rerun.
WITHIN = timedelta(days=3)
# Below so many words a text is a teaser, and teasers of different articles resemble one another.
MIN_WORDS = 40
# Of both texts, weighed by rarity: an edit changes a paragraph or two, not a third.
MIN_RESEMBLANCE = 0.75
# Candidates an entry: those that share the most of its sampled passages.
MOST_CANDIDATES = 3
MIN_SHARE_OF_POSTINGS = 0.5


def find_reissues(connection: Connection, entries: Sequence[Unknown]) -> Mapping[int, int]:
    """For the positions of entries that re-issue an article: that article's id.

    A publisher's first articles cost nothing: there is nothing yet that they could repeat.
    """
    wanted = {
        position: one
        for position, one in enumerate(entries)
        if one.fingerprint is not None and one.article.word_count >= MIN_WORDS
    }
    publishers = _with_articles(connection, {one.publisher_id for one in wanted.values()})
    wanted = {at: one for at, one in wanted.items() if one.publisher_id in publishers}
    if not wanted:
        return {}
    since = min(one.seen_at for one in wanted.values()) - WITHIN
    index = SqlIndex(connection, floor_of_window(connection, since))
    sketches = [one.fingerprint for one in wanted.values() if one.fingerprint is not None]
    index.articles_with([each for one in sketches for each in one.postings])  # at once
    candidates = {at: _candidates(index, one) for at, one in wanted.items()}
    every = {article_id for ids in candidates.values() for article_id in ids}
    documents = load_documents(connection, every, Readings())
    found = {}
    for at, one in wanted.items():
        own = [
            documents[article_id]
            for article_id in candidates[at]
            if article_id in documents and documents[article_id].publisher_id == one.publisher_id
        ]
        if own and (former := _former(connection, index, one, own)) is not None:
            found[at] = former
    return found


def _with_articles(connection: Connection, publisher_ids: set[int]) -> set[int]:
    return {
        publisher_id
        for publisher_id in publisher_ids
        if connection.scalar(
            select(article.c.id).where(article.c.publisher_id == publisher_id).limit(1)
        )
        is not None
    }


def _candidates(index: SqlIndex, one: Unknown) -> list[int]:
    assert one.fingerprint is not None
    postings = one.fingerprint.postings
    found = index.articles_with(postings)
    votes = Counter(article_id for each in postings for article_id in found.get(each, ()))
    enough = MIN_SHARE_OF_POSTINGS * len(postings)
    return [at for at, count in votes.most_common(MOST_CANDIDATES) if count >= enough]


def _former(
    connection: Connection, index: SqlIndex, one: Unknown, candidates: Sequence[Document]
) -> int | None:
    reading = Reading(shape(one.article.headline, text_of(one.article)))
    document = Document(0, one.publisher_id, one.seen_at, reading)
    hashes = [each for other in candidates for each in other.reading.sampled]
    postings = index.articles_with([*reading.sampled, *hashes])
    seen = {article_id for each in postings.values() for article_id in each}
    rows = connection.execute(
        select(story_article.c.article_id, story_article.c.story_id).where(
            among(connection, story_article.c.article_id, seen)
        )
    )
    frequencies = Frequencies(postings, {row.article_id: row.story_id for row in rows})
    for candidate in candidates:
        pair, verdict = examine(document, candidate, frequencies)
        if pair is None or verdict.rule is None or verdict.quotes or verdict.is_compilation:
            continue
        if pair.resemblance >= MIN_RESEMBLANCE:
            return candidate.article_id
    return None
