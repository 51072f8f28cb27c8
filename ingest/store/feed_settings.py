"""A feed's `[[feeds]]` table as JSON in its row, and back. Only what differs from the default."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from ingest.config import FeedSettings

_FIELDS = {field.name: field for field in dataclasses.fields(FeedSettings)}


def _default(field: dataclasses.Field[Any]) -> object:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return field.default


def settings_to_json(settings: FeedSettings) -> dict[str, Any]:
    """The fields that differ from their default, and the URL."""
    return {
        name: value
        for name, field in _FIELDS.items()
        if (value := getattr(settings, name)) != _default(field)
    }


def settings_from_json(stored: Mapping[str, Any]) -> FeedSettings:
    """The settings as stored; keys of a later version are passed over."""
    return FeedSettings(**{name: value for name, value in stored.items() if name in _FIELDS})
