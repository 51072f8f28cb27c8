"""Whether the trouble is ours: when most sites cannot be reached, our own network is down.

A pure tracker: results of polls go in with their times, a verdict comes out. Only the newest result
of each site counts, so that one site with many feeds cannot outvote the others.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import TYPE_CHECKING

from ingest.model import PollOutcome

if TYPE_CHECKING:
    from datetime import datetime

UNREACHED = frozenset({PollOutcome.NAME_ERROR, PollOutcome.CONNECT_ERROR, PollOutcome.TIMEOUT})
# A captive portal answers for every site, with its own page.
FOREIGN = UNREACHED | {PollOutcome.NOT_A_FEED}
WINDOW_SECONDS = 600.0
MIN_SITES = 3  # with fewer, ours and theirs cannot be told apart
FEW_SITES = 6
MAX_SITES = 12  # the newest results that are looked at
OUTAGE_SHARE = 0.8  # of them: "most", and hardly ever by chance
RECENT_SECONDS = 30.0  # sites that hang end together: others answered while they did
JUST_REACHED_SECONDS = 5.0


class Verdict(Enum):
    """Whose fault it is that a site was not reached."""

    THEIRS = "theirs"
    OURS = "ours"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class _Result:
    at: datetime
    reached: bool


class OutageTracker:
    """Remembers the newest result of each site within a window.

    `known_sites` is how many sites are polled at all; the tracker raises it by what it sees.
    """

    def __init__(self, known_sites: int = 0) -> None:
        self.known_sites = known_sites
        self.out_since: datetime | None = None
        self._results: dict[str, _Result] = {}  # oldest first

    def note(self, site: str, outcome: PollOutcome, at: datetime) -> None:
        """Take in how a poll of `site` ended. Refusals of our own guard say nothing."""
        if outcome in (PollOutcome.REFUSED, PollOutcome.OWN_OUTAGE, PollOutcome.PARSE_FAILED):
            return
        self._results.pop(site, None)
        self._results[site] = _Result(at, outcome not in FOREIGN)
        self._forget(at)
        self.known_sites = max(self.known_sites, len(self._results))
        if outcome in FOREIGN:
            if self.out_since is None and self._most_are_unreached():
                self.out_since = at
        elif self.out_since is not None and self._answers_again():
            self.out_since = None

    @property
    def is_out(self) -> bool:
        """Whether our own network is taken to be down."""
        return self.out_since is not None

    def verdict(self, site: str, failed_at: datetime, *, is_final: bool) -> Verdict:
        """Whose fault a failure of `site` at `failed_at` was, as far as can be said by now.

        UNSURE while nothing was heard of other sites since; with `is_final` nothing more will be
        heard soon, and the last moments before the failure have to do.
        """
        if self.is_out:
            return Verdict.OURS
        others = [result for name, result in self._results.items() if name != site]
        if any(result.reached and result.at >= failed_at for result in others):
            return Verdict.THEIRS
        if self.known_sites < MIN_SITES:
            return Verdict.THEIRS if is_final else Verdict.UNSURE
        if is_final and others and others[-1].reached:
            ago_seconds = (failed_at - others[-1].at).total_seconds()
            return Verdict.THEIRS if ago_seconds <= JUST_REACHED_SECONDS else Verdict.UNSURE
        return Verdict.UNSURE

    def _most_are_unreached(self) -> bool:
        size = min(max(self.known_sites, MIN_SITES), MAX_SITES)
        newest = list(self._results.values())[-size:]
        unreached = [result for result in newest if not result.reached]
        if len(unreached) < math.ceil(OUTAGE_SHARE * size):
            return False
        since = unreached[0].at - timedelta(seconds=RECENT_SECONDS)
        balance = 0
        for result in reversed(self._results.values()):
            if result.at < since:
                break
            balance += -1 if result.reached else 1
        return balance > 0

    def _answers_again(self) -> bool:
        """Two of the newest three; one where so few sites are known that most may be dead."""
        newest = list(self._results.values())[-MIN_SITES:]
        needed = 2 if self.known_sites >= FEW_SITES else 1
        return sum(1 for result in newest if result.reached) >= needed

    def _forget(self, now: datetime) -> None:
        for site in list(self._results):
            if (now - self._results[site].at).total_seconds() <= WINDOW_SECONDS:
                return
            del self._results[site]
