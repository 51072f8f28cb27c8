"""Settings from values that are all as they should be, without the validator being loaded.

Nearly every config file is right, and importing pydantic costs as much CPU as polling a hundred
unchanged feeds. What does not fit exactly goes to pydantic, which decides and says what is wrong;
so whatever fits here has to be what pydantic would make of it (a test compares them).
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from annotated_types import Ge, Gt, Le

from ingest.config.settings import Settings

_EXACT = 2**53  # whole numbers up to here are floats without loss


class _Misfit(Exception):
    """A value to be looked at by pydantic."""


def fitting(tree: Mapping[str, Any]) -> Settings | None:
    """The settings in a tree of TOML values; None unless each has the type and is within limits."""
    try:
        settings: Settings = _fit(tree, Settings)
    except _Misfit:
        return None
    return settings


@cache
def _hints(cls: type) -> dict[str, Any]:
    return get_type_hints(cls, include_extras=True)


def _fit(value: Any, hint: Any) -> Any:
    if (plain := _PLAIN.get(hint)) is not None:
        return plain(value)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return _fit_table(value, hint)
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _within(_fit(value, arguments[0]), arguments[1:])
    if origin is Literal and value in arguments:
        return value
    if origin in (Union, types.UnionType):
        (wanted,) = (one for one in arguments if one is not type(None))  # TOML has no null
        return _fit(value, wanted)
    if origin is tuple and isinstance(value, list):
        return tuple(_fit(one, arguments[0]) for one in value)
    if origin is dict and isinstance(value, dict):
        return {_text(name): _fit(one, arguments[1]) for name, one in value.items()}
    raise _Misfit


def _fit_table(value: Any, cls: type) -> Any:
    if not isinstance(value, Mapping):
        raise _Misfit
    hints = _hints(cls)
    try:
        return cls(**{name: _fit(one, hints[name]) for name, one in value.items()})
    except (KeyError, TypeError):  # an unknown key, or one is missing
        raise _Misfit from None


def _within(value: Any, limits: tuple[Any, ...]) -> Any:
    for limit in limits:
        match limit:
            case Ge(least) if value >= least:
                continue
            case Gt(bound) if value > bound:
                continue
            case Le(most) if value <= most:
                continue
            case _:
                raise _Misfit
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.isprintable():
        raise _Misfit
    return value


def _whole(value: Any) -> int:
    if type(value) is not int or abs(value) > _EXACT:
        raise _Misfit
    return value


def _number(value: Any) -> float:
    if type(value) not in (int, float) or not abs(value) <= _EXACT:
        raise _Misfit
    return float(value)


def _truth(value: Any) -> bool:
    if type(value) is not bool:
        raise _Misfit
    return value


_PLAIN: dict[Any, Any] = {str: _text, int: _whole, float: _number, bool: _truth}
