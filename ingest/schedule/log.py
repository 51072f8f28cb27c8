"""The log: one line an event, a constant event name, everything variable as a field.

As text for people (`12:00:01 info poll feed=bbc outcome=ok new=3`), as JSON for machines. Standard
library logging underneath, so that other libraries' lines come out the same way.
"""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TextIO

    from ingest.config import LogSettings

Value = str | int | float | bool | datetime | None

logger = logging.getLogger("ingest")


def say(level: int, event: str, **fields: Value) -> None:
    """Write one line: `event` never varies, what varies is a field. None is left out."""
    if logger.isEnabledFor(level):
        shown = {name: value for name, value in fields.items() if value is not None}
        logger.log(level, event, extra={"fields": shown})


def set_up(settings: LogSettings, stream: TextIO | None = None) -> None:
    """Send all logging of this process to `stream` (standard error) in the format asked for."""
    out = stream or sys.stderr
    as_json = settings.format == "json" or (settings.format == "auto" and not out.isatty())
    handler = logging.StreamHandler(out)
    handler.setFormatter(JsonLines() if as_json else TextLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)  # other libraries: only what matters
    logger.setLevel(settings.level.upper())


class JsonLines(logging.Formatter):
    """One JSON object a line: at, level, event, then the fields."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line without a line break."""
        line: dict[str, Value] = {
            "at": _moment(record).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
        }
        if record.name != logger.name:
            line["logger"] = record.name
        line.update(_fields(record))
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, default=_plain, ensure_ascii=False, separators=(",", ":"))


class TextLines(logging.Formatter):
    """Time, level, event and `name=value` pairs; values with spaces are quoted."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line, followed by a traceback where there is one."""
        parts = [
            f"{_moment(record):%H:%M:%S}",
            f"{record.levelname.lower():<7}",
            _one_line(record.getMessage()),
        ]
        parts += [f"{name}={_quoted(value)}" for name, value in _fields(record).items()]
        text = " ".join(parts)
        if record.exc_info:
            text += "\n" + self.formatException(record.exc_info)
        return text


def _moment(record: logging.LogRecord) -> datetime:
    return datetime.fromtimestamp(record.created, UTC)


def _fields(record: logging.LogRecord) -> dict[str, Value]:
    fields = getattr(record, "fields", None)
    return fields if isinstance(fields, dict) else {}


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    return str(value)


def _quoted(value: Value) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    text = _one_line(value if isinstance(value, str) else _plain(value))
    if not text or any(mark in text for mark in ' "='):
        return json.dumps(text, ensure_ascii=False)
    return text


def _one_line(text: str) -> str:
    """Feeds and servers choose some of what is logged: they cannot forge a second line."""
    return "".join(c if c.isprintable() else " " for c in text)
