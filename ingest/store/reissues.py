"""A publisher's own piece under a new guid and a new address: a revision, not a new article.

Some systems give an article a new guid and URL when its headline is edited. No key knows the new
entry then; its text does: nearly all of it is that of an article the same publisher ran within
days, in both directions, and none of the vetoes against templates fires. Whether the former entry
is gone from its feed is asked by `identity`: two entries side by side are two articles.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from math import ceil

import numpy as np
from sqlalchemy import Connection, select

from ingest.dedupe import Document, Frequencies, Reading, examine, shape, text_of
from ingest.dedupe.answers import is_among, once, runs
from ingest.dedupe.tokenise import Ints
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

    Where the publisher ran nothing within days there is nothing to repeat, and it costs nothing.
    """
    wanted = {
        position: one
        for position, one in enumerate(entries)
        if one.fingerprint is not None and one.article.word_count >= MIN_WORDS
    }
    if not wanted:
        return {}
    since = min(one.seen_at for one in wanted.values()) - WITHIN
    recent = _recent(connection, {one.publisher_id for one in wanted.values()}, since)
    publishers = set(recent.publisher_of.tolist())
    wanted = {at: one for at, one in wanted.items() if one.publisher_id in publishers}
    if not wanted:
        return {}
    index = SqlIndex(connection, floor_of_window(connection, since))
    wanted = _likely(index, wanted, recent)
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


@dataclass(frozen=True, slots=True, eq=False)
class _Recent:
    """The articles of some publishers since a time, in the order of their ids."""

    articles: Ints
    publisher_of: Ints

    def sharing(
        self, index: SqlIndex, postings: Mapping[int, Sequence[int]], publisher_of: Ints
    ) -> Ints:
        """Each posting that an entry shares with one of these articles of its publisher: a pair.

        `postings` by the entry's position, as `publisher_of`; a pair is one number, see `_pairs`.
        """
        hashes = np.fromiter(chain.from_iterable(postings.values()), np.int64)
        entries = np.repeat([*postings], [*map(len, postings.values())])
        order = hashes.argsort()
        hashes, entries = hashes[order], entries[order]
        answers = index.ask(hashes)
        is_recent = is_among(answers.articles, self.articles)
        articles = answers.articles[is_recent]
        found = np.repeat(answers.hashes, np.diff(answers.begins))[is_recent]
        begins = hashes.searchsorted(found)
        counts = hashes.searchsorted(found, side="right") - begins
        entries, articles = entries[runs(begins, counts)], np.repeat(articles, counts)
        publishers = self.publisher_of[self.articles.searchsorted(articles)]
        return np.asarray(_pairs(entries, articles)[publisher_of[entries] == publishers])


_ARTICLE_BITS = 40


def _pairs(entries: Ints, articles: Ints) -> Ints:
    """An entry's position and an article's id as one number."""
    return entries << _ARTICLE_BITS | articles


def _entries(pairs: Ints) -> Ints:
    return pairs >> _ARTICLE_BITS


def _recent(connection: Connection, publisher_ids: set[int], since: datetime) -> _Recent:
    rows = connection.execute(
        select(article.c.id, article.c.publisher_id).where(
            among(connection, article.c.publisher_id, publisher_ids),
            article.c.first_seen_at >= since,
        )
    )
    ids, publishers = np.array(sorted(map(tuple, rows)), np.int64).reshape(-1, 2).T
    return _Recent(ids, publishers)


def _likely(index: SqlIndex, wanted: Mapping[int, Unknown], recent: _Recent) -> dict[int, Unknown]:
    """Those of the entries that share enough postings with a recent article of their publisher.

    Who shares half of the postings is met among any larger half of them. So the others are looked
    up only for the entries that met somebody there; nearly all are done with before that.
    """
    publisher_of = np.zeros(max(wanted) + 1, np.int64)
    for at, one in wanted.items():
        publisher_of[at] = one.publisher_id
    postings = {at: _postings(one) for at, one in wanted.items()}
    first = {at: len(each) - _enough(each) + 1 for at, each in postings.items()}
    shared = recent.sharing(
        index, {at: each[: first[at]] for at, each in postings.items()}, publisher_of
    )
    met = once(_entries(shared)).tolist()
    if not met:
        return {}
    rest = {at: postings[at][first[at] :] for at in met}
    ordered = np.sort(np.append(shared, recent.sharing(index, rest, publisher_of)))
    pairs = once(ordered)
    counts = np.diff(ordered.searchsorted(pairs), append=len(ordered))
    most = zip(_entries(pairs).tolist(), counts.tolist(), strict=True)
    return {at: wanted[at] for at, count in most if count >= _enough(postings[at])}


def _postings(one: Unknown) -> tuple[int, ...]:
    assert one.fingerprint is not None
    return one.fingerprint.postings


def _enough(postings: Sequence[int]) -> int:
    """How many of them are to be shared; one at least."""
    return max(1, ceil(MIN_SHARE_OF_POSTINGS * len(postings)))


def _candidates(index: SqlIndex, one: Unknown) -> list[int]:
    postings = _postings(one)
    found = index.articles_with(postings)
    votes = Counter(article_id for each in postings for article_id in found.get(each, ()))
    enough = _enough(postings)
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
