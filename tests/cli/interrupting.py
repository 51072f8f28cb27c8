"""Ctrl-C in the middle of a re-clustering."""

from __future__ import annotations

from typing import Any

import pytest

from ingest.store import recluster, stories

ARTICLES = 10  # that are decided before it


def interrupt_settling(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have re-clustering interrupted, in place of its third batch of five articles."""
    batches = 0

    def settle_batch(*arguments: Any, **named: Any) -> Any:
        nonlocal batches
        batches += 1
        if batches > 2:
            raise KeyboardInterrupt
        return stories.settle_batch(*arguments, **{**named, "limit": 5})

    monkeypatch.setattr(recluster, "settle_batch", settle_batch)
