"""How long to wait after a poll that failed. Never for ever, except where the feed said so."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ingest.model import PollOutcome

if TYPE_CHECKING:
    from ingest.config import ScheduleSettings

# How hard a failure counts: the doublings it adds to the backoff. A name that does not resolve is
# most often the resolver's trouble, a 5xx the server's, and soon over; a 4xx stays until somebody
# changes something (the weights of Media Cloud's rss-fetcher, which come from years of polling).
LIGHT, SOFT, HARD = 0.5, 1.0, 2.0
FAILURE_WEIGHTS = {
    PollOutcome.NAME_ERROR: LIGHT,
    PollOutcome.CONNECT_ERROR: SOFT,
    PollOutcome.TIMEOUT: SOFT,
    PollOutcome.SERVER_ERROR: SOFT,
    PollOutcome.PROTOCOL_ERROR: SOFT,
    PollOutcome.NOT_A_FEED: SOFT,
    PollOutcome.CLIENT_ERROR: HARD,
    PollOutcome.TOO_LARGE: HARD,
    PollOutcome.REDIRECT_ERROR: HARD,
    PollOutcome.REFUSED: HARD,
    PollOutcome.PARSE_FAILED: HARD,
}
MAX_DOUBLINGS = 20.0  # keeps 2 ** n small; the cap is reached long before
MAX_RETRY_AFTER_SECONDS = 7 * 86_400.0  # a longer one is a mistake, and a silence nobody wants
GONE_CONFIRM_SECONDS = 7 * 86_400.0
OUTAGE_SECONDS = 60.0


def failure_wait_seconds(
    outcome: PollOutcome, weight: float, luck: float, floor: float, settings: ScheduleSettings
) -> float:
    """Exponential backoff with full jitter above the floor, capped.

    `weight` is the sum of the weights of the failures in a row, `luck` a number in [0, 1). Full
    jitter, because feeds that failed together must not come back together (Marc Brooker,
    "Exponential Backoff And Jitter", AWS Architecture Blog, 2015).
    """
    lowest = floor
    if FAILURE_WEIGHTS.get(outcome, SOFT) >= HARD:
        lowest = max(floor, float(settings.default_interval_seconds))
    window = floor * math.exp2(min(weight, MAX_DOUBLINGS))
    cap = max(float(settings.max_backoff_seconds), lowest)
    return lowest + luck * min(window, cap - lowest)


def blocked_wait_seconds(
    times: int, luck: float, floor: float, settings: ScheduleSettings
) -> float:
    """Blocked feeds: a sixteenth, a quarter, then all of the long interval, half of it jittered.

    The first two are shorter because a firewall's hiccup also looks like this.
    """
    wanted = settings.blocked_interval_seconds * (1 / 16, 1 / 4, 1.0)[min(max(times, 1), 3) - 1]
    return max(floor, wanted * (0.75 + 0.5 * luck))


def pause_seconds(
    retry_after_seconds: float | None,
    site_failures: int,
    luck: float,
    floor: float,
    settings: ScheduleSettings,
) -> float:
    """How long a whole site is left alone after 429 or 503.

    What the server asks for (RFC 9110, section 10.2.3) plus a tenth of jitter at most; without
    that, exponential with full jitter. `site_failures` counts the rate limits in a row, this one
    included.
    """
    if retry_after_seconds is not None and retry_after_seconds > 0:
        asked = min(retry_after_seconds, MAX_RETRY_AFTER_SECONDS)
        return asked + luck * min(0.1 * asked, 600.0)
    window = floor * math.exp2(min(max(site_failures, 1), MAX_DOUBLINGS))
    cap = max(float(settings.max_backoff_seconds), floor)
    return min(floor + luck * min(window, cap), cap)
