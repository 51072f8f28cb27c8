"""What a type cannot say: the settings checked as a whole.

Pure: settings in, ConfigError out. Nothing is looked up, neither a name nor a file.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ingest.config.settings import FeedSettings, Settings, WebhookSettings
from ingest.errors import ConfigError
from ingest.model import ChangeKind

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

DATABASE_SCHEMES = ("sqlite", "postgresql", "postgresql+psycopg")
PROXY_SCHEMES = ("http", "https", "socks5", "socks5h")
MAY_BE_EMPTY = frozenset({"token"})  # an environment variable that is empty means none
Refuse = Callable[[str, str, str], ConfigError]  # section, key, problem

# A century: no calendar can add much more to a date. Other amounts: what a database can hold.
MOST_DAYS, MOST_SECONDS, MOST = 36_525, 3_155_760_000, 2**63 - 1
MAX_PATTERN_CHARACTERS = 1_000  # of `include` and `exclude`; longer ones are lists, not patterns


def check(settings: Settings, origin: str, overridden: Mapping[tuple[str, str], str]) -> None:
    """Raise ConfigError at the first thing that cannot be.

    `origin` is the config file as shown to the user, `overridden` tells which environment variable
    set which key.
    """

    def refuse(section: str, key: str, problem: str) -> ConfigError:
        variable = overridden.get((section, key))
        where = f"environment: {variable}" if variable else f"{origin}: {section}.{key}"
        return ConfigError(f"{where}: {problem}")

    for section in dataclasses.fields(settings):
        table = getattr(settings, section.name)
        if dataclasses.is_dataclass(table) and not isinstance(table, type):
            for key, problem in _beyond_all(table):
                raise refuse(section.name, key, problem)
    _check_database(settings, refuse)
    for network in settings.fetch.allow_networks:
        try:
            ipaddress.ip_network(network)
        except ValueError as error:
            problem = f'{error}: a network is written like "10.0.0.0/8"'
            raise refuse("fetch", "allow_networks", problem) from None
    if settings.fetch.proxy is not None and not _is_url(settings.fetch.proxy, PROXY_SCHEMES):
        raise refuse("fetch", "proxy", f"has to be a URL: {_schemes(PROXY_SCHEMES)}")
    schedule = settings.schedule
    if schedule.min_interval_seconds > schedule.max_interval_seconds:
        problem = f"{schedule.min_interval_seconds} is above max_interval_seconds"
        raise refuse("schedule", "min_interval_seconds", problem)
    web = settings.web
    if web.enabled and not web.token and not _is_loopback(web.host):
        raise refuse("web", "token", f"has to be set where web.host is not loopback ({web.host})")
    _check_callback(settings, refuse)
    _check_webhooks(settings.webhooks, origin)
    _check_feeds(settings.feeds, origin)


def is_feed_url(url: str) -> bool:
    """Whether `url` is something that can be polled: absolute, over HTTP, with a host."""
    return _is_url(url, ("http", "https")) and not any(ch.isspace() or ord(ch) < 32 for ch in url)


def _is_url(url: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in schemes and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return False


def _schemes(schemes: tuple[str, ...]) -> str:
    return ", ".join(f"{scheme}://" for scheme in schemes)


def _beyond_all(table: DataclassInstance) -> Iterator[tuple[str, str]]:
    """The numbers of a table that are too large for their kind, and its texts without a word."""
    for field in dataclasses.fields(table):
        key, value = field.name, getattr(table, field.name)
        if isinstance(value, str) and not value.strip() and value != field.default:
            if value or key not in MAY_BE_EMPTY:
                yield key, f'"{value}": has to say something, or be left out'
        elif isinstance(value, int | float) and value > (most := _most(key)):
            yield key, f"{value} is above {most:_}, the most there can be"


def _most(key: str) -> int:
    if key.endswith("_days"):
        return MOST_DAYS
    return MOST_SECONDS if key.endswith("_seconds") else MOST


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _check_database(settings: Settings, refuse: Refuse) -> None:
    for key, url in (("url", settings.database.url), ("read_url", settings.database.read_url)):
        scheme, separator, _ = ("sqlite://" if url is None else url).partition("://")
        if not separator or scheme not in DATABASE_SCHEMES:
            problem = (
                "has to be sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME"
                f" (found {scheme[:20]!r} before ://)"
            )
            raise refuse("database", key, problem)


def _check_callback(settings: Settings, refuse: Refuse) -> None:
    url = settings.websub.callback_url
    if url is None:
        return
    if not is_feed_url(url) or "?" in url or "#" in url:
        raise refuse(
            "websub", "callback_url", "has to be an http:// or https:// URL without ? or #"
        )


def _check_webhooks(webhooks: tuple[WebhookSettings, ...], origin: str) -> None:
    names: dict[str, int] = {}
    for number, one in enumerate(webhooks):
        here = f"{origin}: webhooks[{number}]"
        for key, problem in _beyond_all(one):
            raise ConfigError(f"{here}.{key}: {problem}")
        if not re.fullmatch(r"[\w.-]{1,60}", one.name):
            problem = "has to be a word of letters, digits, '.', '_' and '-'"
            raise ConfigError(f"{here}.name = {one.name[:60]!r}: {problem}")
        if (other := names.setdefault(one.name, number)) != number:
            raise ConfigError(f"{here}.name = {one.name!r}: webhooks[{other}] has it already")
        if not is_feed_url(one.url):  # not shown: many services keep a secret in it
            raise ConfigError(f"{here}.url: has to be an http(s):// URL")
        for kind in one.kinds:
            if kind not in list(ChangeKind):
                raise ConfigError(
                    f"{here}.kinds: {kind[:60]!r}: allowed are {', '.join(ChangeKind)}"
                )
        if (one.secret_env is None) == (one.secret_file is None):
            raise ConfigError(f"{here}: needs one of secret_env and secret_file, to sign with")


def _check_feeds(feeds: tuple[FeedSettings, ...], origin: str) -> None:
    urls: dict[str, int] = {}
    names: dict[str, int] = {}
    for number, feed in enumerate(feeds):
        here = f"{origin}: feeds[{number}]"
        check_feed(feed, here)
        if (other := urls.setdefault(feed.url, number)) != number:
            raise ConfigError(f"{here}.url: the same as feeds[{other}].url: {feed.url}")
        name = feed.name or f"#{number}"
        if (other := names.setdefault(name, number)) != number:
            raise ConfigError(f"{here}.name = {name!r}: feeds[{other}] has it already")


def check_feed(feed: FeedSettings, place: str) -> None:
    """Raise ConfigError at the first thing in one feed that cannot be; `place` names it."""
    for key, problem in _beyond_all(feed):
        raise ConfigError(f"{place}.{key}: {problem}")
    if not is_feed_url(feed.url):
        raise ConfigError(f"{place}.url = {feed.url[:80]!r}: has to be an http(s):// URL")
    if feed.name is not None:
        _check_name(feed.name, f"{place}.name")
    _check_access(feed, place)
    for key, pattern in (("include", feed.include), ("exclude", feed.exclude)):
        if pattern is not None:
            _check_pattern(pattern, f"{place}.{key}")


def _check_name(name: str, place: str) -> None:
    if not name.strip() or name.isdigit() or "://" in name or any(ord(ch) < 32 for ch in name):
        raise ConfigError(f"{place} = {name!r}: has to be a word that is no number and no URL")


def _check_access(feed: FeedSettings, here: str) -> None:
    if feed.proxy is not None and not _is_url(feed.proxy, PROXY_SCHEMES):
        raise ConfigError(f"{here}.proxy: has to be a URL: {_schemes(PROXY_SCHEMES)}")
    for name, value in feed.headers.items():
        if not re.fullmatch(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+", name) or re.search(r"[\r\n\0]", value):
            raise ConfigError(f"{here}.headers: {name!r} is not a header (RFC 9110, section 5.1)")
    if feed.auth != "basic" and feed.username is not None:
        raise ConfigError(f'{here}.username: is for auth = "basic" only')
    if feed.auth is None:
        for key in ("password_env", "password_file"):
            if getattr(feed, key) is not None:
                raise ConfigError(f'{here}.{key}: needs auth = "basic" or "bearer" beside it')
        return
    if feed.auth == "basic" and feed.username is None:
        raise ConfigError(f'{here}.username is missing: auth = "basic" needs it')
    if (feed.password_env is None) == (feed.password_file is None):
        problem = "needs one of password_env and password_file"
        raise ConfigError(f'{here}: auth = "{feed.auth}" {problem}')


def _check_pattern(pattern: str, place: str) -> None:
    if len(pattern) > MAX_PATTERN_CHARACTERS:
        raise ConfigError(f"{place}: longer than {MAX_PATTERN_CHARACTERS} characters")
    try:
        re.compile(pattern)
    except (re.error, RecursionError) as error:
        raise ConfigError(
            f"{place} = {pattern[:60]!r}: not a regular expression: {error}"
        ) from None
