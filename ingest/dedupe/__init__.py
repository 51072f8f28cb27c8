"""Articles that republish one text: fingerprint, candidates, verification, story decision."""

from ingest.dedupe.decide import decide, examine
from ingest.dedupe.decision import (
    MAX_POSTINGS,
    CandidateIndex,
    Decision,
    Document,
    Frequencies,
    NearMiss,
)
from ingest.dedupe.fingerprint import (
    VERSION,
    Shape,
    fingerprint,
    fingerprints,
    shape,
    text_of,
)
from ingest.dedupe.reading import Reading, readings
from ingest.dedupe.rules import RULES, Rules

__all__ = [
    "MAX_POSTINGS",
    "RULES",
    "VERSION",
    "CandidateIndex",
    "Decision",
    "Document",
    "Frequencies",
    "NearMiss",
    "Reading",
    "Rules",
    "Shape",
    "decide",
    "examine",
    "fingerprint",
    "fingerprints",
    "readings",
    "shape",
    "text_of",
]
