"""The queue becomes stories: on both databases, through the real index."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection, func, select

from ingest.config import DedupeSettings
from ingest.dedupe import MAX_POSTINGS, fingerprint
from ingest.dedupe.question import unpacked
from ingest.errors import UsageError
from ingest.model import Harvest, Relation
from ingest.store import articles, gathering, stories, tables
from ingest.store.articles import PolledHarvest
from ingest.store.candidates import Readings, SqlIndex, load_documents
from ingest.store.engine import Database
from ingest.store.explanations import explain
from ingest.store.fingerprints import write_fingerprints
from ingest.store.indexing import rebuild_index
from ingest.store.matches import match_between, matches_of
from ingest.store.recluster import recluster
from ingest.store.story_decisions import merge, pin, split
from tests.dedupe.texts import made_text
from tests.store.build import DOCUMENT, NOW, after, an_article, claim, entry, postings_of, subscribe

SETTINGS = DedupeSettings()


class Desk:
    """Stores articles of several publishers one by one, as polls would bring them."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._polls = 0
        self._feeds = subscribe(database, *(f"https://f{n}.org/rss" for n in range(4)))

    def store(self, *texts: str, settle: bool = True, **more: object) -> list[int]:
        """Each text is an article of the next feed; their ids."""
        ids = []
        for text in texts:
            ids.append(self.store_one(" ".join(text.split()[:8]), text, **more))
            if settle:
                self.settle()
        return ids

    def store_one(self, headline: str, text: str, **more: object) -> int:
        """An article of the next feed, which waits in the queue; its id."""
        self._polls += 1
        now = after(3600 * self._polls)
        article = an_article(f"article-{self._polls}", text=text, headline=headline, **more)  # type: ignore[arg-type]
        one = replace(entry(article), fingerprint=fingerprint(headline, text))
        with self.database.begin() as connection:
            due = claim(connection, self._feeds[self._polls % 4], now=now)
            (saved,) = articles.save(
                connection, [PolledHarvest(due[0], Harvest(DOCUMENT, (one,)), now)], now
            )
        (article_id,) = saved.new_articles
        return article_id

    def settle(self) -> None:
        while stories.settle(self.database, now=after(3600 * self._polls), settings=SETTINGS):
            pass

    def story_of(self, *ids: int) -> list[int | None]:
        with self.database.connect() as connection:
            found = gathering.stories_of(connection, set(ids))
        return [found.get(one) for one in ids]


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


def count(connection: Connection, table: object) -> int:
    return connection.scalar(select(func.count()).select_from(table)) or 0  # type: ignore[arg-type]


def test_a_copy_joins_the_story_and_leaves_evidence(desk: Desk) -> None:
    text = made_text(1, 200)
    first, other, copy = desk.store(text, made_text(2, 200), text)
    story, another, its = desk.story_of(first, other, copy)
    assert story == its != another
    with desk.database.connect() as connection:
        match = match_between(connection, first, copy)
        row = connection.execute(select(tables.story).where(tables.story.c.id == story)).one()
        assert count(connection, tables.match_queue) == 0
        kinds = connection.scalars(select(tables.change.c.kind)).all()
    assert match is not None
    assert (match.article_id, match.relation) == (copy, Relation.IDENTICAL)
    assert (row.articles, row.publishers, row.first_article_id) == (2, 2, first)
    assert kinds.count("story.created") == 2
    assert kinds.count("story.joined") == 1


def test_a_batch_finds_the_same_stories_as_one_by_one(desk: Desk) -> None:
    texts = [made_text(seed, 150) for seed in (1, 2, 1, 3, 2, 1)]
    ids = desk.store(*texts, settle=False)
    desk.settle()
    found = desk.story_of(*ids)
    assert [found.index(one) for one in found] == [0, 1, 0, 3, 1, 0]


@pytest.mark.parametrize("at_once", [False, True])
def test_a_headline_of_two_stories_joins_none_whatever_is_settled_with_it(
    desk: Desk, at_once: bool
) -> None:
    label = "What the whole town talked about this week"
    ids = []
    for headline, text in (
        (label, made_text(1, 120)),
        (label, made_text(2, 120)),
        ("A report on other things of the harbour", made_text(3, 120)),
        ("The same report elsewhere, and shorter", made_text(3, 60)),
        (label, label),
    ):
        ids.append(desk.store_one(headline, text))
        if not at_once:
            desk.settle()
    desk.settle()
    found = desk.story_of(*ids)
    assert [found.index(one) for one in found] == [0, 1, 2, 2, 4]


