"""Raw entries survive being packed, and only what was packed is unpacked."""

from __future__ import annotations

import zlib

import pytest

from ingest.model import Entry, Media, Text
from ingest.parse.raw import pack_entry, unpack_entry

ENTRY = Entry(
    position=3,
    guid="tag:example.org,2026:1",
    link="https://example.org/1",
    title=Text("Sluices open & close", is_html=False),
    content=Text("<p>Café \ud800 stays</p>", is_html=True),
    authors=("Ann Lee",),
    categories=("world", "tech"),
    media=(Media("https://example.org/a.jpg", role="thumbnail", width=640, credit="A. Lee"),),
)


def test_an_entry_comes_back_as_it_was_packed() -> None:
    assert unpack_entry(pack_entry(ENTRY)) == ENTRY


def test_an_empty_entry_comes_back_as_it_was_packed() -> None:
    assert unpack_entry(pack_entry(Entry(position=0))) == Entry(position=0)


def test_bytes_that_are_no_packing_are_refused() -> None:
    with pytest.raises(ValueError, match="does not inflate"):
        unpack_entry(b"not zlib")


def test_a_bomb_in_the_database_is_refused_before_it_is_inflated() -> None:
    with pytest.raises(ValueError, match="beyond"):
        unpack_entry(zlib.compress(b" " * 30_000_000))
