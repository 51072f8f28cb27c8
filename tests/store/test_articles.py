"""Storing documents: every entry one outcome, every article one row, whatever feeds do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Table, func, select

from ingest.model import EntryOutcome, Harvest, Key, KeyKind, PollCounts
from ingest.store import article_queries, articles, changes, feeds, maintenance, polls
from ingest.store.articles import PolledHarvest
from ingest.store.engine import Database
from ingest.store.identity import Unknown
from ingest.store.tables import (
    article,
    article_key,
    fingerprint,
    match_queue,
    posting_run,
    raw_entry,
    revision,
    sighting,
)
from tests.store.build import (
    DOCUMENT,
    NOW,
    after,
    an_article,
    claim,
    entry,
    postings_of,
    refused,
    store,
    subscribe,
    unchanged,
)


def _count(database: Database, table: Table) -> int:
    with database.connect() as connection:
        return connection.scalar(select(func.count()).select_from(table)) or 0


def _headlines(database: Database) -> list[str]:
    with database.connect() as connection:
        return list(connection.scalars(select(article.c.headline).order_by(article.c.id)))


def test_each_outcome_is_counted_and_they_add_up(database: Database) -> None:
    (feed_id,) = subscribe(database, "https://example.org/rss")
    one, two = entry(an_article("one")), entry(an_article("two"))
    store(database, {feed_id: [one, two]})
    saved = store(
        database,
        {
            feed_id: [
                unchanged(one),
                entry(an_article("two", text="Another text of two.")),
                entry(an_article("three")),
                refused("four", EntryOutcome.INVALID, "no_headline"),
                refused("five", EntryOutcome.FILTERED, "excluded"),
            ]
        },
        at=after(60),
    )[feed_id]
    assert saved.counts == PollCounts(5, new=1, revised=1, unchanged=1, filtered=1, invalid=1)
    assert len(saved.new_articles) == len(saved.revised_articles) == 1
    assert (saved.entries_before, saved.overlap) == (2, 2)


def test_the_same_document_again_changes_nothing(database: Database) -> None:
    (feed_id,) = subscribe(database, "https://example.org/rss")
    document = [entry(an_article(name)) for name in ("one", "two", "three")]
    store(database, {feed_id: document})
    tables = (article, article_key, sighting, revision, raw_entry, match_queue, posting_run)
    before = [_count(database, table) for table in tables]
    again = store(database, {feed_id: document}, at=after(60))[feed_id]
    assert again.counts == PollCounts(3, unchanged=3)
    assert [_count(database, table) for table in tables] == before
    with database.connect() as connection:
        assert changes.count(connection) == 3


def test_what_a_document_held_is_known_at_the_next_poll(database: Database) -> None:
    (feed_id,) = subscribe(database, "https://example.org/rss")
    document = [entry(an_article("one")), refused("bad", EntryOutcome.INVALID, "no_headline")]
    store(database, {feed_id: document})
    with database.connect() as connection:
        known = polls.known_entries(connection, feed_id)
    assert known == {one.entry_key: one.entry_hash for one in document}


def test_one_url_in_three_feeds_is_one_article_with_three_sightings(database: Database) -> None:
    ids = subscribe(database, "https://a.org/rss", "https://b.org/rss", "https://c.org/rss")
    shared = an_article("one", guid="g")
    saved = store(database, {feed_id: [entry(shared)] for feed_id in ids})
    assert [saved[feed_id].counts.new for feed_id in ids] == [1, 0, 0]
    assert _count(database, article) == 1
    assert _count(database, sighting) == 3


def test_a_new_guid_policy_imports_nothing_again(database: Database) -> None:
    (feed_id,) = subscribe(database, "https://example.org/rss")
    old = [an_article(name, guid=f"old-{name}") for name in "abc"]
    new = [an_article(name, guid=f"new-{name}") for name in "abc"]
    store(database, {feed_id: [entry(one) for one in old]})
    saved = store(database, {feed_id: [entry(one) for one in new]}, at=after(60))[feed_id]
    assert saved.counts == PollCounts(3, unchanged=3)
    assert _count(database, article) == 3


def test_the_same_guid_in_two_feeds_is_two_articles(database: Database) -> None:
    ids = subscribe(database, "https://a.org/rss", "https://b.org/rss")
    documents = {
        feed_id: [entry(an_article(f"x{feed_id}", guid="1", url=f"https://x.org/{feed_id}"))]
        for feed_id in ids
    }
    store(database, documents)
    assert _count(database, article) == 2


def test_a_moved_article_is_recognised_by_its_guid_and_then_by_either_url(
    database: Database,
) -> None:
    first, second = subscribe(database, "https://a.org/rss", "https://b.org/rss")
    store(database, {first: [entry(an_article("x", guid="g", url="https://a.org/old"))]})
    moved = an_article("x", guid="g", url="https://a.org/new")
    assert store(database, {first: [entry(moved)]}, at=after(60))[first].counts.new == 0
    for number, url in enumerate(("https://a.org/old", "https://a.org/new")):
        elsewhere = entry(an_article("x", url=url, keys=(Key(KeyKind.URL, url),)))
        saved = store(database, {second: [elsewhere]}, at=after(120 + number))
        assert saved[second].counts == PollCounts(1, unchanged=1)


def test_an_edit_is_a_revision_and_the_former_version_is_kept(database: Database) -> None:
    (feed_id,) = subscribe(database, "https://example.org/rss")
    store(database, {feed_id: [entry(an_article("x", headline="First", text="Old text here."))]})
    later = an_article("x", headline="Second", text="New text here.", published_at=after(30))
    saved = store(database, {feed_id: [entry(later)]}, at=after(60))[feed_id]
    assert saved.counts == PollCounts(1, revised=1)
    with database.connect() as connection:
        page = article_queries.article_page(connection, saved.revised_articles[0])
    assert page is not None
    assert [version.headline for version in page.versions] == ["First", "Second"]
    assert page.versions[0].superseded_at == page.versions[1].seen_at == after(60)
    assert page.versions[0].reason == "edit"
    assert page.article.body_text == "New text here."
    assert page.article.first_seen_at == NOW
    assert page.article.published_at == an_article("x").published_at, "the earlier claim stays"


def test_another_feed_with_another_wording_does_not_revise(database: Database) -> None:
    own, other = subscribe(database, "https://a.org/rss", "https://b.org/rss")
    wordings = {
        own: entry(an_article("x", headline="Own headline")),
        other: entry(an_article("x", headline="Other headline")),
    }
    for round_number in range(3):
        for feed_id, one in wordings.items():
            store(database, {feed_id: [one]}, at=after(round_number * 100 + feed_id))
    assert _headlines(database) == ["Own headline"]
    assert _count(database, revision) == 0


def test_a_much_fuller_text_takes_over_whichever_feed_brings_it(database: Database) -> None:
    own, other = subscribe(database, "https://a.org/rss", "https://b.org/rss")
    teaser = entry(an_article("x", text="Only a teaser of it."))
    full = entry(an_article("x", text="A whole article, " * 40))
    store(database, {own: [teaser]})
    assert store(database, {other: [full]}, at=after(60))[other].counts.revised == 1
    edited = entry(an_article("x", text="Only an edited teaser."))
    assert store(database, {own: [edited]}, at=after(120))[own].counts == PollCounts(1, unchanged=1)
    with database.connect() as connection:
        row = connection.execute(select(article.c.feed_id, article.c.word_count)).one()
    assert tuple(row) == (other, 120)


def test_a_page_text_is_not_replaced_by_the_feeds_shorter_one(database: Database) -> None:
    (feed_id,) = subscribe(database, "https://example.org/rss")
    store(database, {feed_id: [entry(an_article("x", text="Long text.", text_from="page"))]})
    short = entry(an_article("x", text="Short."))
    assert store(database, {feed_id: [short]}, at=after(60))[feed_id].counts.unchanged == 1
    with database.connect() as connection:
        assert polls.known_entries(connection, feed_id)[short.entry_key] != short.entry_hash, (
            "so that the page is tried again"
        )


@pytest.mark.parametrize("together", [True, False])
def test_what_is_stored_does_not_depend_on_how_polls_fall_into_batches(
    database: Database, together: bool
) -> None:
    ids = subscribe(database, "https://a.org/rss", "https://b.org/rss", "https://c.org/rss")
    documents = {
        ids[0]: [entry(an_article("x", text="A teaser.")), entry(an_article("y"))],
        ids[1]: [entry(an_article("x", text="A longer text of it, " * 10))],
        ids[2]: [entry(an_article("x", text="The longest text of all, " * 40))],
    }
    if together:
        store(database, dict(documents))
    else:
        for feed_id, document in documents.items():
            store(database, {feed_id: document})
    with database.connect() as connection:
        rows = connection.execute(
            select(article.c.headline, article.c.word_count, article.c.revision).order_by(
                article.c.id
            )
        ).all()
        former = connection.scalars(select(revision.c.word_count).order_by(revision.c.number)).all()
    assert [tuple(row) for row in rows] == [("Headline of x", 200, 3), ("Headline of y", 4, 1)]
    assert former == [2, 50]


def test_entries_that_repeat_within_a_document_are_one_article(database: Database) -> None:
    (feed_id,) = subscribe(database, "https://example.org/rss")
    twice = entry(an_article("x"))
    saved = store(database, {feed_id: [twice, twice, entry(an_article("y"))]})[feed_id]
    assert saved.counts == PollCounts(3, new=2, unchanged=1)
    assert _count(database, article) == 2


def test_a_sighting_ends_when_the_entry_leaves_and_goes_on_when_it_returns(
    database: Database,
) -> None:
    (feed_id,) = subscribe(database, "https://example.org/rss")
    one, two = entry(an_article("one")), entry(an_article("two"))

    def last_seen() -> list[object]:
        with database.connect() as connection:
            query = select(sighting.c.last_seen_at).where(sighting.c.entry_key == one.entry_key)
            return list(connection.scalars(query))

    store(database, {feed_id: [one]})
    assert last_seen() == [None]
    store(database, {feed_id: [unchanged(one), two]}, at=after(60))
    store(database, {feed_id: [unchanged(two)]}, at=after(120))
    assert last_seen() == [after(60)]
    store(database, {feed_id: [one, unchanged(two)]}, at=after(180))
    assert last_seen() == [None]
    assert _count(database, sighting) == 2


@pytest.mark.parametrize("faults", [("truncated",), ()])
def test_a_cut_or_empty_document_ends_no_sighting(
    database: Database, faults: tuple[str, ...]
) -> None:
    (feed_id,) = subscribe(database, "https://example.org/rss")
    document = [entry(an_article(name)) for name in "abc"]
    store(database, {feed_id: document})
    left = [unchanged(document[0])] if faults else []
    store(database, {feed_id: left}, at=after(60), document=replace(DOCUMENT, faults=faults))
    with database.connect() as connection:
        assert connection.scalars(select(sighting.c.last_seen_at).distinct()).all() == [None]
        assert len(polls.known_entries(connection, feed_id)) == 3


def test_a_deleted_article_never_comes_back(database: Database) -> None:
    first, second = subscribe(database, "https://a.org/rss", "https://b.org/rss")
    kept, doomed = entry(an_article("kept")), entry(an_article("doomed"))
    saved = store(database, {first: [kept, doomed]})[first]
    with database.begin() as connection:
        assert maintenance.delete_articles(connection, [saved.new_articles[1]], after(10)) == 1
    changed = entry(an_article("doomed", text="Now with another text."))
    for number, feed_id in enumerate((first, second)):
        again = store(database, {feed_id: [changed]}, at=after(60 + number))[feed_id]
        assert again.counts == PollCounts(1, unchanged=1)
    assert _headlines(database) == ["Headline of kept"]
    assert _count(database, fingerprint) == 1


def test_an_id_is_never_used_again(database: Database) -> None:
    (feed_id,) = subscribe(database, "https://a.org/rss")
    first = store(database, {feed_id: [entry(an_article("one"))]})[feed_id].new_articles
    with database.begin() as connection:
        maintenance.delete_articles(connection, first, NOW)
    second = store(database, {feed_id: [entry(an_article("two"))]}, at=after(60))[feed_id]
    assert second.new_articles[0] > first[0]


def test_a_reissue_under_new_guid_and_url_is_a_revision(database: Database) -> None:
    (feed_id,) = subscribe(database, "https://example.org/rss")
    old = entry(an_article("old", headline="Storm nears coast"))
    (old_id,) = store(database, {feed_id: [old]})[feed_id].new_articles
    seen: list[Sequence[Unknown]] = []

    def find(_: Connection, unknown: Sequence[Unknown]) -> dict[int, int]:
        seen.append(unknown)
        return {0: old_id}

    new = entry(an_article("new", headline="Storm hits coast"))
    saved = store(database, {feed_id: [new]}, at=after(60), find_reissues=find)[feed_id]
    assert saved.counts == PollCounts(1, revised=1)
    assert saved.revised_articles == (old_id,)
    assert [one.article.headline for one in seen[0]] == ["Storm hits coast"]
    with database.connect() as connection:
        assert connection.scalars(select(revision.c.reason)).all() == ["reissue"]
        owners = connection.scalars(select(article_key.c.article_id).distinct()).all()
    assert owners == [old_id]


def test_an_article_still_in_the_document_is_not_what_another_entry_reissues(
    database: Database,
) -> None:
    (feed_id,) = subscribe(database, "https://example.org/rss")
    old = entry(an_article("old"))
    (old_id,) = store(database, {feed_id: [old]})[feed_id].new_articles
    saved = store(
        database,
        {feed_id: [unchanged(old), entry(an_article("new"))]},
        at=after(60),
        find_reissues=lambda _connection, _unknown: {0: old_id},
    )[feed_id]
    assert saved.counts == PollCounts(2, new=1, unchanged=1)


def test_changed_articles_are_queued_for_matching_with_their_fingerprint(
    database: Database,
) -> None:
    (feed_id,) = subscribe(database, "https://example.org/rss")
    saved = store(database, {feed_id: [entry(an_article("x"))]})[feed_id]
    with database.connect() as connection:
        assert connection.scalars(select(match_queue.c.article_id)).all() == [*saved.new_articles]
        assert connection.scalars(select(fingerprint.c.seen_at)).all() == [NOW]
        assert 7 in {one for one, _ in postings_of(connection)}


def test_a_failure_half_way_leaves_nothing(database: Database) -> None:
    (feed_id,) = subscribe(database, "https://example.org/rss")

    def fail_after_saving() -> None:
        with database.begin() as connection:
            (due,) = claim(connection, feed_id)
            harvest = Harvest(DOCUMENT, (entry(an_article("x")),))
            articles.save(connection, [PolledHarvest(due, harvest, NOW)], NOW)
            raise RuntimeError("killed here")

    with pytest.raises(RuntimeError):
        fail_after_saving()
    for table in (article, article_key, sighting, match_queue, posting_run, raw_entry):
        assert _count(database, table) == 0


_NAMES = st.sampled_from("abcdef")
_DOCUMENTS = st.lists(
    st.tuples(st.integers(0, 2), st.lists(st.tuples(_NAMES, st.integers(1, 3)), max_size=6)),
    max_size=8,
)


@settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(rounds=_DOCUMENTS)
def test_counts_add_up_and_articles_are_as_many_as_urls(
    database: Database, rounds: list[tuple[int, list[tuple[str, int]]]]
) -> None:
    with database.begin() as connection:
        ids = list(connection.scalars(select(article.c.id)))
        maintenance.delete_articles(connection, ids, NOW, for_ever=False)
        prefix = f"https://{feeds.count(connection)}.example.org"
    feed_ids = subscribe(database, *(f"{prefix}/{number}/rss" for number in range(3)))
    names: set[str] = set()
    for number, (which, document) in enumerate(rounds):
        entries = [
            entry(an_article(name, url=f"{prefix}/{name}", text=f"Version {version} of {name}"))
            for name, version in document
        ]
        names |= {name for name, _ in document}
        saved = store(database, {feed_ids[which]: entries}, at=after(number))[feed_ids[which]]
        counts = saved.counts
        assert counts.entries == len(document)
        assert counts.entries == counts.new + counts.revised + counts.unchanged
        assert _count(database, article) == len(names)
