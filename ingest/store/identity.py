"""Which article each entry of a batch is: by its sighting, by any of its keys, or a new one.

An entry is the article that this feed showed under the same entry key before; else the article
that any of its keys belongs to, the strongest first (guid, canonical address, address, AMP); else,
where `reissue` says so, the article of the same publisher that it repeats under a new guid and a
new address; else a new article. Keys of a deleted article are kept without one: such an entry is
`deleted` and never comes back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from sqlalchemy import Connection, select

from ingest.model import Article, EntryOutcome, Fingerprint, HarvestedEntry, KeyKind
from ingest.store.article_rows import ordered_keys
from ingest.store.leases import DueFeed
from ingest.store.lists import among, pairs
from ingest.store.tables import article, article_key, sighting

# An entry with its position, the feed whose document holds it, and the time of the poll.
PolledEntry: TypeAlias = tuple[DueFeed, datetime, int, HarvestedEntry]


@dataclass(frozen=True, slots=True)
class Unknown:
    """An entry that no key knows, as shown to the hook that looks for re-issues."""

    feed_id: int
    publisher_id: int
    article: Article
    fingerprint: Fingerprint | None
    seen_at: datetime


# Which of these entries repeat an article of the same publisher: position -> article id.
FindReissues: TypeAlias = Callable[[Connection, Sequence[Unknown]], Mapping[int, int]]


@dataclass(slots=True)
class Target:
    """An article of the batch: one that is stored, or one that will be (`article_id` None)."""

    article_id: int | None
    feed_id: int
    publisher_id: int
    content_hash: int
    word_count: int
    text_from: str
    revision: int = 0
    published_at: datetime | None = None
    is_deleted: bool = False
    is_reissued: bool = False
    written_by: int | None = None  # the feed that writes it in this batch
    same_as: Target | None = None

    def resolved(self) -> Target:
        """The target this one turned out to be."""
        return self if self.same_as is None else self.same_as.resolved()


@dataclass(slots=True)
class Item:
    """An entry that brings an article, and who it turned out to be."""

    due: DueFeed
    seen_at: datetime
    position: int  # in the document
    entry: HarvestedEntry
    article: Article
    keys: list[tuple[int, KeyKind]]
    target: Target


@dataclass(slots=True)
class Resolved:
    """What is done about one item."""

    item: Item
    outcome: EntryOutcome
    reason: str | None = None  # of a revision: edit, fuller, reissue, page; of UNCHANGED: why
    must_ask_again: bool = False  # do not remember the entry as known


@dataclass(slots=True)
class Identities:
    """A batch with every entry's article, and which of its keys are stored already."""

    items: list[Item]
    stored_keys: set[int]


_DELETED = Target(None, 0, 0, 0, 0, "", is_deleted=True)


def identify_batch(
    connection: Connection,
    entries: Sequence[PolledEntry],
    documents: Mapping[int, frozenset[int]],
    find_reissues: FindReissues | None,
) -> Identities:
    """Find the article of each entry that brings one, in their order.

    `documents` holds all entry keys of each feed's document: an article that is still in it is not
    what another entry of it re-issues.
    """
    keys = [
        ordered_keys(entry.article, due.feed_id) if entry.article is not None else []
        for due, _, _, entry in entries
    ]
    owners = _owners(connection, {value for one in keys for value, _ in one})
    stored = set(owners)
    sighted = _sighted(connection, [(due.feed_id, entry.entry_key) for due, _, _, entry in entries])
    ids = {one for one in (*owners.values(), *sighted.values()) if one is not None}
    targets = _targets(connection, ids)
    by_key = {
        value: _DELETED if article_id is None else targets[article_id]
        for value, article_id in owners.items()
        if article_id is None or article_id in targets
    }
    items: list[Item] = []
    fresh: list[Item] = []
    for (due, seen_at, position, entry), own_keys in zip(entries, keys, strict=True):
        assert entry.article is not None
        place = (due.feed_id, entry.entry_key)
        seen_as = sighted.get(place)
        target = targets.get(seen_as) if seen_as is not None else None
        if target is None:
            target = _by_keys(by_key, (value for value, _ in own_keys))
        item = Item(due, seen_at, position, entry, entry.article, own_keys, target or _DELETED)
        if target is None:
            item.target = _new_target(due, entry.article)
            fresh.append(item)
        if not item.target.is_deleted:
            for value, _ in own_keys:
                # A key that belongs to another article stays with it.
                if by_key.get(value, _DELETED).is_deleted:
                    by_key[value] = item.target
        items.append(item)
    if fresh and find_reissues is not None:
        _join_reissues(connection, fresh, targets, documents, find_reissues)
    return Identities(items, stored)


