"""`/metrics` for Prometheus, in a registry of its own.

What happens in this process is counted as it happens, by `Metrics.observe`; what the database knows
(feeds, stories, queues) is asked at a scrape, at most every few seconds.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ingest.errors import DatabaseError
from ingest.model import ChangeKind
from ingest.store import status, web_queries, webhooks, websub
from ingest.store.engine import Connection, Database
from ingest.store.websub import SubscriptionState
from ingest.web.health import Health

if TYPE_CHECKING:
    from ingest.record import Recorded

CONTENT_TYPE = CONTENT_TYPE_LATEST
REST_SECONDS = 10.0  # between two looks into the database
_SECONDS = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_LATE = (1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3_600.0, 14_400.0)


class Metrics:
    """The counters of this process and the gauges over its database."""

    def __init__(
        self, database: Database, health: Health, *, clock: Callable[[], datetime]
    ) -> None:
        self.registry = CollectorRegistry()
        self._polls = Counter(
            "ingest_polls", "Polls recorded by this process.", ["outcome"], registry=self.registry
        )
        self._lost = Counter(
            "ingest_polls_lost",
            "Polls that another worker had claimed meanwhile; nothing of them was written.",
            registry=self.registry,
        )
        self._entries = Counter(
            "ingest_entries",
            "Entries of the documents that were read, by what became of them.",
            ["outcome"],
            registry=self.registry,
        )
        self._bytes = Counter(
            "ingest_received_bytes", "Bytes over the wire, compressed.", registry=self.registry
        )
        self._gaps = Counter(
            "ingest_possible_gaps",
            "Polls after which entries may have been missed.",
            registry=self.registry,
        )
        self._fetch = Histogram(
            "ingest_fetch_seconds",
            "From asking to the last byte.",
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._late = Histogram(
            "ingest_late_seconds",
            "How long after its due time a poll began.",
            buckets=_LATE,
            registry=self.registry,
        )
        self._stages = Histogram(
            "ingest_stage_seconds",
            "Seconds a changed document spent in a stage.",
            ["stage"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._database_seconds = Histogram(
            "ingest_database_look_seconds",
            "Seconds the questions of a scrape took in the database.",
            buckets=_SECONDS,
            registry=self.registry,
        )
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self.registry.register(_Gauges(database, health, clock, self._database_seconds))

    def observe(self, recorded: Recorded) -> None:
        """Count one recorded poll. Called from any thread."""
        if recorded.is_lost:
            self._lost.inc()
            return
        polled, counts = recorded.polled, recorded.counts
        self._polls.labels(polled.outcome.value).inc()
        self._bytes.inc(polled.received_bytes)
        self._fetch.observe(polled.elapsed_seconds)
        if recorded.due.due_at is not None:
            late = (polled.started_at - recorded.due.due_at).total_seconds()
            self._late.observe(max(0.0, late))
        if counts is not None:
            for outcome in ("new", "revised", "unchanged", "filtered", "invalid"):
                self._entries.labels(outcome).inc(getattr(counts, outcome))
        if polled.harvest is not None:
            for stage, seconds in polled.harvest.stage_seconds.items():
                self._stages.labels(stage).observe(seconds)
        if recorded.decision is not None and recorded.decision.possible_gap:
            self._gaps.inc()

    def render(self) -> bytes:
        """The text a scrape gets, of type CONTENT_TYPE."""
        return generate_latest(self.registry)


class _Gauges(Collector):
    """What the database knows, and what the daemon has in its hands."""

    def __init__(
        self,
        database: Database,
        health: Health,
        clock: Callable[[], datetime],
        seconds: Histogram,
    ) -> None:
        self._database = database
        self._health = health
        self._clock = clock
        self._seconds = seconds
        self._seen_at = -REST_SECONDS
        self._seen: list[Metric] = []

    def describe(self) -> Iterator[Metric]:
        """Nothing beforehand: registering asks no database."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """The gauges of the moment; those of the database at most every REST_SECONDS."""
        now = time.monotonic()
        if now - self._seen_at >= REST_SECONDS:
            try:
                with self._seconds.time():
                    self._seen = list(self._from_database())
            except DatabaseError:
                self._seen = [_gauge("ingest_database_up", "1 while the database answers.", 0)]
            self._seen_at = now
        yield from self._seen
        running = self._health.running
        if running is not None:
            yield _gauge("ingest_polls_in_flight", "Polls in flight.", running.polls_in_flight)
            yield _gauge(
                "ingest_polls_to_write",
                "Finished polls that wait for the writer.",
                running.waiting_to_be_written,
            )
            yield _gauge(
                "ingest_own_outage", "1 while our own network is down.", running.network_is_out
            )

    def _from_database(self) -> Iterator[Metric]:
        with self._database.connect() as connection:
            found = status.read_status(connection, self._clock())
            matches = web_queries.totals(connection).matches
            yield from self._webhooks(connection)
            yield from self._hubs(connection)
        yield _gauge("ingest_database_up", "1 while the database answers.", 1)
        yield _gauges("ingest_feeds", "Feeds by state.", "state", found.feeds_by_state)
        yield _gauge("ingest_feeds_due", "Feeds that are due and held by nobody.", found.due)
        yield _gauge(
            "ingest_lag_seconds", "How long the longest of them has been due.", found.lag_seconds
        )
        yield _gauge("ingest_publishers", "Publishers.", found.publishers)
        yield _gauge("ingest_articles", "Articles.", found.articles)
        yield _gauge("ingest_revisions", "Replaced versions of articles.", found.revisions)
        yield _gauge("ingest_stories", "Stories.", found.stories)
        yield _gauge(
            "ingest_shared_stories",
            "Stories of several publishers.",
            found.stories_of_several,
        )
        yield _gauge("ingest_match_queue", "Articles not yet compared.", found.queued_for_matching)
        yield _gauges("ingest_matches", "Matches by relation.", "relation", matches)
        yield _gauge("ingest_paused_sites", "Sites asked to wait.", len(found.paused_sites))
        yield _gauge("ingest_database_bytes", "Size of the database.", found.database_bytes)

    def _webhooks(self, connection: Connection) -> Iterator[Metric]:
        configured = self._health.running.webhooks if self._health.running is not None else ()
        taken = CounterMetricFamily(
            "ingest_webhook_events", "Events that a webhook has taken.", labels=["webhook"]
        )
        lag = GaugeMetricFamily(
            "ingest_webhook_lag_seconds",
            "Age of the oldest event that a webhook has not taken.",
            labels=["webhook"],
        )
        failures = GaugeMetricFamily(
            "ingest_webhook_failures",
            "Attempts in a row that a webhook has not taken.",
            labels=["webhook"],
        )
        now = self._clock()
        for one in configured:
            found = webhooks.find(connection, one.name, [ChangeKind(kind) for kind in one.kinds])
            since = found.waiting_since if found is not None else None
            taken.add_metric([one.name], float(found.events) if found is not None else 0.0)
            lag.add_metric([one.name], (now - since).total_seconds() if since else 0.0)
            is_failing = found is not None and found.failing_since is not None
            failures.add_metric([one.name], float(found.attempts) if found and is_failing else 0.0)
        yield from (taken, lag, failures)

    def _hubs(self, connection: Connection) -> Iterator[Metric]:
        now = self._clock()
        found = websub.standing(connection, now)
        states = dict.fromkeys(map(str, SubscriptionState), 0) | dict(found.by_state)
        yield _gauges("ingest_websub_feeds", "Feeds at a WebSub hub, by state.", "state", states)
        yield _gauge(
            "ingest_websub_lapsed",
            "Feeds whose hub does not confirm the subscription; they are polled as before.",
            sum(hub.feeds for hub in found.lapsed),
        )
        silence = GaugeMetricFamily(
            "ingest_websub_silence_seconds", "Since a hub last announced news of any feed."
        )
        if found.pushed_at is not None:
            silence.add_metric([], max(0.0, (now - found.pushed_at).total_seconds()))
        yield silence


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, float(value))


def _gauges(name: str, text: str, label: str, values: Mapping[str, int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=[label])
    for key, value in sorted(values.items()):
        family.add_metric([key], float(value))
    return family
