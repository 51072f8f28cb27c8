"""The configuration: one TOML file as a typed tree.

The sections are plain frozen dataclasses, so that a stage can take the one it needs without
importing a validator; `load` (in this file) validates with pydantic and names file, key, value and
what is allowed. Every field has a default. Durations are in seconds, sizes in bytes.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseSettings:
    url: str = "sqlite:///ingest.db"
    read_url: str | None = None  # a replica for the web page and queries
    busy_timeout_seconds: float = 30.0
    keep_raw_days: int = 30  # compressed raw entries, for `ingest reprocess`; 0: for ever
    keep_polls_days: int = 90  # 0: for ever
    keep_content_days: int = 0  # bodies of articles older than this are dropped; 0: for ever


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchSettings:
    user_agent: str = ""  # empty: "ingest/VERSION (+contact)"
    contact: str = ""  # a URL or address publishers can reach you at
    allow_networks: tuple[str, ...] = ()  # CIDRs that the guard lets through: "127.0.0.0/8"
    allow_ports: tuple[int, ...] = ()  # beside 80, 443 and everything above 1023; see the guard
    max_bytes: int = 10_000_000  # of a body as received
    max_inflated_bytes: int = 50_000_000
    max_header_bytes: int = 65_536
    max_redirects: int = 5
    connect_timeout_seconds: float = 10.0
    read_timeout_seconds: float = 20.0
    total_timeout_seconds: float = 60.0
    concurrency: int = 64  # requests in flight, all sites together
    connections_per_site: int = 2
    site_delay_seconds: float = 1.0  # between two requests to one site (registrable domain)
    proxy: str | None = None
    verify_tls: bool = True
    transport: str = "auto"  # auto, httpx or curl (an extra)
    force_full_after_days: float = 7.0  # an unconditional GET unmasks validators that lie


@dataclass(frozen=True, slots=True, kw_only=True)
class ParseSettings:
    max_entries: int = 2_000  # of one document; the newest are kept
    max_entry_bytes: int = 1_000_000
    timeout_seconds: float = 30.0  # of CPU for one document, then the worker is killed
    workers: int = 0  # processes; 0: one a core, two at most


@dataclass(frozen=True, slots=True, kw_only=True)
class NormaliseSettings:
    learn_boilerplate: bool = True
    max_future_seconds: int = 86_400  # a date further ahead than this is not believed
    strip_parameters: tuple[str, ...] = ()  # tracking parameters beside the built-in ones


@dataclass(frozen=True, slots=True, kw_only=True)
class DedupeSettings:
    window_days: float = 14.0  # how far back republications are looked for
    enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleSettings:
    min_interval_seconds: int = 300
    max_interval_seconds: int = 86_400
    default_interval_seconds: int = 1_800
    max_backoff_seconds: int = 172_800
    lease_seconds: int = 300
    tick_seconds: float = 1.0
    batch_rows: int = 500
    batch_seconds: float = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings:
    enabled: bool = False
    host: str = "127.0.0.1"
    port: int = 8080
    token: str | None = None  # required where `host` is not loopback


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSubSettings:
    callback_url: str | None = None  # None: off
    lease_seconds: int = 864_000


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSettings:
    level: str = "info"
    format: str = "auto"  # auto: text on a terminal, JSON elsewhere


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSettings:
    """One `[[feeds]]` table. What is None follows the section of the same name above."""

    url: str
    name: str | None = None  # short, unique; what the command line calls it
    publisher: str | None = None
    language: str | None = None
    text: str = "feed"  # feed, or page: fetch the article's page for its full text
    min_interval_seconds: int | None = None
    user_agent: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    auth: str | None = None  # basic, bearer
    username: str | None = None
    password_env: str | None = None  # the name of the environment variable that holds it
    password_file: str | None = None
    proxy: str | None = None
    verify_tls: bool | None = None
    include: str | None = None  # regular expression on headline and URL: others are filtered
    exclude: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    database: DatabaseSettings = DatabaseSettings()
    fetch: FetchSettings = FetchSettings()
    parse: ParseSettings = ParseSettings()
    normalise: NormaliseSettings = NormaliseSettings()
    dedupe: DedupeSettings = DedupeSettings()
    schedule: ScheduleSettings = ScheduleSettings()
    web: WebSettings = WebSettings()
    websub: WebSubSettings = WebSubSettings()
    log: LogSettings = LogSettings()
    feeds: tuple[FeedSettings, ...] = ()
