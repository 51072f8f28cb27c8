from __future__ import annotations

from dataclasses import FrozenInstanceError
from pickle import dumps, loads

import pytest

from ingest.model import Entry, Text
from ingest.model.filling import filling


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
