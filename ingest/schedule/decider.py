"""The schedule as the pipeline sees it: judge a poll's outcome, then decide what follows.

`judge` runs in the event loop, once a poll, as soon as its outcome is known; it may wait a few
seconds to hear how other sites fare. `decide` is pure and is called by the writer's thread.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from ingest.model import Judgement, PollOutcome, ScheduleDecision, ScheduleInput
from ingest.schedule.decide import decide
from ingest.schedule.outage import FOREIGN, UNREACHED, OutageTracker, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from ingest.config import ScheduleSettings

HOLD_SECONDS = 10.0  # how long a failure waits for news of other sites
LOOK_SECONDS = 0.1


class Decider:
    """Holds what deciding needs beside the poll itself: settings, clock, and the outage tracker."""

    def __init__(
        self,
        settings: ScheduleSettings,
        *,
        clock: Callable[[], datetime],
        outage: OutageTracker | None = None,
        hold_seconds: float = HOLD_SECONDS,
    ) -> None:
        self.settings = settings
        self.outage = outage or OutageTracker()
        self._clock = clock
        self._hold_seconds = hold_seconds
        self._in_flight = 0
        self._holding = 0

    def begin(self) -> None:
        """A poll starts: failures elsewhere may wait for what it brings."""
        self._in_flight += 1

    def end(self) -> None:
        """The poll that `begin` announced is over, whatever became of it."""
        self._in_flight = max(0, self._in_flight - 1)

    async def judge(
        self, site: str, outcome: PollOutcome, *, was_redirected: bool = False
    ) -> Judgement:
        """Whose outcome this is: the feed's, or our own network's.

        Returns at once for every outcome but an unreachable site, a page that is no feed, and a
        redirect that our guard refused: captive portals often live at an address inside.
        """
        failed_at = self._clock()
        seen = outcome
        if outcome is PollOutcome.REFUSED and was_redirected:
            seen = PollOutcome.NOT_A_FEED  # somebody's page, which we were sent to and did not ask
        self.outage.note(site, seen, failed_at)
        if seen not in FOREIGN:
            return Judgement(outcome)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._hold_seconds
        self._holding += 1
        try:
            while True:
                # Polls that are themselves being held have said all they can.
                over = loop.time() >= deadline or self._in_flight <= self._holding
                verdict = self.outage.verdict(site, failed_at, is_final=over)
                if verdict is not Verdict.UNSURE or over:
                    break
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            self._holding -= 1
        if verdict is Verdict.OURS:
            return Judgement(PollOutcome.OWN_OUTAGE)
        return Judgement(outcome, verdict is Verdict.THEIRS or outcome not in UNREACHED)

    def decide(self, given: ScheduleInput) -> ScheduleDecision:
        """The new row of the feed and the news for its site."""
        return decide(given, self.settings)
