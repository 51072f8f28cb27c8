"""Frozen dataclasses between processes, at half of what pickle takes by itself.

A slotted dataclass pickles itself in Python, field by field, and is set up again through
`object.__setattr__`. Here its values travel as one tuple, taken and filled in by C code.
"""

from __future__ import annotations

import copyreg
from collections.abc import Callable
from dataclasses import fields
from functools import cache
from operator import attrgetter
from typing import Any

from ingest.model.filling import filling


def pickle_quickly(*classes: type) -> None:
    """From now on instances of these, which are slotted dataclasses, are pickled as tuples."""
    for cls in classes:
        copyreg.pickle(cls, _reducer(cls))


def _reducer(cls: type) -> Callable[[Any], tuple[Any, ...]]:
    names = [part.name for part in fields(cls)]
    values_of = attrgetter(*names)
    if len(names) == 1:
        return lambda one: (remade, (cls, values_of(one)))
    return lambda one: (remade, (cls, *values_of(one)))


def remade(cls: type, *values: Any) -> Any:
    """The instance with these values: what a pickle calls."""
    return _maker(cls)(*values)


@cache
def _maker(cls: type) -> Callable[..., Any]:
    made: Callable[..., Any] = filling(cls, all_are_given=True)
    if made is not cls:
        return made
    names = [part.name for part in fields(cls)]
    return lambda *values: cls(**dict(zip(names, values, strict=True)))
