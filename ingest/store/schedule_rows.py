"""`FeedSchedule` as columns of `feed_schedule`, and back."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import Row

from ingest.model import CadenceHints, FeedSchedule, FeedState, MoveSighting
from ingest.model.filling import filling
from ingest.store.tables import feed_schedule

AnyRow: TypeAlias = Row[*tuple[Any, ...]]

_NAMES = tuple(field.name for field in dataclasses.fields(FeedSchedule))
SCHEDULE_COLUMNS = tuple(feed_schedule.c[name] for name in _NAMES)
_STATE, _HINTS, _MOVE = map(_NAMES.index, ("state", "hints", "move"))
_PLAIN = tuple(name for name in _NAMES if name not in ("state", "hints", "move"))
_NO_HINTS = CadenceHints()
_filled: Callable[..., FeedSchedule] = filling(FeedSchedule)  # values in the order of the fields


def schedule_from_row(row: AnyRow) -> FeedSchedule:
    """The FeedSchedule in a row that begins with SCHEDULE_COLUMNS."""
    values: list[Any] = list(row[: len(_NAMES)])
    values[_STATE] = FeedState(values[_STATE])
    values[_HINTS] = _hints(values[_HINTS])
    values[_MOVE] = _move(values[_MOVE])
    return _filled(*values)


def schedule_to_row(schedule: FeedSchedule, now: datetime) -> dict[str, Any]:
    """The columns of a FeedSchedule; a state without its time is one since `now`."""
    row = {name: getattr(schedule, name) for name in _PLAIN}
    row["state"] = schedule.state.value
    row["state_since"] = schedule.state_since or now
    row["hints"] = None if schedule.hints == _NO_HINTS else _hints_to_json(schedule.hints)
    row["move"] = None if schedule.move is None else _move_to_json(schedule.move)
    return row


def _hints(stored: Mapping[str, Any] | None) -> CadenceHints:
    if stored is None:
        return _NO_HINTS
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in stored.items()
    }
    return CadenceHints(**values)


def _hints_to_json(hints: CadenceHints) -> dict[str, Any]:
    return {
        field.name: value
        for field in dataclasses.fields(hints)
        if (value := getattr(hints, field.name))
    }


def _move(stored: Mapping[str, Any] | None) -> MoveSighting | None:
    if stored is None:
        return None
    times = {name: datetime.fromisoformat(stored[name]) for name in _MOVE_TIMES}
    return MoveSighting(**{**stored, **times})


_MOVE_TIMES = ("first_seen_at", "last_seen_at")


def _move_to_json(move: MoveSighting) -> dict[str, Any]:
    stored = dataclasses.asdict(move)
    return {**stored, **{name: stored[name].isoformat() for name in _MOVE_TIMES}}