def test_a_late_text_merges_two_stories_and_the_older_id_survives(desk: Desk) -> None:
    words = made_text(5, 400).split()
    left, right = " ".join(words[:240]), " ".join(words[160:])
    first, second = desk.store(left, right)
    older, younger = desk.story_of(first, second)
    if older == younger:
        pytest.fail("the halves overlap too much for this test")
    (bridge,) = desk.store(" ".join(words[100:300]))
    assert desk.story_of(first, second, bridge) == [older] * 3
    with desk.database.connect() as connection:
        rows = {row.id: row for row in connection.execute(select(tables.story))}
    assert rows[younger].merged_into_id == older
    assert rows[younger].articles == 0
    assert rows[older].articles == 3


def test_a_split_article_stays_apart_though_copies_arrive_and_stories_are_rebuilt(
    desk: Desk,
) -> None:
    text = made_text(7, 120)
    first, copy = desk.store(text, text)
    alone = split(desk.database, copy, now=after(900))
    assert desk.story_of(first, copy)[1] == alone != desk.story_of(first)[0]
    (third,) = desk.store(text)
    assert desk.story_of(first, copy)[0] != alone
    assert desk.story_of(third)[0] in desk.story_of(first, copy)
    recluster(desk.database, now=after(1000), settings=SETTINGS)
    one, other = desk.story_of(first, copy)
    assert one != other


def test_pinned_articles_are_one_story_for_ever(desk: Desk) -> None:
    first, second = desk.store(made_text(8, 80), made_text(9, 80))
    story = pin(desk.database, [first, second], now=after(900), reason="the same event")
    assert desk.story_of(first, second) == [story, story]
    recluster(desk.database, now=after(1000), settings=SETTINGS)
    one, other = desk.story_of(first, second)
    assert one == other == story


def test_stories_merged_by_hand_leave_a_redirect(desk: Desk) -> None:
    first, second = desk.store(made_text(8, 80), made_text(9, 80))
    older, younger = desk.story_of(first, second)
    assert older is not None
    assert younger is not None
    assert merge(desk.database, [younger, older], now=after(900)) == older
    with desk.database.connect() as connection:
        into = connection.scalar(
            select(tables.story.c.merged_into_id).where(tables.story.c.id == younger)
        )
    assert into == older
    with pytest.raises(UsageError, match="no story with id 999"):
        merge(desk.database, [older, 999], now=after(900))


def test_reclustering_changes_nothing_where_the_rules_did_not_change(desk: Desk) -> None:
    texts = [made_text(seed, 150) for seed in (1, 2, 1, 3)]
    ids = desk.store(*texts)
    before = desk.story_of(*ids)
    dry = recluster(desk.database, now=after(900), settings=SETTINGS, dry_run=True)
    assert desk.story_of(*ids) == before
    seen: list[tuple[int, int]] = []
    done = recluster(
        desk.database,
        now=after(900),
        settings=SETTINGS,
        progress=lambda now, total: seen.append((now, total)),
    )
    assert dry == done
    assert (done.articles, done.stories_after, done.merged, done.split) == (4, 3, (), ())
    assert desk.story_of(*ids) == before
    assert seen == [(4, 4)]


def test_a_rebuilt_index_gives_the_same_candidates(desk: Desk) -> None:
    desk.store(*(made_text(seed, 150) for seed in (1, 2, 3)))
    with desk.database.begin() as connection:
        before = postings_of(connection)
        connection.execute(tables.posting_run.delete())
        connection.execute(tables.fingerprint.delete())
    assert rebuild_index(desk.database) == 3
    with desk.database.connect() as connection:
        assert postings_of(connection) == before


def test_an_article_outside_the_window_is_not_looked_at(desk: Desk) -> None:
    text = made_text(1, 200)
    (old,) = desk.store(text)
    with desk.database.begin() as connection:
        past = NOW - timedelta(days=SETTINGS.window_days + 1)
        connection.execute(tables.article.update().values(first_seen_at=past))
    (new,) = desk.store(text)
    assert len(set(desk.story_of(old, new))) == 2


def test_no_match_is_left_of_a_text_that_was_edited_away(desk: Desk) -> None:
    text = made_text(1, 150)
    first, copy = desk.store(text, text)
    with desk.database.begin() as connection:
        assert matches_of(connection, first)
        edited = made_text(2, 150)
        sketch = fingerprint("Another headline of six words", edited)
        connection.execute(
            tables.article_content.update()
            .where(tables.article_content.c.article_id == first)
            .values(body_text=edited)
        )
        connection.execute(
            tables.article.update()
            .where(tables.article.c.id == first)
            .values(headline="Another headline of six words", content_hash=77)
        )
        write_fingerprints(connection, [(first, sketch, NOW)])
        stories.queue_articles(connection, {first: sketch}, after(9000), reason="revised")
    desk.settle()
    with desk.database.connect() as connection:
        assert matches_of(connection, first) == []
        assert matches_of(connection, copy) == []


