from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.fetch.inflate import CorruptBody, InflatedTooLarge, accept_encoding, inflate
from tests.fault_catalogue import gzip_bomb

TEXT = b"<rss>" + b"news of the day " * 500 + b"</rss>"
CAP = 100_000


def packed(body: bytes, coding: str) -> bytes:
    if coding in ("gzip", "x-gzip"):
        return gzip.compress(body)
    if coding == "deflate":
        return zlib.compress(body)
    if coding == "raw deflate":
        packer = zlib.compressobj(6, zlib.DEFLATED, -15)
        return packer.compress(body) + packer.flush()
    if coding == "br":
        brotli = pytest.importorskip("brotli")
        return bytes(brotli.compress(body))
    zstandard = pytest.importorskip("zstandard")
    return bytes(zstandard.ZstdCompressor().compress(body))


CODINGS = ["gzip", "x-gzip", "deflate", "raw deflate", "br", "zstd"]


@pytest.mark.parametrize("coding", CODINGS)
def test_every_coding_is_undone(coding: str) -> None:
    got = inflate(packed(TEXT, coding), coding.removeprefix("raw "), max_bytes=CAP)
    assert (got.body, got.is_complete) == (TEXT, True)


@pytest.mark.parametrize("coding", CODINGS)
def test_exactly_as_much_as_allowed_passes_and_a_byte_more_does_not(coding: str) -> None:
    body, name = packed(TEXT, coding), coding.removeprefix("raw ")
    assert inflate(body, name, max_bytes=len(TEXT)).body == TEXT
    with pytest.raises(InflatedTooLarge):
        inflate(body, name, max_bytes=len(TEXT) - 1)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br"])
def test_a_stream_cut_short_gives_what_came(coding: str) -> None:
    whole = packed(bytes(range(256)) * 200, coding)
    got = inflate(whole[: len(whole) * 3 // 4], coding, max_bytes=CAP)
    assert not got.is_complete
    assert (bytes(range(256)) * 200).startswith(got.body)


def test_a_bomb_in_a_bomb_is_stopped_at_the_cap() -> None:
    inner = gzip_bomb(32 << 20)
    with pytest.raises(InflatedTooLarge):
        inflate(gzip.compress(inner), "gzip, gzip", max_bytes=1_000_000)
    with pytest.raises(CorruptBody):
        inflate(inner, "gzip, gzip, gzip", max_bytes=1_000_000)


def test_many_members_share_one_cap() -> None:
    many = gzip.compress(b"x" * 1000) * 50
    assert inflate(many, "gzip", max_bytes=50_000).body == b"x" * 50_000
    with pytest.raises(InflatedTooLarge):
        inflate(many, "gzip", max_bytes=49_999)


@pytest.mark.parametrize("name", ["", "identity", "utf-8", "none", "UTF-8"])
def test_a_name_that_is_no_coding_changes_nothing(name: str) -> None:
    assert inflate(TEXT, name, max_bytes=CAP).body == TEXT


def test_a_body_said_to_be_packed_that_is_not_is_taken_as_it_is() -> None:
    assert inflate(TEXT, "gzip", max_bytes=CAP).body == TEXT
    with pytest.raises(CorruptBody):
        inflate(b"\x00\x01\x02", "gzip", max_bytes=CAP)


def test_a_gzip_file_is_opened_without_being_declared() -> None:
    assert inflate(gzip.compress(TEXT), "", max_bytes=CAP).body == TEXT


def test_rubbish_behind_the_last_member_is_ignored() -> None:
    assert inflate(gzip.compress(TEXT) + b"\x00\x00\x00", "gzip", max_bytes=CAP).body == TEXT


def test_only_what_can_be_undone_is_asked_for() -> None:
    for name in accept_encoding().split(", "):
        assert inflate(packed(TEXT, name), name, max_bytes=CAP).body == TEXT


@given(st.binary(max_size=2000), st.sampled_from(["gzip", "deflate", "br", "zstd", "gzip, br"]))
def test_no_bytes_do_more_than_raise_what_is_announced(body: bytes, name: str) -> None:
    try:
        got = inflate(body, name, max_bytes=10_000)
    except (CorruptBody, InflatedTooLarge):
        return
    assert len(got.body) <= 10_000
