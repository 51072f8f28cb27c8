"""Entry -> Article: who it is, what it says, and nothing that belongs to the page around it."""

from ingest.normalise.article import Context, normalise, normalise_all
from ingest.normalise.canonical import canonical_url
from ingest.normalise.identity import identify

__all__ = ["Context", "canonical_url", "identify", "normalise", "normalise_all"]
