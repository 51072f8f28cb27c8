"""The views, the questions asked of them, full-text search and the status."""

from __future__ import annotations

import dataclasses

import pytest
from sqlalchemy import inspect, text

from ingest.model import PollOutcome, Removed
from ingest.store import (
    article_queries,
    feed_queries,
    maintenance,
    search,
    status,
    story_queries,
    view_rows,
    views,
)
from ingest.store.article_queries import ArticleFilter
from ingest.store.engine import Database, open_database
from ingest.store.story_queries import StoryFilter
from ingest.store.story_rows import refresh
from ingest.store.tables import match, story, story_article
from tests.store.build import NOW, after, an_article, entry, store, subscribe

# Section 8 of the design: these columns are promised to users.
PROMISED = {
    "v_matches": "article_id, of_article_id, story_id, relation, resemblance, containment,"
    " containment_of, shared_weight, rule, gap_seconds, fingerprint_version, decided_at",
    "v_stories": "story_id, headline, first_publisher, first_article_id, first_seen_after,"
    " first_seen_before, first_published_at, last_seen_at, articles, publishers,"
    " fullest_article_id, source_agency, language",
}


@pytest.fixture
def filled(database: Database) -> Database:
    """Three articles of two publishers; the first two are one story."""
    a, b = subscribe(database, "https://a.org/rss", "https://b.org/rss")
    first = an_article(
        "one",
        headline="Storm hits the coast",
        text="A storm hit the coast of Galicia.",
        url="https://a.org/1",
        language="en",
        source_agency="Reuters",
        removed=(Removed("read_more", "Read more: the sea"),),
    )
    copy = an_article(
        "two", headline="Coast hit by storm", text="A storm hit Galicia.", url="https://b.org/1",
        language="en-GB",
    )  # fmt: skip
    other = an_article(
        "three", headline="東京で会議", text="東京で国際会議が開かれた。", url="https://b.org/2",
        language="ja",
    )  # fmt: skip
    store(database, {a: []}, at=after(-60))
    store(database, {a: [entry(first)]})
    store(database, {b: [entry(copy), entry(other)]}, at=after(60))
    with database.begin() as connection:
        connection.execute(
            story.insert(), [{"id": n, "created_at": NOW, "updated_at": after(n)} for n in (1, 2)]
        )
        connection.execute(
            story_article.insert(),
            [
                {"article_id": article_id, "story_id": story_id, "joined_at": NOW}
                for article_id, story_id in ((1, 1), (2, 1), (3, 2))
            ],
        )
        connection.execute(
            match.insert(),
            {
                "article_id": 2, "of_article_id": 1, "relation": "abridged", "resemblance": 0.5,
                "containment": 0.9, "containment_of": 0.6, "shared_weight": 7.5, "rule": "lead",
                "gap_seconds": 60, "fingerprint_version": 1, "decided_at": after(61),
            },
        )  # fmt: skip
        refresh(connection, [1, 2], after(61))
    return database


@pytest.mark.parametrize("name", view_rows.ROWS)
def test_a_view_has_the_documented_columns_in_order(database: Database, name: str) -> None:
    (view,) = (one for one in views.VIEWS if one.name == name)
    documented = [column.name for column in view.columns]
    with database.connect() as connection:
        assert [one["name"] for one in inspect(connection).get_columns(name)] == documented
    assert [field.name for field in dataclasses.fields(view_rows.ROWS[name])] == documented
    assert all(column.comment for column in view.columns)
    assert set(PROMISED.get(name, "").split(", ")) - {""} <= set(documented)


def test_on_postgresql_each_view_column_explains_itself(postgresql_url: str) -> None:
    database = open_database(postgresql_url)
    with database.connect() as connection:
        explained: dict[str, str] = dict(
            connection.execute(
                text(
                    "SELECT a.attname, col_description(c.oid, a.attnum) FROM pg_class c"
                    " JOIN pg_attribute a ON a.attrelid = c.oid WHERE c.relname = 'v_articles'"
                )
            ).all()
        )
    assert explained == {column.name: column.comment for column in views.V_ARTICLES.columns}
    database.close()


def test_an_article_comes_back_as_it_was_stored(filled: Database) -> None:
    with filled.connect() as connection:
        (row,) = article_queries.list_articles(connection, ArticleFilter(publisher="a.org"))
    assert row.headline == "Storm hits the coast"
    assert (row.publisher, row.authors, row.source_agency) == ("a.org", ["Ann Author"], "Reuters")
    assert (row.first_seen_at, row.last_seen_at, row.story_id) == (NOW, NOW, 1)
    assert row.body_text == "A storm hit the coast of Galicia."
    assert row.media is None


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (ArticleFilter(), [3, 2, 1]),
        (ArticleFilter(publisher="B.org"), [3, 2]),
        (ArticleFilter(language="en"), [2, 1]),
        (ArticleFilter(language="ja"), [3]),
        (ArticleFilter(agency="reuters"), [1]),
        (ArticleFilter(since=after(1)), [3, 2]),
        (ArticleFilter(until=after(1)), [1]),
        (ArticleFilter(feed_id=1), [1]),
    ],
)
def test_articles_can_be_filtered(
    filled: Database, wanted: ArticleFilter, found: list[int]
) -> None:
    with filled.connect() as connection:
        assert [row.id for row in article_queries.list_articles(connection, wanted)] == found


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (StoryFilter(), {1, 2}),
        (StoryFilter(min_publishers=2), {1}),
        (StoryFilter(min_publishers=2, language="en"), {1}),
        (StoryFilter(publisher="a.org"), {1}),
        (StoryFilter(agency="Reuters"), {1}),
        (StoryFilter(language="ja"), {2}),
        (StoryFilter(since=after(600)), set()),
    ],
)
def test_stories_can_be_filtered(filled: Database, wanted: StoryFilter, found: set[int]) -> None:
    with filled.connect() as connection:
        assert {row.story_id for row in story_queries.list_stories(connection, wanted)} == found


