"""Articles that republish one text: fingerprint, candidates, verification, story decision."""

from ingest.dedupe.decision import Decision, Document, NearMiss
from ingest.dedupe.fingerprint import VERSION, Shape, fingerprint, fingerprint_of, shape, text_of

__all__ = [
    "VERSION",
    "Decision",
    "Document",
    "NearMiss",
    "Shape",
    "fingerprint",
    "fingerprint_of",
    "shape",
    "text_of",
]
