"""The configuration: one TOML file as a typed tree.

The tree is in `settings`; `load` reads and checks the file, and imports its validator only when it
is called.
"""

from ingest.config.loading import find, load
from ingest.config.settings import (
    DatabaseSettings,
    DedupeSettings,
    FeedSettings,
    FetchSettings,
    LogSettings,
    NormaliseSettings,
    ParseSettings,
    ScheduleSettings,
    Settings,
    WebhookSettings,
    WebSettings,
    WebSubSettings,
)

__all__ = [
    "DatabaseSettings",
    "DedupeSettings",
    "FeedSettings",
    "FetchSettings",
    "LogSettings",
    "NormaliseSettings",
    "ParseSettings",
    "ScheduleSettings",
    "Settings",
    "WebSettings",
    "WebSubSettings",
    "WebhookSettings",
    "find",
    "load",
]
