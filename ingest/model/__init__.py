"""What flows through the stages, in the order in which it flows.

    bytes --parse--> FeedDocument of Entry --identify--> IdentifiedEntry
          --normalise--> Article --fingerprint--> Fingerprint
          --candidates, verify--> Match --join--> story

Everything here is frozen: a stage receives one of these and returns another. Times are aware
datetimes in UTC. Hashes are signed 64-bit integers, so that both databases store them as they are.
"""

from ingest.model.article import (
    Article,
    Fingerprint,
    IdentifiedEntry,
    Key,
    KeyKind,
    Match,
    PublishedQuality,
    Relation,
    Removed,
)
from ingest.model.change import ChangeKind
from ingest.model.document import (
    CadenceHints,
    Entry,
    FeedDocument,
    Fetched,
    Media,
    PollOutcome,
    Redirect,
    Text,
    Validators,
)
from ingest.model.poll import (
    EntryOutcome,
    Harvest,
    HarvestedEntry,
    Polled,
)
from ingest.model.schedule import (
    FeedSchedule,
    FeedState,
    Judgement,
    MoveSighting,
    PollCounts,
    ScheduleDecision,
    ScheduleInput,
    SitePause,
    Term,
)

__all__ = [
    "Article",
    "CadenceHints",
    "ChangeKind",
    "Entry",
    "EntryOutcome",
    "FeedDocument",
    "FeedSchedule",
    "FeedState",
    "Fetched",
    "Fingerprint",
    "Harvest",
    "HarvestedEntry",
    "IdentifiedEntry",
    "Judgement",
    "Key",
    "KeyKind",
    "Match",
    "Media",
    "MoveSighting",
    "PollCounts",
    "PollOutcome",
    "Polled",
    "PublishedQuality",
    "Redirect",
    "Relation",
    "Removed",
    "ScheduleDecision",
    "ScheduleInput",
    "SitePause",
    "Term",
    "Text",
    "Validators",
]
