"""Raw entries survive being packed, and only what was packed is unpacked."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable

import pytest
import zstandard

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


def test_texts_of_any_characters_come_back_each_to_its_field() -> None:
    entry = Entry(
        position=0,
        title=Text("one\ntwo"),
        summary=Text("\n{}[]"),
        content=Text("\u2028\x00\U0001f600\n", is_html=True),
    )
    assert unpack_entry(pack_entry(entry)) == entry


def test_what_held_its_texts_in_its_json_is_still_read() -> None:
    text = '{"position":3,"title":["Sluices",0],"content":["<p>\\n</p>",1]}'
    expected = Entry(position=3, title=Text("Sluices"), content=Text("<p>\n</p>", is_html=True))
    assert unpack_entry(zstandard.compress(text.encode())) == expected


def test_what_zlib_packed_is_still_read() -> None:
    text = json.dumps({"position": 3, "guid": "a", "title": ["Sluices", 0]})
    expected = Entry(position=3, guid="a", title=Text("Sluices"))
    assert unpack_entry(zlib.compress(text.encode())) == expected


@pytest.mark.parametrize("packed", [b"not packed", zstandard.FRAME_HEADER + b"nor this", b""])
def test_bytes_that_are_no_packing_are_refused(packed: bytes) -> None:
    with pytest.raises(ValueError, match=r"does not inflate|Expecting value"):
        unpack_entry(packed)


@pytest.mark.parametrize("compress", [zlib.compress, zstandard.compress])
def test_a_bomb_in_the_database_is_refused_before_it_is_inflated(
    compress: Callable[[bytes], bytes],
) -> None:
    with pytest.raises(ValueError, match="beyond"):
        unpack_entry(compress(b" " * 30_000_000))


def test_a_frame_that_hides_its_size_is_refused() -> None:
    hiding = zstandard.ZstdCompressor(write_content_size=False)
    with pytest.raises(ValueError, match="beyond"):
        unpack_entry(hiding.compress(b" " * 30_000_000))
