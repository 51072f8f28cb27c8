"""`FeedSchedule` as columns: the row of `feed_schedule`, with the hints of `feed` and the move
under observation of `feed_move` joined to it.
"""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Row, outerjoin

from ingest.model import CadenceHints, FeedSchedule, FeedState, MoveSighting
from ingest.store.tables import feed, feed_move, feed_schedule

_ELSEWHERE = frozenset({"hints", "move"})
PLAIN = tuple(one.name for one in fields(FeedSchedule) if one.name not in _ELSEWHERE)
_MOVE = tuple(one.name for one in fields(MoveSighting))


def columns() -> list[ColumnElement[Any]]:
    """What to select, from `joined`, so that `schedule_of` can read the row."""
    return [
        *(feed_schedule.c[name] for name in PLAIN),
        feed.c.hints.label("hints"),
        *(feed_move.c[name].label(f"move_{name}") for name in _MOVE),
    ]


def joined() -> FromClause:
    """`feed_schedule` with `feed` and, where there is one, `feed_move`."""
    return outerjoin(
        feed_schedule.join(feed, feed.c.id == feed_schedule.c.feed_id),
        feed_move,
        feed_move.c.feed_id == feed_schedule.c.feed_id,
    )


def schedule_of(row: Row[Any]) -> FeedSchedule:
    """The schedule in a row of `columns()`."""
    values = {name: getattr(row, name) for name in PLAIN}
    values["state"] = FeedState(row.state)
    move = (
        MoveSighting(**{name: getattr(row, f"move_{name}") for name in _MOVE})
        if row.move_target_url is not None
        else None
    )
    return FeedSchedule(**values, hints=hints_from_json(row.hints), move=move)


def values_of(schedule: FeedSchedule) -> dict[str, Any]:
    """The columns of `feed_schedule` for a schedule."""
    values = {name: getattr(schedule, name) for name in PLAIN}
    values["state"] = schedule.state.value
    return values


def hints_from_json(value: dict[str, Any] | None) -> CadenceHints:
    """`feed.hints` as read; lists become tuples."""
    if not value:
        return CadenceHints()
    return CadenceHints(
        **{name: tuple(one) if isinstance(one, list) else one for name, one in value.items()}
    )


def hints_to_json(hints: CadenceHints) -> dict[str, Any] | None:
    """`hints` for `feed.hints`; None where a document gives none."""
    given = {name: value for name, value in asdict(hints).items() if value not in (None, ())}
    return given or None
