"""The settings: one frozen tree, every field with a default.

The sections are plain dataclasses, so that a stage can take the one it needs without importing a
validator. The limits beside a type are what `ingest.config.loading` asks of a config file.
Durations are in seconds, sizes in bytes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le

Seconds = Annotated[float, Gt(0)]
Port = Annotated[int, Ge(1), Le(65_535)]
Count = Annotated[int, Ge(1)]  # at least one
Amount = Annotated[int, Ge(0)]  # none is allowed, or means "no limit"


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseSettings:
    """Where the rows go, and how long they are kept."""

    url: str = "sqlite:///ingest.db"
    read_url: str | None = None  # a replica for the web page and queries
    busy_timeout_seconds: Seconds = 30.0
    keep_raw_days: Amount = 30  # compressed raw entries, for `ingest reprocess`; 0: for ever
    keep_polls_days: Amount = 90  # 0: for ever
    keep_content_days: Amount = 0  # bodies of articles older than this are dropped; 0: for ever


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchSettings:
    """Bytes over HTTP: whom to ask, how politely, and how much to accept."""

    user_agent: str = ""  # empty: "ingest/VERSION (+contact)"
    contact: str = ""  # a URL or address publishers can reach you at
    allow_networks: tuple[str, ...] = ()  # CIDRs that the guard lets through: "127.0.0.0/8"
    allow_ports: tuple[Port, ...] = ()  # beside 80, 443 and everything above 1023; see the guard
    max_bytes: Count = 10_000_000  # of a body as received
    max_inflated_bytes: Count = 50_000_000
    max_header_bytes: Count = 65_536
    max_redirects: Amount = 5
    connect_timeout_seconds: Seconds = 10.0
    read_timeout_seconds: Seconds = 20.0
    total_timeout_seconds: Seconds = 60.0
    concurrency: Count = 64  # requests in flight, all sites together
    connections_per_site: Count = 2
    site_delay_seconds: Annotated[float, Ge(0)] = (
        1.0  # between two requests to one site (registrable domain)
    )
    proxy: str | None = None
    verify_tls: bool = True
    transport: Literal["auto", "httpx", "curl"] = "auto"  # curl is an extra
    force_full_after_days: Annotated[float, Gt(0)] = (
        7.0  # an unconditional GET unmasks validators that lie
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ParseSettings:
    """Bounds of reading one document."""

    max_entries: Count = 2_000  # of one document; the newest are kept
    max_entry_bytes: Count = 1_000_000
    timeout_seconds: Seconds = 30.0  # of CPU for one document, then the worker is killed
    workers: Amount = 0  # processes; 0: one for each core but the first, one at least, two at most


@dataclass(frozen=True, slots=True, kw_only=True)
class NormaliseSettings:
    """How an entry becomes an article."""

    learn_boilerplate: bool = True
    max_future_seconds: Amount = 86_400  # a date further ahead than this is not believed
    strip_parameters: tuple[str, ...] = ()  # tracking parameters beside the built-in ones


@dataclass(frozen=True, slots=True, kw_only=True)
class DedupeSettings:
    """How far republications are looked for."""

    window_days: Annotated[float, Gt(0)] = 14.0  # how far back republications are looked for
    enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleSettings:
    """How often feeds are polled, and how polls become transactions."""

    min_interval_seconds: Count = 300
    max_interval_seconds: Count = 86_400
    default_interval_seconds: Count = 1_800
    max_backoff_seconds: Count = 172_800
    blocked_interval_seconds: Count = 86_400  # how rarely a feed that is blocked is asked
    stale_after_days: Annotated[float, Ge(0)] = 45.0  # nothing new for so long; 0: never stale
    move_after_days: Annotated[float, Ge(0)] = 3.0  # then a permanent redirect is believed
    lease_seconds: Count = 300
    poll_timeout_seconds: Seconds = 180.0  # a poll that takes longer is ended
    drain_timeout_seconds: Seconds = 30.0  # how long SIGTERM waits for the polls in flight
    tick_seconds: Seconds = 1.0
    batch_rows: Count = 1_000
    batch_seconds: Annotated[float, Ge(0)] = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings:
    """The status page, metrics and health."""

    enabled: bool = False
    host: str = "127.0.0.1"
    port: Port = 8080
    token: str | None = None  # required where `host` is not loopback


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSubSettings:
    """Being told of news by a hub instead of asking for it."""

    callback_url: str | None = None  # None: off
    lease_seconds: Count = 864_000


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSettings:
    """What is said while it runs."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "text", "json"] = "auto"  # auto: text on a terminal, JSON elsewhere


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSettings:
    """One `[[feeds]]` table. What is None follows the section of the same name above."""

    url: str
    name: str | None = None  # short, unique; what the command line calls it
    publisher: str | None = None
    language: str | None = None
    text: Literal["feed", "page"] = "feed"  # page: fetch the article's page for its full text
    min_interval_seconds: Count | None = None
    user_agent: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    auth: Literal["basic", "bearer"] | None = None
    username: str | None = None
    password_env: str | None = None  # the name of the environment variable that holds it
    password_file: str | None = None
    proxy: str | None = None
    verify_tls: bool | None = None
    include: str | None = None  # regular expression on headline and URL: others are filtered
    exclude: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSettings:
    """One `[[webhooks]]` table: a receiver of the change stream."""

    name: str  # short, unique; how far it has got is kept under this name
    url: str
    kinds: tuple[str, ...] = ()  # of events; none: all of them
    secret_env: str | None = None  # the name of the environment variable that holds it
    secret_file: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The whole config file."""

    database: DatabaseSettings = DatabaseSettings()
    fetch: FetchSettings = FetchSettings()
    parse: ParseSettings = ParseSettings()
    normalise: NormaliseSettings = NormaliseSettings()
    dedupe: DedupeSettings = DedupeSettings()
    schedule: ScheduleSettings = ScheduleSettings()
    web: WebSettings = WebSettings()
    websub: WebSubSettings = WebSubSettings()
    log: LogSettings = LogSettings()
    webhooks: tuple[WebhookSettings, ...] = ()
    feeds: tuple[FeedSettings, ...] = ()
