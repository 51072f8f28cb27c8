from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from ingest.config import LogSettings
from ingest.schedule.log import logger, say, set_up


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level, own = list(root.handlers), root.level, logger.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logger.setLevel(own)


def test_as_json_an_event_is_one_object_on_one_line() -> None:
    out = io.StringIO()
    set_up(LogSettings(format="json"), out)
    at = datetime(2026, 3, 2, 9, tzinfo=UTC)
    say(logging.INFO, "poll", feed="bbc", new=3, due=at, missing=None, note='a "b"\nc')
    (line,) = out.getvalue().splitlines()
    found = json.loads(line)
    assert found["event"] == "poll"
    assert found["level"] == "info"
    assert (found["feed"], found["new"]) == ("bbc", 3)
    assert found["due"] == "2026-03-02T09:00:00+00:00"
    assert found["note"] == 'a "b"\nc'
    assert "missing" not in found


def test_as_text_what_a_server_says_cannot_forge_a_second_line() -> None:
    out = io.StringIO()
    set_up(LogSettings(format="text"), out)
    say(logging.INFO, "poll", feed="bbc", detail="x\n12:00:00 info poll feed=evil \x1b[31m")
    assert len(out.getvalue().splitlines()) == 1
    assert "\x1b" not in out.getvalue()


def test_where_nobody_watches_the_format_is_json() -> None:
    out = io.StringIO()
    set_up(LogSettings(format="auto"), out)
    say(logging.WARNING, "database_away")
    assert json.loads(out.getvalue())["event"] == "database_away"


def test_the_level_is_the_configs_and_other_libraries_only_warn() -> None:
    out = io.StringIO()
    set_up(LogSettings(level="warning", format="json"), out)
    say(logging.INFO, "poll")
    logging.getLogger("a.library").info("chatter")
    logging.getLogger("a.library").warning("missed")
    (line,) = out.getvalue().splitlines()
    assert json.loads(line)["logger"] == "a.library"


def test_an_exception_is_shown_with_its_traceback() -> None:
    out = io.StringIO()
    set_up(LogSettings(format="json"), out)
    try:
        raise ValueError("broken")
    except ValueError:
        logger.exception("tick_failed")
    found = json.loads(out.getvalue())
    assert "ValueError: broken" in found["traceback"]
