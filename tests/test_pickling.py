"""What travels between processes arrives as it was sent."""

from __future__ import annotations

import copyreg
import pickle
from collections.abc import Iterator
from dataclasses import FrozenInstanceError, dataclass, field

import pytest

from ingest.model.pickling import pickle_quickly


@dataclass(frozen=True, slots=True)
class One:
    value: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Many:
    name: str
    others: tuple[One, ...] = ()
    names: dict[str, str] = field(default_factory=dict)


@pytest.fixture(autouse=True)
def _registered() -> Iterator[None]:
    before = dict(copyreg.dispatch_table)
    pickle_quickly(One, Many)
    yield
    copyreg.dispatch_table.clear()
    copyreg.dispatch_table.update(before)


@pytest.mark.parametrize(
    "sent", [One(1), Many(name="a"), Many(name="b", others=(One(2), One(3)), names={"x": "y"})]
)
def test_an_instance_comes_out_as_it_went_in(sent: object) -> None:
    arrived = pickle.loads(pickle.dumps(sent))
    assert arrived == sent
    assert type(arrived) is type(sent)


def test_what_arrives_is_as_frozen_as_what_was_sent() -> None:
    arrived = pickle.loads(pickle.dumps(One(1)))
    with pytest.raises(FrozenInstanceError):
        arrived.value = 2
