"""The laws of finding republications, over the real index of both databases."""

from __future__ import annotations

import random

import pytest

from ingest.store.engine import Database
from tests.dedupe.texts import made_text
from tests.store.test_stories import Desk


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


@pytest.mark.parametrize("at_once", [False, True])
@pytest.mark.parametrize("seed", [1, 2])
def test_exact_copies_are_one_story_in_any_order_and_nothing_else_is(
    desk: Desk, seed: int, at_once: bool
) -> None:
    lengths = (12, 40, 90, 200, 400)
    texts = [number for number in range(5) for _ in range(2)] + [0, 5, 6]
    random.Random(seed).shuffle(texts)
    ids = desk.store(
        *(made_text(1_000 * seed + one, lengths[one % 5]) for one in texts), settle=not at_once
    )
    desk.settle()
    found = desk.story_of(*ids)
    assert [found.index(one) for one in found] == [texts.index(one) for one in texts]


def test_nothing_joins_by_boilerplate_that_is_known(desk: Desk) -> None:
    before, behind = made_text(10**6, 40), made_text(10**7, 60)
    texts = [
        f"{before} {made_text(number, 300 if number < 8 else 90)} {behind}" for number in range(12)
    ]
    ids = [
        desk.store_one(made_text(500 + number, 7), text) for number, text in enumerate(texts[:8])
    ]
    desk.settle()
    for number, text in enumerate(texts[8:]):
        ids.append(desk.store_one(made_text(600 + number, 7), text))
        desk.settle()
    assert len({*desk.story_of(*ids)}) == len(ids)
