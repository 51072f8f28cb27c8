"""Content codings undone under a cap, so that a few bytes cannot become gigabytes.

`inflate` is a pure function over a body already held: what was received is bounded before it comes
here, what comes out is bounded here.
"""

from __future__ import annotations

import io
import zlib
from dataclasses import dataclass
from functools import lru_cache
from types import ModuleType

GZIP_MAGIC = b"\x1f\x8b"
_MAX_LAYERS = 2
_MAX_MEMBERS = 1_000  # of a gzip file: each costs a decompressor
_ZSTD_MAX_WINDOW_BYTES = 8 << 20  # RFC 9659
_STEP_BYTES = 1 << 20


class InflatedTooLarge(Exception):
    """More came out than allowed."""


class CorruptBody(Exception):
    """The bytes are not what Content-Encoding says. The text names the coding."""


@dataclass(frozen=True, slots=True)
class Inflated:
    """`is_complete` is false where the compressed stream ends before its end."""

    body: bytes
    is_complete: bool = True


@lru_cache(maxsize=1)
def accept_encoding() -> str:
    """What this installation can undo safely, as an Accept-Encoding header."""
    codings = ["gzip", "deflate"]
    if _brotli() is not None:
        codings.append("br")
    if _zstandard() is not None:
        codings.append("zstd")
    return ", ".join(codings)


def inflate(body: bytes, content_encoding: str, *, max_bytes: int) -> Inflated:
    """Undo the codings of `content_encoding`, last one first (RFC 9110, section 8.4).

    Unknown names are taken as identity: servers write "utf-8" there. A body that is a gzip file
    without being declared one (feed.xml.gz) is opened too. Raises InflatedTooLarge, CorruptBody.
    """
    codings = [name.strip().lower() for name in content_encoding.split(",")]
    known = [name for name in reversed(codings) if name in _DECODERS]
    if len(known) > _MAX_LAYERS:
        raise CorruptBody(f"{len(known)} codings one in another")
    is_complete = True
    for name in known:
        if not body:
            break
        step = _DECODERS[name](body, max_bytes)
        body, is_complete = step.body, is_complete and step.is_complete
    if not known and body.startswith(GZIP_MAGIC):
        step = _gunzip(body, max_bytes)
        body, is_complete = step.body, step.is_complete
    if len(body) > max_bytes:
        raise InflatedTooLarge
    return Inflated(body, is_complete)


def _gunzip(body: bytes, max_bytes: int) -> Inflated:
    if not body.startswith(GZIP_MAGIC):
        if body[:1] in b"<{ \r\n\t\xef":
            return Inflated(body)  # said to be compressed, and is not
        raise CorruptBody("gzip")
    parts: list[bytes] = []
    room = max_bytes
    for _ in range(_MAX_MEMBERS):
        decoder = zlib.decompressobj(31)
        try:
            part = decoder.decompress(body, room + 1)
        except zlib.error as error:
            if parts:
                break  # rubbish behind the last member
            salvaged = _salvage(body, 31, room)
            if not salvaged:
                raise CorruptBody("gzip") from error
            return Inflated(salvaged, is_complete=False)
        if len(part) > room:
            raise InflatedTooLarge
        parts.append(part)
        room -= len(part)
        if not decoder.eof:
            return Inflated(b"".join(parts), is_complete=False)
        body = decoder.unused_data
        if not body.startswith(GZIP_MAGIC):
            break
    return Inflated(parts[0] if len(parts) == 1 else b"".join(parts))


def _inflate_deflate(body: bytes, max_bytes: int) -> Inflated:
    """RFC 9110 means zlib; some servers send the bare stream."""
    for wbits in (15, -15):
        decoder = zlib.decompressobj(wbits)
        try:
            out = decoder.decompress(body, max_bytes + 1)
        except zlib.error:
            continue
        if len(out) > max_bytes:
            raise InflatedTooLarge
        return Inflated(out, decoder.eof)
    raise CorruptBody("deflate")


def _salvage(body: bytes, wbits: int, max_bytes: int) -> bytes:
    """What came out before the stream broke."""
    decoder = zlib.decompressobj(wbits)
    parts: list[bytes] = []
    size = 0
    for start in range(0, len(body), 4096):
        try:
            part = decoder.decompress(body[start : start + 4096], max_bytes + 1 - size)
        except zlib.error:
            break
        size += len(part)
        if size > max_bytes:
            raise InflatedTooLarge
        parts.append(part)
    return b"".join(parts)


def _unbrotli(body: bytes, max_bytes: int) -> Inflated:
    brotli = _brotli()
    if brotli is None:
        raise CorruptBody("br, which was not asked for")
    decoder = brotli.Decompressor()
    parts: list[bytes] = []
    size = 0
    chunk = body
    try:
        while True:
            part = decoder.process(chunk, output_buffer_limit=_STEP_BYTES)
            chunk = b""
            size += len(part)
            if size > max_bytes:
                raise InflatedTooLarge
            parts.append(part)
            if decoder.is_finished():
                return Inflated(b"".join(parts))
            if decoder.can_accept_more_data() and not part:
                return Inflated(b"".join(parts), is_complete=False)
    except brotli.error as error:
        raise CorruptBody("br") from error


def _unzstd(body: bytes, max_bytes: int) -> Inflated:
    zstandard = _zstandard()
    if zstandard is None:
        raise CorruptBody("zstd, which was not asked for")
    decoder = zstandard.ZstdDecompressor(max_window_size=_ZSTD_MAX_WINDOW_BYTES)
    parts: list[bytes] = []
    size = 0
    try:
        with decoder.stream_reader(io.BytesIO(body), read_across_frames=True) as reader:
            while part := reader.read(_STEP_BYTES):
                size += len(part)
                if size > max_bytes:
                    raise InflatedTooLarge
                parts.append(part)
    except zstandard.ZstdError as error:
        raise CorruptBody("zstd") from error
    return Inflated(b"".join(parts))


_DECODERS = {
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _inflate_deflate,
    "br": _unbrotli,
    "zstd": _unzstd,
}


@lru_cache(maxsize=1)
def _brotli() -> ModuleType | None:
    """Only a brotli that can stop half-way (1.2 and later): the others inflate without a cap."""
    try:
        import brotli
    except ImportError:
        return None
    return brotli if hasattr(brotli.Decompressor, "can_accept_more_data") else None


@lru_cache(maxsize=1)
def _zstandard() -> ModuleType | None:
    try:
        import zstandard
    except ImportError:
        return None
    return zstandard
