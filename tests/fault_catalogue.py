"""The faults of the fault server, each at its path: `FAULTS["slow-drip"]` answers /slow-drip."""

from __future__ import annotations

import gzip
import struct
import time
import zlib
from collections.abc import Callable
from email.utils import formatdate
from functools import lru_cache

from tests.faultserver import (
    CHALLENGE,
    HEALTHY,
    PAGE,
    RSS,
    Behaviour,
    Exchange,
    answers,
    redirects,
    repeats,
    sends,
    serves,
)


def _head(*lines: str, status: str = "200 OK") -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", ": ".join(RSS), *lines, "", ""]).encode()


def gzip_bomb(size: int = 64 << 20, *, coding: str = "gzip") -> bytes:
    """`size` zero bytes (whole MiB), a thousand times smaller; gzip, zlib or raw (bare deflate).

    Made by repeating one block, so that making it costs next to nothing.
    """
    mebibyte, count = bytes(1 << 20), size >> 20
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packer.compress(mebibyte) + packer.flush(zlib.Z_FULL_FLUSH)
    bare = block * count + packer.flush()
    if coding == "raw":
        return bare
    check = 0 if coding == "gzip" else 1
    for _ in range(count):
        check = (zlib.crc32 if coding == "gzip" else zlib.adler32)(mebibyte, check)
    if coding == "gzip":
        head = b"\x1f\x8b\x08" + bytes(5) + b"\x02\x03"
        return head + bare + struct.pack("<II", check, size)
    return b"\x78\xda" + bare + struct.pack(">I", check)


def _bomb(content_encoding: str, coding: str) -> Behaviour:
    async def behave(exchange: Exchange) -> None:
        body = gzip_bomb(coding=coding)
        await exchange.answer(200, body, [RSS, ("content-encoding", content_encoding)])

    return behave


async def _redirect_chain(exchange: Exchange) -> None:
    """A new address every time, for ever."""
    step = int(exchange.seen.target.partition("?")[2] or "0")
    await exchange.answer(302, b"", [("location", f"/redirect-chain?{step + 1}")])


async def _frozen_etag(exchange: Exchange) -> None:
    """Any validator at all gets a 304, though the document changes every time it is sent."""
    asked = exchange.seen.headers
    given = [("etag", '"frozen"'), ("last-modified", "Thu, 01 Jan 2041 00:00:00 GMT")]
    if "if-none-match" in asked or "if-modified-since" in asked:
        await exchange.answer(304, headers=given)
        return
    count = len(exchange.server.asked("/frozen-etag"))
    await exchange.answer(200, HEALTHY.replace(b"First", b"First %d" % count), [RSS, *given])


async def _retry_after_date(exchange: Exchange) -> None:
    at = formatdate(time.time() + 120, usegmt=True)
    await exchange.answer(503, b"", [("retry-after", at)])


async def _moving_validators(exchange: Exchange) -> None:
    """304, each with a new ETag: whoever does not save it asks with a stale one next time."""
    count = len(exchange.server.asked("/moving-validators"))
    given = [("etag", f'"v{count}"')]
    if "if-none-match" in exchange.seen.headers:
        await exchange.answer(304, headers=given)
    else:
        await exchange.answer(200, HEALTHY, [RSS, *given])


def _document(make: Callable[[], bytes]) -> Behaviour:
    """A document made when it is first asked for."""
    made = lru_cache(maxsize=1)(make)

    async def behave(exchange: Exchange) -> None:
        await exchange.answer(200, made(), [RSS])

    return behave


def feed_of(items: bytes, doctype: bytes = b"") -> bytes:
    """An RSS document around `items`."""
    return (
        b'<?xml version="1.0" encoding="UTF-8"?>\n' + doctype + b'<rss version="2.0"><channel>'
        b"<title>Hostile</title><link>http://localhost/</link>" + items + b"</channel></rss>"
    )


def _item(number: int, inside: bytes = b"") -> bytes:
    return (
        b"<item><guid>%d</guid><link>http://localhost/%d</link><title>Item %d</title>%s</item>"
        % (number, number, number, inside)
    )


_LAUGHS = b"<!DOCTYPE rss [" + b"".join(
    b'<!ENTITY l%d "%s">' % (level, b"lol" if level == 0 else b"&l%d;" % (level - 1) * 10)
    for level in range(10)
)

# Documents that are whole HTTP answers and hostile feeds: what a parser must bear.
DOCUMENTS: dict[str, Callable[[], bytes]] = {
    "huge-item": lambda: feed_of(
        _item(1, b"<description>" + b"word " * 1_000_000 + b"</description>") + _item(2)
    ),
    "many-items": lambda: feed_of(b"".join(map(_item, range(100_000)))),
    "redos-author": lambda: feed_of(
        _item(1, b"<author>" + b"a." * 50_000 + b"@" + b"(" * 50_000 + b"</author>") + _item(2)
    ),
    "deep-nesting": lambda: feed_of(
        _item(1, b"<description>" + b"&lt;div&gt;" * 100_000 + b"</description>") + _item(2)
    ),
    "deep-elements": lambda: feed_of(b"<x>" * 100_000 + b"</x>" * 100_000 + _item(2)),
    "control-characters": lambda: feed_of(
        _item(1, b"<description>a\x00b\x08c\x1b[31md\xef\xbf\xbee</description>") + _item(2)
    ),
    "utf16-as-utf8": lambda: HEALTHY.decode().encode("utf-16"),
    "latin1-as-utf8": lambda: feed_of(_item(1, b"<description>caf\xe9</description>")),
    "entity-bomb": lambda: feed_of(
        _item(1, b"<description>&l9;</description>") + _item(2), _LAUGHS + b"]>"
    ),
    "external-entity": lambda: feed_of(
        _item(1, b"<description>&file;</description>"),
        b'<!DOCTYPE rss [<!ENTITY file SYSTEM "file:///etc/hostname">]>',
    ),
    "doctype-subset": lambda: feed_of(
        _item(1), b'<!DOCTYPE rss SYSTEM "http://169.254.169.254/latest/"><!---->'
    ),
    "doctype-endless": lambda: feed_of(_item(1), b"<!DOCTYPE rss [" + b"<!--" * 100_000),
    "attribute-flood": lambda: feed_of(
        b"<item " + b"".join(b'a%d="x" ' % number for number in range(50_000)) + b"/>" + _item(2)
    ),
}

