"""Ugly feeds as data: `feeds/NAME.xml` with what is expected of it in `feeds/NAME.expect.json`.

An expectation names the fields it cares about; those it leaves out may be anything. To add a case,
add two files.
"""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest

from ingest.config import ParseSettings
from ingest.errors import ParseError
from ingest.parse import parse_feed

FEEDS = Path(__file__).parent / "feeds"
CASES = sorted(FEEDS.glob("*.expect.json"))
URL = "https://feeds.example/news/feed"


def _differences(expected: object, actual: object, where: str = "") -> list[str]:
    if isinstance(expected, dict) and is_dataclass(actual):
        known = {f.name for f in fields(actual)}
        found = [f"{where}: no field {name}" for name in expected if name not in known]
        for name, value in expected.items():
            if name in known:
                found += _differences(value, getattr(actual, name), f"{where}.{name}")
        return found
    if isinstance(expected, list) and isinstance(actual, tuple):
        if len(expected) != len(actual):
            return [f"{where}: {len(actual)} instead of {len(expected)}: {actual!r}"]
        return [
            difference
            for index, pair in enumerate(zip(expected, actual, strict=True))
            for difference in _differences(*pair, f"{where}[{index}]")
        ]
    return [] if expected == actual else [f"{where}: {actual!r} instead of {expected!r}"]


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name.removesuffix(".expect.json"))
def test_an_ugly_feed_is_read_as_its_expectation_says(case: Path) -> None:
    expected = json.loads(case.read_text("utf-8"))
    name = case.name.removesuffix(".expect.json")
    (feed,) = (p for p in FEEDS.glob(f"{name}.*") if not p.name.endswith(".expect.json"))
    expected.pop("issue", None)
    content_type = expected.pop("content_type", None)
    body = feed.read_bytes()
    if "error" in expected:
        with pytest.raises(ParseError) as caught:
            parse_feed(body, url=URL, content_type=content_type, settings=ParseSettings())
        assert expected["error"] in str(caught.value)
        assert caught.value.outcome.value == expected["outcome"]
        return
    document = parse_feed(body, url=URL, content_type=content_type, settings=ParseSettings())
    assert _differences(expected, document) == []


def test_every_feed_has_its_expectation() -> None:
    feeds = {p.stem for p in FEEDS.iterdir() if not p.name.endswith(".expect.json")}
    assert feeds == {p.name.removesuffix(".expect.json") for p in CASES}
    assert len(feeds) > 40