def test_the_question_of_a_queued_article_is_that_of_its_text(desk: Desk) -> None:
    texts = [made_text(seed, words) for seed, words in ((1, 2), (2, 20), (3, 60), (4, 300))]
    desk.store(*texts, settle=False)
    with desk.database.connect() as connection:
        queue = tables.match_queue.c
        rows = connection.execute(select(queue.article_id, queue.question)).all()
        documents = load_documents(connection, [row.article_id for row in rows], Readings())
    for article_id, packed in rows:
        waiting, read = unpacked(packed), documents[article_id].reading.question
        assert sorted(waiting.hashes.tolist()) == sorted(read.hashes.tolist())
        assert dict(zip(waiting.hashes.tolist(), waiting.codes.tolist(), strict=True)) == dict(
            zip(read.hashes.tolist(), read.codes.tolist(), strict=True)
        )
        assert waiting.shingles == read.shingles
        assert waiting.outline == read.outline


@pytest.mark.parametrize("is_settled", [False, True])
def test_texts_with_a_sentence_in_common_are_told_apart_and_not_read(
    desk: Desk, is_settled: bool
) -> None:
    sentence = made_text(1, 14)
    texts = [f"{made_text(seed, 30)} {sentence} {made_text(seed + 5, 16)}" for seed in (2, 3)]
    first, second = desk.store(*texts, settle=False)
    readings, queue = Readings(), tables.match_queue.c
    if is_settled:  # then its outline is known from its own batch
        stories.settle(desk.database, now=NOW, settings=SETTINGS, limit=1, readings=readings)
    with desk.database.connect() as connection:
        waiting = connection.execute(select(queue.article_id, queue.question)).all()
        questions: dict[int, bytes | None] = {row.article_id: row.question for row in waiting}
        work = gathering.gather(connection, questions, 0, readings)
    assert work.apart == {(second, first)}
    assert not work.documents


def test_articles_of_one_batch_are_found_among_each_other_whatever_waits_behind(
    desk: Desk,
) -> None:
    copied, other = made_text(1, 150), made_text(2, 150)
    ids = desk.store(copied, other, *(copied for _ in range(40)), settle=False)
    desk.settle()
    found = desk.story_of(*ids)
    assert len({found[0], *found[2:]}) == 1
    assert found[1] != found[0]


def test_a_hash_answers_with_its_newest_articles_only(database: Database) -> None:
    with database.begin() as connection:
        connection.execute(
            tables.posting.insert(),
            [{"hash": -5, "article_id": number} for number in range(1, 200)],
        )
        found = SqlIndex(connection, 3).articles_with([-5, 6])
    assert list(found[-5]) == list(range(199, 199 - MAX_POSTINGS - 1, -1))
    assert not found[6]


def test_an_explanation_shows_the_passages_and_what_was_missing(desk: Desk) -> None:
    text = made_text(1, 120)
    first, copy, other = desk.store(text, text + " one more line here", made_text(2, 120))
    with desk.database.connect() as connection:
        same = explain(connection, copy, first)
        apart = explain(connection, other, first)
        assert matches_of(connection, first) == [same.stored]
    assert same.is_one_story
    assert same.rule is not None
    assert same.shared_passages[0].startswith(text.split()[0])
    assert not apart.is_one_story
    assert apart.missing == "no shared passage"


def test_an_explanation_of_two_that_match_says_what_other_articles_show(desk: Desk) -> None:
    headline = "What the whole town talked about this week"
    report = desk.store_one(headline, made_text(1, 120))
    desk.settle()
    link = desk.store_one(headline, headline)
    desk.settle()
    newsletter = desk.store_one(headline, made_text(2, 120))
    desk.settle()
    assert desk.story_of(link) == desk.story_of(report) != desk.story_of(newsletter)
    with desk.database.connect() as connection:
        found = explain(connection, link, newsletter)
    assert found.stored is None
    assert found.rule == "same_headline"
    assert found.relation_today is None
    assert found.missing == "the headline is the same, but the text of its story is another"


def test_an_explanation_decides_anew_about_two_that_were_not_compared(desk: Desk) -> None:
    reports = [made_text(seed, 300) for seed in range(4)]
    openings = [" ".join(text.split()[:90]) for text in reports]
    desk.store(*reports)
    round_up, cut = desk.store(" ".join(openings), openings[0])
    with desk.database.begin() as connection:
        connection.execute(tables.match.delete())
        found = explain(connection, round_up, cut)
    assert not found.is_one_story
    assert found.rule is not None
    assert not found.quotes, "the two texts alone do not show it"
    assert found.relation_today is Relation.QUOTES


def test_an_empty_queue_is_settled_at_once(database: Database) -> None:
    assert stories.settle(database, now=NOW, settings=SETTINGS) == []


def test_with_dedupe_switched_off_every_article_is_a_story(desk: Desk) -> None:
    text = made_text(1, 200)
    ids: Sequence[int] = desk.store(text, text, settle=False)
    stories.settle(desk.database, now=NOW, settings=DedupeSettings(enabled=False))
    assert len(set(desk.story_of(*ids))) == 2
