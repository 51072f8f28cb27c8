"""The recipes of docs/queries.md give the results that are shown, on both databases."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import DBAPIError

from docs.generate import queries
from tests.docs.conftest import Day

PAGE = (Path(__file__).parents[2] / "docs" / "queries.md").read_text(encoding="utf-8")
RECIPES = queries.recipes(PAGE)


def test_the_recipes_give_the_results_that_are_shown(day: Day) -> None:
    """All in one test, so that the day is replayed once for each database."""
    wrong = {
        recipe.title: found
        for recipe in RECIPES
        if (found := queries.result(day.url, recipe.statement(day.dialect))) != recipe.shown
    }
    assert not wrong, "\n\n".join(f"{title}:\n{found}" for title, found in wrong.items())


def test_there_are_more_than_twenty_recipes_and_each_shows_rows() -> None:
    assert len(RECIPES) >= 20
    assert len({one.title for one in RECIPES}) == len(RECIPES)
    for recipe in RECIPES:
        assert f"[{recipe.title}](#" in PAGE, f"{recipe.title} is not in the table at the top"
        assert len(recipe.shown.splitlines()) >= 3, recipe.title


def test_a_role_that_may_only_read_reads_everything_and_writes_nothing(postgresql_day: Day) -> None:
    statements = re.findall(r"```postgresql\n(.*?)```", PAGE, re.S)[0]
    owner = create_engine(postgresql_day.url, isolation_level="AUTOCOMMIT")
    with owner.connect() as connection:
        may = "SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user"
        if not connection.execute(text(may)).scalar():
            pytest.skip("the user of TEST_DATABASE_URL may not make roles")
    role = f"reader_{postgresql_day.database.engine.url.database}"
    with owner.connect() as connection:
        connection.execute(text(re.sub(r"\breader\b", role, statements)))
    reader_url = (
        make_url(postgresql_day.url)
        .set(username=role, password="choose one")
        .render_as_string(hide_password=False)
    )
    try:
        for recipe in RECIPES:
            assert queries.result(reader_url, recipe.postgresql) == recipe.shown, recipe.title
        for refused in (
            "DELETE FROM article",
            "UPDATE feed SET name = 'x'",
            "CREATE TABLE mine (id integer)",
            "SET default_transaction_read_only = off; DELETE FROM change",
            "SELECT secret FROM websub_subscription",
        ):
            reader = create_engine(reader_url)
            with (
                pytest.raises(DBAPIError, match=r"permission denied|read-only"),
                reader.begin() as c,
            ):
                c.execute(text(refused))
            reader.dispose()
    finally:
        with owner.connect() as connection:
            connection.execute(text(f"DROP OWNED BY {role}"))
            connection.execute(text(f"DROP ROLE {role}"))
        owner.dispose()
