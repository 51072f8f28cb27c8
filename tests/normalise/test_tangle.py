"""Markup that nobody closes costs time and space in proportion to its length."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from ingest.normalise.html import read_html
from ingest.normalise.tangle import is_tangled

TANGLES: dict[str, Callable[[int], str]] = {
    "nested": lambda number: "<div>" * number + "kept",
    "balanced": lambda number: "<div>" * number + "kept" + "</div>" * number,
    "formatting": lambda number: "".join(f"<p><b id=k{n}>kept" for n in range(number)),
    "attributes": lambda number: "".join(f"<font a={n}><p>kept" for n in range(number)),
    "lists": lambda number: "<ul><li>kept" * number,
    "wrong-ends": lambda number: "<div></b>" * number + "kept",
}


@pytest.mark.parametrize("name", TANGLES)
def test_a_tangle_is_read_as_text_in_little_time(name: str) -> None:
    html = TANGLES[name](20_000)
    started = time.process_time()
    reading = read_html(html)
    assert time.process_time() - started < 3
    assert {block.text for block in reading.blocks} == {"kept"}
    assert sum(len(block.html) for block in reading.blocks) < 2 * len(html)


@pytest.mark.parametrize(
    "html",
    [
        "<div><p>One</p><p>Two<br></div>" * 5_000,
        "<p>Never closed" * 5_000,
        "<ul>" + "<li>An item" * 5_000 + "</ul>",
        "<table>" + "<tr><td>A<td>B" * 5_000 + "</table>",
        "<img src=x>" * 5_000,
    ],
)
def test_long_texts_that_authors_write_are_no_tangle(html: str) -> None:
    assert not is_tangled(html)
