"""The tests that docs/promises.md names exist: a promise without its test is none."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_NAMED = re.compile(r"`(?:(tests/[\w/.]+\.py)|…)(?:::(\w+))?`")


def _named() -> list[tuple[str, str]]:
    """Each file and test that is named; without a test where the whole file stands behind it."""
    found = []
    file = ""
    for match in _NAMED.finditer((ROOT / "docs/promises.md").read_text(encoding="utf-8")):
        file = match[1] or file
        found.append((file, match[2] or ""))
    return found


@pytest.mark.parametrize(("file", "name"), _named())
def test_the_test_behind_a_promise_exists(file: str, name: str) -> None:
    text = (ROOT / file).read_text(encoding="utf-8")
    assert re.search(rf"def {name}\(" if name else r"def test_", text)


def test_every_line_of_the_tables_names_a_test() -> None:
    text = (ROOT / "docs/promises.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if re.match(r"\| (?!what|situation|---)", line)]
    assert len(rows) > 40
    assert [row for row in rows if not _NAMED.search(row)] == []
