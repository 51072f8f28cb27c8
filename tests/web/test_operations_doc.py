"""docs/operations.md names what exists, and all of it."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from starlette.routing import Route

from ingest.config import Settings
from ingest.config.settings import DatabaseSettings, FetchSettings, ParseSettings, ScheduleSettings
from ingest.store.changes import ChangeKind
from ingest.store.engine import Database
from ingest.web.app import create_app
from ingest.web.asked import StoriesAsked
from ingest.web.health import Health
from tests.web.polls import NOW

TEXT = (Path(__file__).parent.parent.parent / "docs/operations.md").read_text(encoding="utf-8")


def test_every_page_is_documented(newsroom: Database) -> None:
    app = create_app(newsroom, Settings(), clock=lambda: NOW, health=Health())
    paths = {
        re.sub(r"\{.*?\}", "ID", route.path) for route in app.routes if isinstance(route, Route)
    }
    for path in paths - {"/articles/ID/frame"}:
        assert f"`{path}`" in TEXT, path


def test_every_kind_of_change_is_documented() -> None:
    for kind in ChangeKind:
        assert f"`{kind.value}`" in TEXT


def test_settings_that_are_named_exist() -> None:
    known = {
        f"{section}.{one.name}"
        for section, kind in (
            ("database", DatabaseSettings),
            ("fetch", FetchSettings),
            ("parse", ParseSettings),
            ("schedule", ScheduleSettings),
        )
        for one in fields(kind)
    }
    named = set(re.findall(r"`((?:database|fetch|parse|schedule)\.[a-z_]+)`", TEXT))
    assert len(named) >= 4
    assert named <= known


def test_every_filter_is_documented() -> None:
    (line,) = re.findall(r"^Filters: (.+)$", TEXT, re.MULTILINE)
    assert set(re.findall(r"`(\w+)=", line)) == {one.name for one in fields(StoriesAsked)}
