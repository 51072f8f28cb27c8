"""metrics.md: what `/metrics` answers, from the HELP texts of the registry itself.

A metric shows its labels only once it has counted, so the registry is that of a daemon which has
polled the replayed day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from docs.generate.day import Clock
from docs.generate.markdown import MADE, row, table_head
from ingest.model import EntryOutcome, FeedState, PollOutcome, Relation
from ingest.record import Recorded
from ingest.store.engine import Database
from ingest.store.websub import SubscriptionState
from ingest.web.health import Health
from ingest.web.metrics import Metrics
from tests.web.polls import Running

HEAD = f"""# Metrics

{MADE}

`/metrics` is for Prometheus. `ingest run` serves it where `[web] enabled` is set, to those who have
the token where there is one; [operations](operations.md#metrics) has the scrape configuration, a
dashboard and alerts.

What a process counts itself begins at zero with it. What is read from the database is the same from
every daemon over it: take the maximum, not the sum. Next to these there are the usual `process_…`
and `python_…` of the process: memory, CPU, open files.

"""

# Which values a label can have, where the program has a list of them.
VALUES: dict[tuple[str, str], type[StrEnum]] = {
    ("ingest_polls_total", "outcome"): PollOutcome,
    ("ingest_entries_total", "outcome"): EntryOutcome,
    ("ingest_feeds", "state"): FeedState,
    ("ingest_matches", "relation"): Relation,
    ("ingest_websub_feeds", "state"): SubscriptionState,
}


@dataclass(frozen=True, slots=True)
class Described:
    """One metric as Prometheus names it."""

    name: str
    kind: str
    labels: tuple[str, ...]
    help: str


def page(database: Database, polls: Sequence[Recorded]) -> str:
    """The whole page."""
    lines = [HEAD, table_head("metric", "kind", "is")]
    for one in metrics(database, polls):
        labels = "{" + ", ".join(one.labels) + "}" if one.labels else ""
        lines.append(row(f"`{one.name}{labels}`", one.kind, one.help))
    lines += ["\n## Labels\n\n", table_head("label", "of", "values")]
    for (name, label), kind in VALUES.items():
        lines.append(row(f"`{label}`", f"`{name}`", ", ".join(f"`{one}`" for one in kind)))
    return "".join(lines)


def metrics(database: Database, polls: Sequence[Recorded]) -> list[Described]:
    """Every metric of our own, in the order of the registry."""
    asked = Metrics(database, Health(running=Running()), clock=Clock())
    for one in polls:
        asked.observe(one)
    found = []
    for family in asked.registry.collect():
        if not family.name.startswith("ingest_"):
            continue
        name = f"{family.name}_total" if family.type == "counter" else family.name
        labels = {label: None for one in family.samples for label in one.labels if label != "le"}
        found.append(Described(name, family.type, tuple(labels), family.documentation))
    return found