def _owners(connection: Connection, hashes: set[int]) -> dict[int, int | None]:
    if not hashes:
        return {}
    rows = connection.execute(
        select(article_key.c.key_hash, article_key.c.article_id).where(
            among(connection, article_key.c.key_hash, hashes)
        )
    )
    return {row.key_hash: row.article_id for row in rows}


def _sighted(
    connection: Connection, places: list[tuple[int, int]]
) -> dict[tuple[int, int], int | None]:
    if not places:
        return {}
    given = pairs(connection, places)
    rows = connection.execute(
        select(sighting.c.feed_id, sighting.c.entry_key, sighting.c.article_id).join_from(
            given,
            sighting,
            (sighting.c.feed_id == given.c.a) & (sighting.c.entry_key == given.c.b),
        )
    )
    return {(row.feed_id, row.entry_key): row.article_id for row in rows}


def _targets(connection: Connection, ids: Iterable[int]) -> dict[int, Target]:
    wanted = list(ids)
    if not wanted:
        return {}
    rows = connection.execute(
        select(
            article.c.id,
            article.c.feed_id,
            article.c.publisher_id,
            article.c.content_hash,
            article.c.word_count,
            article.c.text_from,
            article.c.revision,
            article.c.published_at,
        )
        .where(among(connection, article.c.id, wanted))
        .order_by(article.c.id)
        .with_for_update()
    )
    return {row.id: Target(*row) for row in rows}


def _by_keys(by_key: Mapping[int, Target], hashes: Iterable[int]) -> Target | None:
    hits = [by_key[value] for value in hashes if value in by_key]
    living = (hit for hit in hits if not hit.is_deleted)
    return next(living, hits[0] if hits else None)


def _new_target(due: DueFeed, brought: Article) -> Target:
    return Target(
        None,
        due.feed_id,
        due.publisher_id,
        brought.content_hash,
        brought.word_count,
        brought.text_from,
        published_at=brought.published_at,
    )


def _join_reissues(
    connection: Connection,
    fresh: list[Item],
    targets: dict[int, Target],
    documents: Mapping[int, frozenset[int]],
    find_reissues: FindReissues,
) -> None:
    found = find_reissues(
        connection,
        [
            Unknown(
                one.due.feed_id,
                one.due.publisher_id,
                one.article,
                one.entry.fingerprint,
                one.seen_at,
            )
            for one in fresh
        ],
    )
    missing = {article_id for article_id in found.values() if article_id not in targets}
    targets.update(_targets(connection, missing))
    still_there = {
        (row.feed_id, row.article_id)
        for row in connection.execute(
            select(sighting.c.feed_id, sighting.c.article_id, sighting.c.entry_key).where(
                among(connection, sighting.c.article_id, set(found.values()))
            )
        )
        if row.entry_key in documents.get(row.feed_id, ())
    }
    for position, article_id in found.items():
        one, former = fresh[position], targets.get(article_id)
        if former is None or former.publisher_id != one.due.publisher_id:
            continue
        if (one.due.feed_id, article_id) not in still_there:
            one.target.same_as = former
            former.is_reissued = True
