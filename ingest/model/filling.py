"""Frozen dataclasses made at the price of ordinary ones.

A frozen dataclass sets each field through `object.__setattr__`: six microseconds for an `Entry`,
which was a third of the fast lane. A twin with the same slots that is not frozen is filled in one,
and then told its class (the Python data model allows that between classes of the same slots).
"""

from __future__ import annotations

from dataclasses import MISSING, Field, fields, replace
from typing import Any, Protocol, TypeVar, cast

T = TypeVar("T")


class Replacing(Protocol[T]):
    """`dataclasses.replace` for one class."""

    def __call__(self, before: T, /, **changes: Any) -> T:
        """`before` with these fields changed."""


def filling(cls: type[T], *, all_are_given: bool = False) -> type[T]:
    """Return what is called like `cls` and gives the same instances, only faster.

    `cls` is a frozen, slotted dataclass without default factories or `__post_init__`. Where the
    interpreter will not have it, `cls` itself is returned. With `all_are_given` it is called with
    all fields in their order; then `cls` may have default factories.
    """

    parts = fields(cls)  # type: ignore[arg-type]
    defaults = {part.name: part.default for part in parts if part.default is not MISSING}
    if all_are_given:
        defaults = {}
    # The initialiser is written out, as dataclasses writes its own: each call in it would be paid
    # for by every instance.
    lines = [
        "def __init__(self, "
        + ", ".join(f"{name}=D[{name!r}]" if name in defaults else name for name in _names(parts))
        + "):",
        *(f"    self.{name} = {name}" for name in _names(parts)),
        "    self.__class__ = C",
    ]
    scope: dict[str, Any] = {"C": cls, "D": defaults}
    exec("\n".join(lines), scope)
    twin = type(
        f"Filling{cls.__name__}",
        (),
        {"__slots__": tuple(_names(parts)), "__init__": scope["__init__"]},
    )
    try:
        made = twin(*(None for _ in parts))
    except TypeError:
        return cls
    return cast("type[T]", twin) if type(made) is cls else cls


def replacing(cls: type[T]) -> Replacing[T]:
    """Return what `dataclasses.replace` does for `cls`, written out: a tenth of its price.

    The same is asked of `cls` as by `filling`.
    """
    twin = filling(cls)
    names = _names(fields(cls))  # type: ignore[arg-type]
    if twin is cls:
        return cast("Replacing[T]", replace)
    lines = [
        "def replaced(before, /, *, " + ", ".join(f"{name}=K" for name in names) + "):",
        "    made = N(W)",
        *(f"    made.{name} = before.{name} if {name} is K else {name}" for name in names),
        "    made.__class__ = C",
        "    return made",
    ]
    scope: dict[str, Any] = {"K": object(), "N": object.__new__, "W": twin, "C": cls}
    exec("\n".join(lines), scope)
    return cast("Replacing[T]", scope["replaced"])


def _names(parts: tuple[Field[Any], ...]) -> list[str]:
    return [part.name for part in parts]
