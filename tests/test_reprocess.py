"""Articles made again from their raw entries: what changes, and that nothing else does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Table, func, select, update

import ingest.reprocess
from ingest.config import DatabaseSettings, Settings
from ingest.harvest import harvest
from ingest.jobs import HarvestJob
from ingest.model import Article, IdentifiedEntry
from ingest.normalise import Context, normalise
from ingest.normalise.article import content_hash
from ingest.reprocess import Effect, Reworked, reprocess
from ingest.store import article_queries
from ingest.store.engine import Database
from ingest.store.tables import (
    article,
    article_content,
    article_key,
    change,
    fingerprint,
    match_queue,
    raw_entry,
    revision,
)
from tests.store.build import NOW, after, store, subscribe

URL = "https://daily.example/rss"
TEXT = (
    "The council met on Tuesday. It voted for the bridge by nine to four after a long night. " * 3
)
LATER = after(3600)
SETTINGS = Settings()

Normalise = Callable[[IdentifiedEntry, Context], Article]


def document(*items: str, site: str = "https://daily.example/") -> bytes:
    body = "".join(items)
    return (
        f'<rss version="2.0"><channel><title>Daily</title><link>{site}</link>{body}</channel></rss>'
    ).encode()


def item(name: str, title: str | None = None, text: str = TEXT) -> str:
    return (
        f"<item><guid>{name}</guid><link>https://daily.example/{name}</link>"
        f"<title>{title or f'Headline of {name}'}</title><description>{name}: {text}</description>"
        "<pubDate>Sun, 01 Mar 2026 10:00:00 GMT</pubDate></item>"
    )


def feed_of(database: Database, body: bytes, *, seconds: float = 0.0) -> int:
    """Poll the one feed so long after the beginning, with `body` as its document."""
    with database.connect() as connection:
        known = connection.scalar(select(func.count()).select_from(raw_entry))
    feed_id = 1 if known else subscribe(database, URL, publisher="Daily")[0]
    at = after(seconds)
    read = harvest(body, HarvestJob(url=URL, now=at, publisher="Daily"))
    store(database, {feed_id: read.entries}, at=at, document=read.document)
    return feed_id


def run(
    database: Database, *, dry_run: bool = False, settings: Settings = SETTINGS
) -> list[Reworked]:
    return list(reprocess(database, settings, LATER, dry_run=dry_run, batch_articles=2))


def effects(results: list[Reworked]) -> list[Effect]:
    return [one.effect for one in results]


def count(database: Database, table: Table) -> int:
    with database.connect() as connection:
        return connection.scalar(select(func.count()).select_from(table)) or 0


def empty(database: Database, table: Table) -> None:
    with database.begin() as connection:
        connection.execute(table.delete())


@pytest.fixture
def new_rules(monkeypatch: pytest.MonkeyPatch) -> Callable[[Normalise], None]:
    """Let `reprocess` normalise with another function."""

    def use(rules: Normalise) -> None:
        monkeypatch.setattr(ingest.reprocess, "normalise", rules)

    return use


def shouting(identified: IdentifiedEntry, context: Context) -> Article:
    """Rules under which a headline ends in an exclamation mark, but of articles named `calm`."""
    made = normalise(identified, context)
    if "calm" in made.headline:
        return made
    headline = f"{made.headline}!"
    return replace(
        made, headline=headline, content_hash=content_hash(headline, None, None, made.body_text)
    )


def named(identified: IdentifiedEntry, context: Context) -> Article:
    """Rules that find an author in every entry."""
    return replace(normalise(identified, context), byline="By Ann Author", authors=("Ann Author",))


def test_with_the_rules_of_before_nothing_changes(database: Database) -> None:
    feed_of(database, document(item("a"), item("b"), item("c")))
    before = count(database, change)
    assert effects(run(database)) == [Effect.UNCHANGED] * 3
    assert count(database, change) == before
    assert count(database, revision) == 0


def test_a_text_that_comes_out_otherwise_is_a_revision(
    database: Database, new_rules: Callable[[Normalise], None]
) -> None:
    feed_of(database, document(item("loud"), item("calm")))
    empty(database, match_queue)
    new_rules(shouting)
    results = run(database)
    assert {one.headline: one.effect for one in results} == {
        "Headline of loud": Effect.REVISED,
        "Headline of calm": Effect.UNCHANGED,
    }
    (loud,) = [one for one in results if one.effect is Effect.REVISED]
    assert loud.fields == ("headline",)
    with database.connect() as connection:
        page = article_queries.article_page(connection, loud.article_id)
        assert page is not None
        assert [one.headline for one in page.versions] == ["Headline of loud", "Headline of loud!"]
        assert page.versions[0].reason == "reprocess"
        assert page.versions[0].body_text == page.article.body_text
        assert page.versions[1].seen_at == LATER
        assert connection.scalars(select(match_queue.c.article_id)).all() == [loud.article_id]
        last = connection.execute(select(change).order_by(change.c.id.desc()).limit(1)).one()
        assert (last.kind, last.data) == ("article.revised", {"reason": "reprocess"})


def test_running_again_changes_nothing(
    database: Database, new_rules: Callable[[Normalise], None]
) -> None:
    feed_of(database, document(item("a"), item("b"), item("c")))
    new_rules(shouting)
    assert effects(run(database)) == [Effect.REVISED] * 3
    assert effects(run(database)) == [Effect.UNCHANGED] * 3
    assert count(database, revision) == 3


def test_an_interrupted_run_is_gone_on_with(
    database: Database, new_rules: Callable[[Normalise], None]
) -> None:
    feed_of(database, document(*(item(f"n{number}") for number in range(5))))
    new_rules(shouting)
    results = reprocess(database, SETTINGS, LATER, batch_articles=2)
    first = [next(results) for _ in range(3)]
    results.close()  # type: ignore[attr-defined]
    assert effects(first) == [Effect.REVISED] * 3
    assert count(database, revision) == 4  # the second batch was committed before it was told
    assert sorted(effects(run(database))) == [Effect.REVISED] + [Effect.UNCHANGED] * 4
    assert count(database, revision) == 5


def test_a_dry_run_tells_the_same_and_writes_nothing(
    database: Database, new_rules: Callable[[Normalise], None]
) -> None:
    feed_of(database, document(item("a"), item("b")))
    new_rules(shouting)
    rehearsed = run(database, dry_run=True)
    assert count(database, revision) == 0
    assert effects(rehearsed) == [Effect.REVISED] * 2
    assert run(database) == rehearsed


def test_other_metadata_is_stored_in_place(
    database: Database, new_rules: Callable[[Normalise], None]
) -> None:
    feed_of(database, document(item("a")))
    empty(database, match_queue)
    new_rules(named)
    (result,) = run(database)
    assert (result.effect, result.fields) == (Effect.METADATA, ("authors", "byline"))
    with database.connect() as connection:
        row = connection.execute(select(article)).one()
    assert (row.authors, row.byline, row.revision) == (["Ann Author"], "By Ann Author", 1)
    assert row.revised_at is None
    assert count(database, revision) == count(database, match_queue) == 0


def test_the_full_text_index_follows(
    database: Database, new_rules: Callable[[Normalise], None]
) -> None:
    feed_of(database, document(item("ferry")))

    def renamed(identified: IdentifiedEntry, context: Context) -> Article:
        made = normalise(identified, context)
        return replace(
            made,
            headline="A zeppelin",
            summary="Up",
            body_text="It flew.",
            content_hash=content_hash("zeppelin"),
        )

    new_rules(renamed)
    run(database)
    with database.connect() as connection:
        assert len(article_queries.search_articles(connection, "zeppelin", limit=5)) == 1
        assert article_queries.search_articles(connection, "ferry", limit=5) == []


def test_an_edited_article_is_made_from_its_newest_entry(database: Database) -> None:
    feed_of(database, document(item("a", "First words")))
    feed_of(database, document(item("a", "Second words")), seconds=600)
    assert effects(run(database)) == [Effect.UNCHANGED]
    with database.connect() as connection:
        assert connection.scalar(select(article.c.headline)) == "Second words"


def test_a_poll_that_comes_in_between_is_not_undone(
    database: Database, new_rules: Callable[[Normalise], None]
) -> None:
    feed_of(database, document(item("a")))

    def slow(identified: IdentifiedEntry, context: Context) -> Article:
        if count(database, revision) == 0:
            feed_of(database, document(item("a", "Edited meanwhile")), seconds=600)
        return shouting(identified, context)

    new_rules(slow)
    assert effects(run(database)) == [Effect.OVERTAKEN]
    with database.connect() as connection:
        assert connection.scalar(select(article.c.headline)) == "Edited meanwhile"


def test_what_cannot_be_made_again_is_left_alone(
    database: Database, new_rules: Callable[[Normalise], None]
) -> None:
    feed_of(database, document(item("a"), item("b"), item("c"), item("d")))
    new_rules(shouting)
    with database.begin() as connection:
        ids = connection.scalars(select(article.c.id).order_by(article.c.id)).all()
        raw = raw_entry.c.article_id
        connection.execute(update(raw_entry).where(raw == ids[0]).values(raw=b"damaged"))
        connection.execute(raw_entry.delete().where(raw == ids[1]))
        page = update(article).where(article.c.id == ids[2])
        connection.execute(page.values(text_from="page"))
    assert effects(run(database)) == [
        Effect.UNREADABLE,
        Effect.NO_RAW,
        Effect.FROM_PAGE,
        Effect.REVISED,
    ]


def test_a_text_given_up_by_retention_does_not_come_back(database: Database) -> None:
    feed_of(database, document(item("a")))
    with database.begin() as connection:
        connection.execute(update(article_content).values(body_text=None, body_html=None))
        connection.execute(update(article).values(first_seen_at=NOW - timedelta(days=9)))
    kept = Settings(database=DatabaseSettings(keep_content_days=7))
    assert run(database, settings=kept) == []


def test_an_old_article_is_not_compared_anew(
    database: Database, new_rules: Callable[[Normalise], None]
) -> None:
    feed_of(database, document(item("a")))
    empty(database, match_queue)
    empty(database, fingerprint)
    with database.begin() as connection:
        connection.execute(update(article).values(first_seen_at=NOW - timedelta(days=99)))
    new_rules(shouting)
    assert effects(run(database)) == [Effect.REVISED]
    assert count(database, match_queue) == count(database, fingerprint) == 0


def test_a_fingerprint_of_an_older_version_is_replaced(database: Database) -> None:
    feed_of(database, document(item("a")))
    empty(database, match_queue)
    with database.begin() as connection:
        present = connection.scalar(select(fingerprint.c.version))
        connection.execute(update(fingerprint).values(version=0))
    assert effects(run(database)) == [Effect.FINGERPRINT]
    with database.connect() as connection:
        assert connection.scalar(select(fingerprint.c.version)) == present
    assert count(database, match_queue) == 1


def test_keys_stay_as_they_were_identified(database: Database) -> None:
    """One link for two entries is no key, though each entry alone looks as if it were."""
    same_link = item("a").replace("daily.example/a", "daily.example/live")
    other = item("b").replace("daily.example/b", "daily.example/live")
    feed_of(database, document(same_link, other, item("c")))
    before = count(database, article_key)
    with database.begin() as connection:
        connection.execute(update(article).values(byline="to be written again"))
    assert effects(run(database)) == [Effect.METADATA] * 3
    assert count(database, article_key) == before
