"""From what was received to a document: inflated, hashed, with its validators."""

from __future__ import annotations

import asyncio

import xxhash

from ingest.errors import FetchError
from ingest.fetch.inflate import GZIP_MAGIC, CorruptBody, Inflated, InflatedTooLarge, inflate
from ingest.fetch.request import FetchRequest, Limits
from ingest.fetch.wire import Receiver
from ingest.model import PollOutcome, Validators

# Inflating more than this happens beside the event loop: zlib lets go of the interpreter.
_INFLATE_ASIDE_BYTES = 262_144


def hash_of(body: bytes) -> int:
    """xxh3_64 as a signed integer."""
    value = xxhash.xxh3_64_intdigest(body)
    return value - (1 << 64) if value >= 1 << 63 else value


def validators_of(receiver: Receiver) -> Validators:
    """As the server wrote them, byte for byte; nothing is parsed or invented."""
    headers = receiver.headers
    return Validators(headers.get("etag") or None, headers.get("last-modified") or None)


def validators_after_304(request: FetchRequest, receiver: Receiver) -> Validators:
    """What a 304 gives replaces what was sent; what it leaves out stays (RFC 9111, 3.2, 4.3.4)."""
    sent, given = request.validators, validators_of(receiver)
    if sent == Validators():
        raise FetchError(
            "304, though the whole document was asked for",
            PollOutcome.PROTOCOL_ERROR,
            status=304,
        )
    return Validators(given.etag or sent.etag, given.last_modified or sent.last_modified)


async def inflated(receiver: Receiver, limits: Limits) -> Inflated:
    """The body with its codings undone. Raises FetchError (TOO_LARGE, PROTOCOL_ERROR)."""
    body = receiver.body()
    encoding = receiver.headers.get("content-encoding", "")
    cap = limits.max_inflated_bytes
    try:
        if len(body) > _INFLATE_ASIDE_BYTES and (encoding or body.startswith(GZIP_MAGIC)):
            return await asyncio.to_thread(inflate, body, encoding, max_bytes=cap)
        return inflate(body, encoding, max_bytes=cap)
    except InflatedTooLarge as error:
        raise FetchError(
            f"the body inflates to more than fetch.max_inflated_bytes allows ({cap:,} bytes)",
            PollOutcome.TOO_LARGE,
            status=receiver.status,
        ) from error
    except CorruptBody as error:
        raise FetchError(
            f"the body cannot be inflated: {error}",
            PollOutcome.PROTOCOL_ERROR,
            status=receiver.status,
        ) from error