def test_a_story_says_who_was_first_and_brackets_when(filled: Database) -> None:
    with filled.connect() as connection:
        row = story_queries.get_story(connection, 1)
        members = story_queries.story_members(connection, 1)
    assert row is not None
    assert (row.first_publisher, row.first_article_id) == ("a.org", 1)
    assert (row.first_seen_after, row.first_seen_before) == (after(-60), NOW)
    assert (row.articles, row.publishers, row.last_seen_at) == (2, 2, after(60))
    assert [(one.article_id, one.match and one.match.relation) for one in members] == [
        (1, None),
        (2, "abridged"),
    ]


def test_a_merged_story_leads_to_the_one_it_is_in(filled: Database) -> None:
    with filled.begin() as connection:
        connection.execute(story.update().where(story.c.id == 2).values(merged_into_id=1))
        found = story_queries.get_story(connection, 2)
        assert found is not None
        assert found.story_id == 1
        assert [row.story_id for row in story_queries.list_stories(connection)] == [1]
        assert story_queries.get_story(connection, 99) is None


def test_an_articles_page_has_its_feeds_matches_and_what_was_removed(filled: Database) -> None:
    with filled.connect() as connection:
        page = article_queries.article_page(connection, 1)
        assert article_queries.article_page(connection, 99) is None
    assert page is not None
    assert [(one.reason, one.text) for one in page.removed] == [("read_more", "Read more: the sea")]
    assert [(one.feed, one.last_seen_at) for one in page.sightings] == [("a.org", None)]
    assert [one.article_id for one in page.matches] == [2]
    assert [one.number for one in page.versions] == [1]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("storm", {1, 2}),
        ("storm coast -hits", {2}),
        ('"the coast"', {1}),
        ("会議", {3}),
        ("東京", {3}),
        ("京東", set()),
        ("gali*", {1, 2}),
        ("hits OR 東京", {1, 3}),
        ("STÓRM", {1, 2}),
        ("", set()),
        ("-storm", set()),
        ("\"'; DROP TABLE article --", set()),
        ("((( AND NOT : * ^ \\ & | ! <->", set()),
    ],
)
def test_words_are_found(filled: Database, words: str, found: set[int]) -> None:
    if words == "STÓRM" and filled.dialect == "postgresql":
        pytest.skip("PostgreSQL folds accents only with an extension")
    with filled.connect() as connection:
        assert {row.id for row in article_queries.search_articles(connection, words)} == found


def test_a_revised_article_is_found_by_its_new_words_only(filled: Database) -> None:
    new = an_article("one", headline="Calm again", text="The sea is calm.", url="https://a.org/1")
    store(filled, {1: [entry(new)]}, at=after(120))
    with filled.connect() as connection:
        assert [hit.article_id for hit in search.search(connection, "calm")] == [1]
        assert [hit.article_id for hit in search.search(connection, "storm")] == [2]
        seen = article_queries.ArticleFilter(since=after(1))
        assert article_queries.search_articles(connection, "calm", seen) == []


def test_a_deleted_article_is_found_no_more_and_its_story_is_summed_up(filled: Database) -> None:
    with filled.begin() as connection:
        assert maintenance.delete_articles(connection, [1, 3], after(200)) == 2
    with filled.connect() as connection:
        assert [hit.article_id for hit in search.search(connection, "storm")] == [2]
        (row,) = story_queries.list_stories(connection)
    assert (row.story_id, row.first_article_id, row.articles) == (1, 2, 1)


def test_feeds_and_polls_read_as_words_not_codes(filled: Database) -> None:
    with filled.connect() as connection:
        feed_rows = feed_queries.feed_rows(connection)
        poll_rows = feed_queries.poll_rows(connection, feed_id=2)
        assert feed_queries.feed_rows(connection, state="gone") == []
    assert [(one.name, one.state, one.last_outcome) for one in feed_rows] == [
        ("a.org", "ok", "ok"),
        ("b.org", "ok", "ok"),
    ]
    assert feed_rows[0].polls_per_day == 48
    assert [(one.outcome, one.status, one.entries_new, one.possible_gap) for one in poll_rows] == [
        ("ok", 200, 2, False)
    ]


def test_the_status_counts_what_there_is(filled: Database) -> None:
    with filled.connect() as connection:
        found = status.read_status(connection, after(120))
        hours = status.activity(connection, after(120), hours=3)
    assert (found.feeds, found.feeds_by_state, found.due) == (2, {"ok": 2}, 0)
    assert (found.articles, found.articles_last_day, found.stories) == (3, 3, 2)
    assert found.stories_of_several == 1
    assert found.polls_last_hour == {PollOutcome.OK: 3}
    assert found.queued_for_matching == 3
    assert found.database_bytes > 0
    assert [(hour.polls, hour.new_articles, hour.failed) for hour in hours] == [
        (0, 0, 0),
        (1, 0, 0),
        (2, 3, 0),
    ]
