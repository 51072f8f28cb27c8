"""The seam between what a fetch means and how its bytes travel.

A `Wire` makes one HTTP exchange, no redirects, no decoding. It pushes what arrives into a
`Receiver`, which counts and says when to stop; so both wires share every limit.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from ingest.errors import FetchError
from ingest.fetch.request import Limits
from ingest.fetch.target import Target
from ingest.model import PollOutcome

# Of an answer that is no document (errors, redirects) enough to recognise a challenge page and to
# let the connection live on.
_ASIDE_BYTES = 65_536
_SINGLE_FIELDS = frozenset(
    {"location", "etag", "last-modified", "content-type", "content-length", "retry-after", "date"}
)


@dataclass(frozen=True, slots=True)
class Call:
    """One exchange: a GET of `target` with `headers`, or a POST where there is `content`."""

    target: Target
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    limits: Limits
    proxy: str | None = field(default=None, repr=False)
    verify_tls: bool = True
    content: bytes | None = field(default=None, repr=False)


class Receiver:
    """Takes in one answer under its limits.

    `start` and `take` raise FetchError (TOO_LARGE) when a limit is passed. `take` returns false
    when it has seen enough: the wire then stops reading, and that is no error.
    """

    __slots__ = (
        "_chunks",
        "_limits",
        "_room",
        "headers",
        "is_cut_short",
        "received_bytes",
        "status",
    )

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._chunks: list[bytes] = []
        self._room = 0
        self.status = 0
        self.headers: dict[str, str] = {}
        self.received_bytes = 0
        self.is_cut_short = False  # set by the wire: the connection ended before the body did

    def start(self, status: int, headers: Iterable[tuple[bytes, bytes]]) -> None:
        """The status and the header fields, which are joined by ", " where a name repeats.

        Of those that may stand only once (RFC 9110, section 5.3) the first one counts.
        """
        self.status = status
        joined = self.headers = {}
        size = 0
        for raw_name, raw_value in headers:
            size += len(raw_name) + len(raw_value) + 4
            name = raw_name.decode("latin-1").lower()
            value = raw_value.decode("latin-1")
            if name not in joined:
                joined[name] = value
            elif name not in _SINGLE_FIELDS:
                joined[name] = f"{joined[name]}, {value}"
        if size > self._limits.max_header_bytes:
            raise headers_too_large(self._limits)
        if not self.is_document:
            self._room = _ASIDE_BYTES
            return
        self._room = self._limits.max_bytes
        length = joined.get("content-length", "")
        if len(length) < 20 and length.isdecimal() and int(length) > self._room:
            raise self._too_large()

    @property
    def is_document(self) -> bool:
        """Whether the status promises the document itself."""
        return 200 <= self.status < 300

    def take(self, data: bytes) -> bool:
        """One piece of the body, still coded."""
        size = len(data)
        self.received_bytes += size
        self._room -= size
        if self._room < 0:
            if self.is_document:
                raise self._too_large()
            return False
        self._chunks.append(data)
        return True

    def body(self) -> bytes:
        """All that was taken in."""
        return self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)

    def _too_large(self) -> FetchError:
        return FetchError(
            f"the body is larger than fetch.max_bytes allows ({self._limits.max_bytes:,} bytes)",
            PollOutcome.TOO_LARGE,
            status=self.status,
        )


class Wire(Protocol):
    """How bytes travel. `exchange` raises FetchError for whatever brought no answer."""

    async def exchange(self, call: Call, receiver: Receiver) -> None:
        """Make `call` and push the answer into `receiver`."""

    async def aclose(self) -> None:
        """Close every connection."""


def headers_too_large(limits: Limits) -> FetchError:
    """The error for a flood of headers."""
    return FetchError(
        f"the headers are larger than fetch.max_header_bytes allows ({limits.max_header_bytes:,})",
        PollOutcome.TOO_LARGE,
    )