_GZIPPED = gzip.compress(HEALTHY, mtime=0)
_LENGTH = f"content-length: {len(HEALTHY)}"
_CHUNKED = "transfer-encoding: chunked"

FAULTS: dict[str, Behaviour] = {
    "healthy": serves(etag='"healthy"', last_modified="Mon, 02 Nov 2026 10:00:00 GMT"),
    "slow-drip": repeats(_head("content-length: 100000"), b" ", pause_seconds=0.05),
    "slow-headers": repeats(b"HTTP/1.1 200 OK\r\n", b"x: y\r\n", pause_seconds=0.05),
    "silence": sends(then="hold"),
    "stalls": sends(_head(_LENGTH), HEALTHY[:40], then="hold"),
    "endless": repeats(_head("connection: close"), b"<item>" * 10_000),
    "endless-chunked": repeats(_head(_CHUNKED), b"ea60\r\n" + b"<item>" * 10_000 + b"\r\n"),
    "huge-length": sends(_head("content-length: 99999999999"), then="hold"),
    "gzip-bomb": _bomb("gzip", "gzip"),
    "deflate-bomb": _bomb("deflate", "zlib"),
    "raw-deflate-bomb": _bomb("deflate", "raw"),
    "corrupt-gzip": answers(200, _GZIPPED[:10] + b"\xff" * 200, content_encoding="gzip"),
    "truncated-gzip": answers(200, _GZIPPED[:-40], RSS, content_encoding="gzip", etag='"cut"'),
    "not-gzip": answers(200, HEALTHY, RSS, content_encoding="gzip"),
    "length-too-long": sends(_head(_LENGTH.replace(str(len(HEALTHY)), "999999")), HEALTHY),
    "length-too-short": sends(_head("content-length: 40"), HEALTHY),
    "length-negative": sends(_head("content-length: -5"), HEALTHY),
    "lengths-differ": sends(_head("content-length: 5", "content-length: 9"), HEALTHY),
    "truncated-body": sends(_head(_LENGTH, 'etag: "cut"'), HEALTHY[:300]),
    "truncated-chunks": sends(_head(_CHUNKED, 'etag: "cut"'), b"fff\r\n" + HEALTHY[:300]),
    "bad-chunks": sends(_head(_CHUNKED), b"zz\r\n" + HEALTHY),
    "no-body": sends(_head(_LENGTH)),
    "reset": sends(_head(_LENGTH), HEALTHY[:100], then="reset"),
    "reset-at-once": sends(then="reset"),
    "hangs-up": sends(),
    "not-http": sends(b"220 mail.example ESMTP ready\r\n"),
    "http-0.9": sends(HEALTHY),
    "header-flood": repeats(b"HTTP/1.1 200 OK\r\n", b"x-flood: " + b"y" * 1000 + b"\r\n"),
    "header-line": repeats(b"HTTP/1.1 200 OK\r\nx-flood: ", b"y" * 10_000),
    "big-headers": answers(200, HEALTHY, ("x-big", "y" * 80_000)),
    "informational-flood": repeats(b"", b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n"),
    "redirect-loop": redirects(302, "/redirect-loop-back"),
    "redirect-loop-back": redirects(302, "/redirect-loop"),
    "redirect-chain": _redirect_chain,
    "redirect-nowhere": answers(301),
    "redirect-rubbish": redirects(301, "http://[half/an address"),
    "redirect-file": redirects(302, "file:///etc/hostname"),
    "redirect-inside": redirects(302, "http://169.254.169.254/latest/meta-data/"),
    "html": answers(200, PAGE, content_type="text/html"),
    "empty": answers(200, b"", RSS),
    "error-as-200": answers(200, b"Internal error: database is down", content_type="text/plain"),
    "challenge": answers(403, CHALLENGE, content_type="text/html", cf_mitigated="challenge"),
    "challenge-as-200": answers(200, CHALLENGE, content_type="text/html"),
    "forbidden": answers(403, PAGE, content_type="text/html"),
    "unauthorised": answers(401, b"", www_authenticate="Basic"),
    "missing": answers(404, PAGE, content_type="text/html"),
    "gone": answers(410),
    "teapot": answers(418),
    "broken": answers(500, b"oops"),
    "unavailable": answers(503),
    "too-many": answers(429, b"", retry_after="120"),
    "rest-until": _retry_after_date,
    "frozen-etag": _frozen_etag,
    "moving-validators": _moving_validators,
    "always-304": answers(304),
    "sets-cookies": answers(200, HEALTHY, RSS, set_cookie="id=42; Path=/"),
}

FAULTS.update({name: _document(make) for name, make in DOCUMENTS.items()})
