"""Feeds whose hub announces their news (WebSub): what that changes about a poll that was made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from ingest.fetch.websub import links_in
from ingest.model import FeedDocument, ScheduleDecision, ScheduleInput
from ingest.store.websub import PUSH_GAP_SECONDS, is_trusted


def decide_pushed(
    decide: Callable[[ScheduleInput], ScheduleDecision],
    given: ScheduleInput,
    *,
    started_at: datetime,
    pushed_at: datetime,
) -> ScheduleDecision:
    """`decide`, for a feed whose hub last announced news at `pushed_at`.

    Polling is the safety net as long as news is announced. What was announced after the poll had
    started at `started_at` it may not have seen: the feed is due again.
    """
    counts = given.counts
    brought_news = counts is not None and counts.new + counts.revised > 0
    news_at = given.now if brought_news else given.previous.last_news_at
    decision = decide(replace(given, is_pushed=is_trusted(pushed_at, news_at)))
    schedule = decision.schedule
    if pushed_at < started_at or schedule.failures or schedule.next_poll_at is None:
        return decision
    again_at = given.now + timedelta(seconds=PUSH_GAP_SECONDS)
    if schedule.next_poll_at <= again_at:
        return decision
    return replace(decision, schedule=replace(schedule, next_poll_at=again_at))


def with_hubs(document: FeedDocument, headers: Mapping[str, str], url: str) -> FeedDocument:
    """`document` with the hub and topic of the Link header, which go before its own (section 4)."""
    links = links_in(headers.get("link"), url)
    if not links.hub_urls:
        return document
    return replace(document, hub_urls=links.hub_urls, self_url=links.topic_url or document.self_url)
