"""Re-clustering in bulk: the rows of settling, whatever is prepared ahead and however it is cut."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text

from benchmarks import bulk_fill
from ingest.config import DedupeSettings
from ingest.engines import Alone, Engine, EngineName, opened
from ingest.store import foresight, indexing, recluster, stories, tables
from ingest.store.engine import Database
from ingest.store.memberships import StoryChange, memberships
from ingest.store.recluster import Reclustered
from ingest.store.story_decisions import pin, split

ARTICLES, WORDS = 400, 60
LATER = bulk_fill.START + timedelta(days=400)
SETTINGS = DedupeSettings()
DECIDED = (tables.story, tables.story_article, tables.match)


class Here(Alone):
    """Says that it has many cores, and does all in this process."""

    cores = 4


@pytest.fixture
def archive(database: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    """Articles over three weeks, each in a story of its own; a quarter are republications."""
    monkeypatch.setattr(bulk_fill, "DAYS", 21)
    bulk_fill.store(database, ARTICLES, WORDS)
    return database


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recluster, "BATCH_ARTICLES", 30)
    monkeypatch.setattr(indexing, "SHARD", 70)


def again(database: Database, engine: Engine | None = None, **more: Any) -> Reclustered:
    return recluster.recluster(database, now=LATER, settings=SETTINGS, engine=engine, **more)


def rows_of(database: Database) -> list[tuple[object, ...]]:
    with database.connect() as connection:
        return [
            (table.name, *row)
            for table in DECIDED
            for row in connection.execute(select(table).order_by(*table.primary_key))
        ]


def as_before(database: Database) -> None:
    """Each article in a story of its own again, read by no version."""
    with database.begin() as connection:
        for table in ("match", "posting", "posting_run", "fingerprint", "change"):
            connection.execute(text(f'DELETE FROM "{table}"'))
        connection.execute(text("UPDATE story_article SET story_id = article_id"))
        connection.execute(
            text("UPDATE story SET articles = 1, merged_into_id = NULL, first_article_id = id")
        )
        connection.execute(text(f"DELETE FROM story WHERE id > {ARTICLES}"))


def test_what_is_prepared_ahead_changes_no_row(
    archive: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = again(archive)
    assert alone.articles == ARTICLES
    assert alone.merged_stories > 20
    rows = rows_of(archive)
    fitting: list[bool] = []
    fits = foresight.Prepared.fits

    def noted(self: foresight.Prepared, *given: Any) -> bool:
        fitting.append(fits(self, *given))
        return fitting[-1]

    monkeypatch.setattr(foresight.Prepared, "fits", noted)
    as_before(archive)
    assert again(archive, Here()) == alone
    assert rows_of(archive) == rows
    assert len(fitting) == -(-ARTICLES // 30)
    assert all(fitting)


def test_processes_prepare_what_one_would(archive: Database) -> None:
    alone = again(archive)
    rows = rows_of(archive)
    as_before(archive)
    with opened(EngineName.LOCAL, processes=2) as engine:
        assert again(archive, engine) == alone
    assert rows_of(archive) == rows


def test_it_decides_as_settling_does(archive: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    again(archive, Here())
    rows = rows_of(archive)
    as_before(archive)
    indexing.rebuild_index(archive)
    with monkeypatch.context() as patched:
        patched.setattr(recluster, "settle_batch", lambda *_, **__: stop())
        with pytest.raises(KeyboardInterrupt):
            again(archive)
    while stories.settle(archive, now=LATER, settings=SETTINGS, limit=30):
        pass
    assert rows_of(archive) == rows


def stop() -> None:
    raise KeyboardInterrupt


def test_a_killed_run_is_finished_with_the_same_rows(
    archive: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    again(archive)
    rows = rows_of(archive)
    as_before(archive)
    settle, calls = stories.settle_batch, 0

    def killed(*given: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        return settle(*given, **named) if calls < 6 else stop()

    with monkeypatch.context() as patched:
        patched.setattr(recluster, "settle_batch", killed)
        with pytest.raises(KeyboardInterrupt):
            again(archive, Here())
    assert recluster.articles_left(archive) == ARTICLES - 5 * 30
    finished = again(archive, Here())
    assert finished.resumed
    assert finished.articles == ARTICLES - 5 * 30
    assert rows_of(archive) == rows


def test_what_another_process_settled_meanwhile_is_not_waited_for(
    archive: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    again(archive)
    rows = rows_of(archive)
    as_before(archive)
    settle, calls = stories.settle_batch, 0

    def twice(*given: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 3:  # a daemon, say
            settle(*given, **{**named, "foresight": None})
            named["foresight"] = None
        return settle(*given, **named)

    monkeypatch.setattr(recluster, "settle_batch", twice)
    again(archive, Here())
    assert rows_of(archive) == rows
    assert calls == -(-ARTICLES // 30) - 1


def test_a_dry_run_tells_the_same_and_changes_nothing(archive: Database) -> None:
    rows = rows_of(archive)
    dry = again(archive, Here(), dry_run=True)
    assert rows_of(archive) == rows
    assert again(archive) == dry


def test_decisions_by_hand_hold_whatever_is_prepared(archive: Database) -> None:
    report = again(archive)
    story = report.merged[0].story_id
    with archive.connect() as connection:
        members = connection.scalars(
            select(tables.story_article.c.article_id).where(
                tables.story_article.c.story_id == story
            )
        ).all()
        others = connection.scalars(
            select(tables.story_article.c.article_id)
            .where(tables.story_article.c.story_id != story)
            .limit(2)
        ).all()
    split(archive, max(members), now=LATER)
    pin(archive, others, now=LATER)
    again(archive, Here())
    with archive.connect() as connection:
        now_in = {
            row.article_id: row.story_id for row in connection.execute(select(tables.story_article))
        }
    assert now_in[max(members)] != now_in[min(members)]
    assert len({now_in[one] for one in others}) == 1


def test_since_leaves_earlier_articles_where_they_are(archive: Database) -> None:
    again(archive)
    before = rows_of(archive)
    since = bulk_fill.START + timedelta(days=12)
    report = again(archive, Here(), since=since)
    assert 0 < report.articles < ARTICLES
    assert (report.merged, report.split) == ((), ())
    joined = [row[1:3] for row in before if row[0] == "story_article"]
    assert [row[1:3] for row in rows_of(archive) if row[0] == "story_article"] == joined


@pytest.mark.parametrize("engine", [None, Here()])
def test_an_index_written_by_parts_is_the_same(
    archive: Database, engine: Engine | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def written() -> list[Any]:
        with archive.connect() as connection:
            rows: list[Any] = []
            for table in (tables.posting, tables.fingerprint):
                rows += connection.execute(select(table).order_by(*table.primary_key)).all()
            return rows

    assert indexing.write_index(archive.begin, None, only_missing=True) == ARTICLES
    rows = written()
    as_before(archive)
    monkeypatch.setattr(indexing, "PART", 900)
    monkeypatch.setattr(indexing, "ROWS", 333)
    assert indexing.write_index(archive.begin, None, only_missing=True, engine=engine) == ARTICLES
    assert written() == rows
    assert indexing.write_index(archive.begin, None, only_missing=True) == 0


def test_an_interrupted_index_is_written_again(
    archive: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "PART", 900)
    with monkeypatch.context() as patched:
        patched.setattr(indexing, "write_sketches", lambda *_: stop())
        with pytest.raises(KeyboardInterrupt):
            indexing.write_index(archive.begin, None, only_missing=True)
    assert indexing.write_index(archive.begin, None, only_missing=True) == ARTICLES
    with archive.connect() as connection:
        count = connection.scalar(select(func.count()).select_from(tables.fingerprint))
    assert count == ARTICLES


def test_moves_tell_merges_and_splits() -> None:
    with memberships() as moved:
        moved.were_in([(1, 10), (2, 10), (3, 30), (4, 40), (5, 50)])
        moved.are_in([(1, 10), (2, 20), (3, 10), (4, 40), (6, 60)])
        assert moved.count() == (4, 3, 3)
        assert [*moved.merged()] == [StoryChange(10, (10, 30))]
        assert [*moved.split()] == [StoryChange(10, (10, 20))]
