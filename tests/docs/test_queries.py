"""The recipes of docs/queries.md give the results that are shown, on both databases."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import DBAPIError

from docs.generate import queries
from tests.docs.conftest import Day

PAGE = (Path(__file__).parents[2] / "docs" / "queries.md").read_text(encoding="utf-8")
RECIPES = queries.recipes(PAGE)


def answers(url: str, dialect: str) -> dict[str, str]:
    """What the recipes answer otherwise than the page shows."""
    return {
        recipe.title: found
        for recipe in RECIPES
        if (found := queries.result(url, recipe.statement(dialect))) != recipe.shown
    }


def test_on_sqlite_the_recipes_give_the_results_that_are_shown(sqlite_day: Day) -> None:
    wrong = answers(sqlite_day.url, "sqlite")
    assert not wrong, "\n\n".join(f"{title}:\n{found}" for title, found in wrong.items())


def test_on_postgresql_they_do_so_for_a_role_that_may_only_read(postgresql_day: Day) -> None:
    """One test, so that the day is replayed once: the recipes, and what the role may not."""
    with reader_of(postgresql_day) as url:
        wrong = answers(url, "postgresql")
        assert not wrong, "\n\n".join(f"{title}:\n{found}" for title, found in wrong.items())
        for refused in (
            "DELETE FROM article",
            "UPDATE feed SET name = 'x'",
            "CREATE TABLE mine (id integer)",
            "SET default_transaction_read_only = off; DELETE FROM change",
            "SELECT secret FROM websub_subscription",
        ):
            reader = create_engine(url)
            with (
                pytest.raises(DBAPIError, match=r"permission denied|read-only"),
                reader.begin() as connection,
            ):
                connection.execute(text(refused))
            reader.dispose()


@contextmanager
def reader_of(day: Day) -> Iterator[str]:
    """The role that the page makes, under a name of its own; the URL by which it asks."""
    statements = re.findall(r"```postgresql\n(.*?)```", PAGE, re.S)[0]
    owner = create_engine(day.url, isolation_level="AUTOCOMMIT")
    role = f"reader_{make_url(day.url).database}"
    with owner.connect() as connection:
        connection.execute(text(re.sub(r"\breader\b", role, statements)))
    url = make_url(day.url).set(username=role, password="choose one")
    try:
        yield url.render_as_string(hide_password=False)
    finally:
        with owner.connect() as connection:
            connection.execute(text(f"DROP OWNED BY {role}"))
            connection.execute(text(f"DROP ROLE {role}"))
        owner.dispose()


def test_there_are_more_than_twenty_recipes_and_each_shows_rows() -> None:
    assert len(RECIPES) >= 20
    assert len({one.title for one in RECIPES}) == len(RECIPES)
    for recipe in RECIPES:
        assert f"[{recipe.title}](#" in PAGE, f"{recipe.title} is not in the table at the top"
        assert len(recipe.shown.splitlines()) >= 3, recipe.title
