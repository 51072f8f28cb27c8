"""What a worker process is told before it reads a document.

Apart from `harvest`, so that whoever hands out jobs need not import the stages that do them: an
unchanged feed is polled without a parser being loaded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ingest.config import NormaliseSettings, ParseSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class HarvestJob:
    """What there is to know about a feed before its document is read.

    `known` maps entry keys to the hashes of the entries as last stored; `learned` holds the hashes
    of the publisher's blocks that recur (boilerplate); `include` and `exclude` are regular
    expressions on headline and URL.
    """

    url: str
    now: datetime
    content_type: str | None = None
    site_url: str | None = None
    publisher: str | None = None
    language: str | None = None
    known: Mapping[int, int] = field(default_factory=dict)
    learned: frozenset[int] = frozenset()
    guids_are_trusted: bool = True
    clock_skew_seconds: float = 0.0
    keep_raw: bool = True
    include: str | None = None
    exclude: str | None = None
    parse: ParseSettings = field(default_factory=ParseSettings)
    normalise: NormaliseSettings = field(default_factory=NormaliseSettings)
