"""What is asked of the network: one request, its limits and its credentials."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ingest import __version__
from ingest.config import FeedSettings, FetchSettings
from ingest.errors import ConfigError
from ingest.model import Validators

FEED_ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, "
    "application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, */*;q=0.5"
)
NO_VALIDATORS = Validators()
PAGE_ACCEPT = "text/html, application/xhtml+xml, */*;q=0.5"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one fetch may cost us, redirects included. Sizes in bytes, times in seconds."""

    max_bytes: int = 10_000_000  # of the body, as received
    max_inflated_bytes: int = 50_000_000
    max_header_bytes: int = 65_536
    max_redirects: int = 5
    connect_timeout_seconds: float = 10.0
    read_timeout_seconds: float = 20.0  # of silence
    total_timeout_seconds: float = 60.0

    @classmethod
    def of(cls, settings: FetchSettings) -> Limits:
        """The limits of the `[fetch]` section."""
        return cls(
            max_bytes=settings.max_bytes,
            max_inflated_bytes=settings.max_inflated_bytes,
            max_header_bytes=settings.max_header_bytes,
            max_redirects=settings.max_redirects,
            connect_timeout_seconds=settings.connect_timeout_seconds,
            read_timeout_seconds=settings.read_timeout_seconds,
            total_timeout_seconds=settings.total_timeout_seconds,
        )


@dataclass(frozen=True, slots=True)
class Auth:
    """The value of an Authorization header. Its repr shows nothing, so that no log can."""

    header: str = field(repr=False)

    @classmethod
    def basic(cls, username: str, password: str) -> Auth:
        """RFC 7617, with UTF-8."""
        pair = f"{username}:{password}".encode()
        return cls("Basic " + base64.b64encode(pair).decode("ascii"))

    @classmethod
    def bearer(cls, token: str) -> Auth:
        """RFC 6750, section 2.1."""
        return cls("Bearer " + token)


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchRequest:
    """One thing to fetch. What is None follows the settings the client was made with.

    `validators` make the request conditional; none make it a full GET. A 200 whose body has the
    hash `known_body_hash` comes back without the body: the caller has seen it.
    """

    url: str
    validators: Validators = NO_VALIDATORS
    known_body_hash: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    user_agent: str | None = None
    auth: Auth | None = None
    proxy: str | None = field(default=None, repr=False)
    verify_tls: bool | None = None
    accept: str = FEED_ACCEPT
    limits: Limits | None = None


def default_user_agent(settings: FetchSettings) -> str:
    """Names the software and how to reach whoever runs it, as publishers ask for."""
    if settings.user_agent:
        return settings.user_agent
    if settings.contact:
        return f"ingest/{__version__} (+{settings.contact})"
    return f"ingest/{__version__}"


def auth_of(feed: FeedSettings, environ: Mapping[str, str]) -> Auth | None:
    """The credentials a feed's settings point to; None where it needs none.

    Raises ConfigError naming the feed's key, never the secret.
    """
    if feed.auth is None:
        return None
    if feed.password_env is not None:
        secret = environ.get(feed.password_env)
        if secret is None:
            raise ConfigError(f"password_env: the variable {feed.password_env} is not set")
    elif feed.password_file is not None:
        try:
            secret = Path(feed.password_file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "not UTF-8 text"
            raise ConfigError(f"password_file: {feed.password_file}: {reason}") from error
    else:
        raise ConfigError("auth: needs password_env or password_file beside it")
    if feed.auth == "bearer":
        return Auth.bearer(secret)
    if feed.auth == "basic":
        return Auth.basic(feed.username or "", secret)
    raise ConfigError(f"auth: {feed.auth!r} is neither basic nor bearer")
