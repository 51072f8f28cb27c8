from __future__ import annotations

from dataclasses import FrozenInstanceError, fields, replace
from pickle import dumps, loads
from typing import Any

import pytest

from ingest.model import Entry, FeedSchedule, FeedState, Text
from ingest.model.filling import filling, replacing


def test_what_is_filled_is_what_would_have_been_made() -> None:
    text = filling(Text)("a", is_html=True)
    entry = filling(Entry)(position=3, guid="g", title=text)
    assert entry == Entry(position=3, guid="g", title=Text("a", is_html=True))
    assert hash(entry) == hash(Entry(position=3, guid="g", title=Text("a", is_html=True)))
    assert type(entry) is Entry
    assert loads(dumps(entry)) == entry


def test_what_is_filled_is_frozen() -> None:
    entry = filling(Entry)(position=0)
    with pytest.raises(FrozenInstanceError):
        entry.guid = "other"  # type: ignore[misc]


def test_filling_asks_for_what_has_no_default() -> None:
    with pytest.raises(TypeError):
        filling(Entry)()  # type: ignore[call-arg]


def test_what_is_replaced_is_what_dataclasses_would_have_made() -> None:
    changed = replacing(FeedSchedule)
    before = FeedSchedule(failures=3, state_evidence="x")
    for one in fields(FeedSchedule):
        other: dict[str, Any] = {one.name: "other"}
        assert changed(before, **other) == replace(before, **other)
    after = changed(before, state=FeedState.GONE, state_evidence=None)
    assert after == replace(before, state=FeedState.GONE, state_evidence=None)
    assert type(after) is FeedSchedule
    assert before == FeedSchedule(failures=3, state_evidence="x")
    with pytest.raises(TypeError):
        changed(before, unknown=1)
    with pytest.raises(FrozenInstanceError):
        after.failures = 1  # type: ignore[misc]
