"""Outlines of articles that were compared lately, or waited to be: most pairs need no more."""

from __future__ import annotations

from ingest.dedupe.outline import Outline


class Outlines:
    """Kept between batches, in memory: some 700 bytes each.

    An outline belongs to a content hash, so that of an edited article is not known.
    """

    def __init__(self, max_entries: int = 8_192) -> None:
        self._max_entries = max_entries
        self._kept: dict[int, tuple[int, Outline]] = {}

    def get(self, article_id: int, content_hash: int) -> Outline | None:
        """That of this version of the article, if it is kept."""
        kept = self._kept.get(article_id)
        return kept[1] if kept is not None and kept[0] == content_hash else None

    def put(self, article_id: int, content_hash: int, outline: Outline) -> None:
        """Keep an outline; the one that was put here longest ago makes room."""
        self._kept.pop(article_id, None)
        self._kept[article_id] = (content_hash, outline)
        if len(self._kept) > self._max_entries:
            del self._kept[next(iter(self._kept))]
