"""One address for one article: tracking, redirect wrappers and spelling variants taken off.

`canonical_url` is shown to people and may be opened; `url_key` is coarser and only compared.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from posixpath import normpath
from urllib.parse import SplitResult, unquote, urlsplit

from ingest.normalise.data import table

_MAX_WRAPPERS = 4
_MAX_LENGTH = 8_000  # characters; longer ones are left as they are
_DEFAULT_PORTS = {"http": "80", "https": "443"}
_ESCAPE = re.compile("%([0-9A-Fa-f]{2})")
_PLAIN = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@/?-]*").fullmatch
# An http(s) URL that is spelled as it should be, but perhaps for its parameters: no user, default
# port, upper case in the host, escapes, dots or doubled slashes in the path, and no fragment.
_TIDY = re.compile(
    r"(https?)://([a-z0-9-]+(?:\.[a-z0-9-]+)*(?::(?!80/|443/)[1-9]\d*(?=/))?)((?:/(?:[A-Za-z0-9_~!$&'()*+,;=:@-][A-Za-z0-9._~!$&'()*+,;=:@-]*)?)*)"
    r"(?:\?([A-Za-z0-9._~!$&'()*+,;=:@/?-]*))?"
).fullmatch
_SAFE = frozenset(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@/?"
)
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_AMP_CACHE = re.compile(
    r"https?://(?:www\.google\.[a-z.]{2,6}/amp/|[\w-]+\.cdn\.ampproject\.org/[cvi]/)(s/)?(.+)", re.I
)
# One of these is in all that `wrapper_hint` finds.
_WRAPPER_WORDS = ("http", "/amp/", "/c/", "/v/", "/i/")
_YAHOO = re.compile(r"https?://r\.search\.yahoo\.com/.*?/RU=([^/]+)/", re.I)
_AMP_PATH = re.compile(r"(?:/amp/?|[./]amp\.html?|\.amp)$|^/amp(?=/.)", re.I)


@lru_cache(maxsize=4096)
def canonical_url(url: str, strip_parameters: tuple[str, ...] = ()) -> str:
    """`url` without tracking parameters, redirect wrappers, default ports and fragments.

    Host in lower case and ASCII (IDNA), percent escapes in one spelling (RFC 3986, section 6.2.2),
    parameters in order of name; one that selects the article stays. Fragments stay where they are
    addresses of their own (`#!`, `#/`). What is no http(s) URL comes back stripped of white
    space. Idempotent. `strip_parameters` names further tracking parameters.
    """
    url = "".join(url.split())
    if len(url) > _MAX_LENGTH:
        return url
    extra = frozenset([name.lower() for name in strip_parameters])
    for _ in range(_MAX_WRAPPERS):
        spelled = _spelled(url, extra)
        target = _unwrapped(spelled)
        if target is None:
            return spelled
        url = target
    return _spelled(url, extra)


def url_key(canonical: str) -> str:
    """What two canonical URLs have in common when they lead to one article.

    Scheme, `www.` and a slash at the end are dropped.
    """
    _, separator, rest = canonical.partition("://")
    if not separator:
        return canonical
    rest = rest.removeprefix("www.")
    path, question, query = rest.partition("?")
    return f"{path.rstrip('/')}{question}{query}"


def main_form(canonical: str) -> str | None:
    """The address of which `canonical` is the AMP or mobile form; None where it is no such form."""
    rest = canonical.partition("://")[2]
    if (
        "/" in rest
        and "?" not in rest
        and "#" not in rest
        and "amp" not in rest.lower()
        and not rest.startswith(_rules().variant_hosts)
    ):
        return None  # as nearly all
    parts = _split(canonical)
    if parts is None:
        return None
    host = parts.netloc
    for prefix in _rules().variant_hosts:
        if host.startswith(prefix) and host.count(".") > 1:
            host = host[len(prefix) :]
            break
    path = _AMP_PATH.sub("", parts.path) or "/"
    if path != parts.path and parts.path.endswith((".html", ".htm")):
        path += ".html"
    query = "&".join(
        item for item in parts.query.split("&") if item and not _matches(item, _rules().variant)
    )
    if (host, path, query) == (parts.netloc, parts.path, parts.query):
        return None
    return _joined(parts.scheme, host, path, query, parts.fragment)


@dataclass(frozen=True, slots=True)
class _Rules:
    prefixes: tuple[str, ...]
    exact: frozenset[str]
    by_value: Mapping[str, tuple[str, ...]]
    variant: Mapping[str, tuple[str, ...]]
    variant_hosts: tuple[str, ...]
    wrappers: tuple[tuple[re.Pattern[str], str, tuple[str, ...]], ...]
    wrapper_hint: re.Pattern[str]


@cache
def _rules() -> _Rules:
    data = table("urls")
    wrappers = []
    for wrapper in data["wrapper"]:
        host = re.escape(wrapper["host"]).replace(r"\*", r"[\w.-]+")
        wrappers.append((re.compile(host), wrapper["path"], tuple(wrapper["parameters"])))
    return _Rules(
        prefixes=tuple(data["prefixes"]),
        exact=frozenset(data["exact"]),
        by_value={name: tuple(values) for name, values in data["by_value"].items()},
        variant={name: tuple(values) for name, values in data["variant"]["parameters"].items()},
        variant_hosts=tuple(data["variant"]["hosts"]),
        wrappers=tuple(wrappers),
        wrapper_hint=re.compile(r"https?(?::|%3a)//|https?%3a%2f%2f|/amp/|/[cvi]/", re.I),
    )


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    host = parts.netloc.rpartition("@")[2]
    if parts.scheme not in ("http", "https") or not host or host[0] in ":.":
        return None
    return parts


def _spelled(url: str, extra: frozenset[str]) -> str:
    """One spelling of `url`, wrappers left alone."""
    tidy = _TIDY(url)
    if tidy is not None:
        scheme, host, path, query = tidy.groups()
        if query:
            query = _kept_parameters(query, extra)
        return (
            f"{scheme}://{host}{path or '/'}?{query}"
            if query
            else f"{scheme}://{host}{path or '/'}"
        )
    parts = _split(url)
    if parts is None:
        return url
    path = _escaped(_without_dots(parts.path)) or "/"
    query = _kept_parameters(parts.query, extra) if parts.query else ""
    fragment = parts.fragment if parts.fragment.startswith(("!", "/")) else ""
    return _joined(parts.scheme, _host(parts.netloc, parts.scheme), path, query, _escaped(fragment))


def _joined(scheme: str, host: str, path: str, query: str, fragment: str) -> str:
    url = f"{scheme}://{host}{path}"
    if query:
        url += f"?{query}"
    return f"{url}#{fragment}" if fragment else url


def _host(netloc: str, scheme: str) -> str:
    user, at, host = netloc.rpartition("@")
    host = host.lower().rstrip(".")
    name, colon, port = host.rpartition(":")
    if ":" in name and "]" not in name:
        return f"{user}{at}{host}"  # not one port but several: no rule says what it means
    if not colon or "]" in port:
        name, port = host, ""
    name = name.rstrip(".")
    if not name.isascii():
        name = _ascii_host(name)
    if port and port != _DEFAULT_PORTS[scheme]:
        name = f"{name}:{port}"
    return f"{user}{at}{name}"


def _ascii_host(host: str) -> str:
    try:
        return host.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return host


def _without_dots(path: str) -> str:
    """RFC 3986, section 5.2.4; doubled slashes stay, some servers mean them."""
    if "/." not in path or "//" in path:
        return path
    slash = "/" if path.endswith(("/", "/.", "/..")) else ""
    shortened = normpath(path)
    return shortened if shortened.endswith("/") else shortened + slash


def _escaped(text: str) -> str:
    """Percent escapes in upper case, none where none is needed (RFC 3986, section 6.2.2)."""
    if _PLAIN(text):
        return text
    out = bytearray()
    raw = text.encode("utf-8", "surrogatepass")
    position, end = 0, len(raw)
    while position < end:
        byte = raw[position]
        if byte == 0x25 and _ESCAPE.match(raw[position : position + 3].decode("latin-1")):
            value = int(raw[position + 1 : position + 3], 16)
            out += bytes((value,)) if value in _UNRESERVED else b"%%%02X" % value
            position += 3
            continue
        out += bytes((byte,)) if byte in _SAFE else b"%%%02X" % byte
        position += 1
    return out.decode("ascii")


def _kept_parameters(query: str, extra: frozenset[str]) -> str:
    rules = _rules()
    kept = []
    # In one spelling first: names are compared, and put in order, as they will be written.
    for item in _escaped(query).split("&"):
        name = item.partition("=")[0].lower()
        if (
            not item
            or name.startswith(rules.prefixes)
            or name in rules.exact
            or name in extra
            or (name in rules.by_value and _matches(item, rules.by_value))
        ):
            continue
        kept.append(item)
    if len(kept) > 1:
        kept.sort(key=lambda item: item.partition("=")[0])
    return "&".join(kept)


def _matches(item: str, rules: Mapping[str, tuple[str, ...]]) -> bool:
    name, _, value = item.partition("=")
    patterns = rules.get(name.lower())
    if patterns is None:
        return False
    value = value.lower()
    return any(
        value == pattern
        or (pattern.endswith("*") and value.startswith(pattern[:-1].lstrip("*")))
        or (pattern.startswith("*") and pattern.strip("*") in value)
        for pattern in patterns
    )


def _unwrapped(url: str) -> str | None:
    """The target a redirect wrapper carries, or None."""
    behind = url[8:].lower()
    if not any(map(behind.__contains__, _WRAPPER_WORDS)):
        return None  # as nearly all: the pattern is slow where it finds nothing
    rules = _rules()
    if rules.wrapper_hint.search(url, 8) is None:
        return None
    if match := _AMP_CACHE.match(url):
        return f"http{'s' if match[1] else ''}://{match[2]}"
    if match := _YAHOO.match(url):
        return _web_address(unquote(match[1]))
    parts = _split(url)
    if parts is None or not parts.query:
        return None
    for host, path, names in rules.wrappers:
        if not parts.path.startswith(path) or not host.fullmatch(parts.netloc):
            continue
        if not names:
            return _web_address(unquote(parts.query))
        for name in names:
            for item in parts.query.split("&"):
                if item.startswith(name + "="):
                    target = _web_address(unquote(item[len(name) + 1 :]))
                    if target is not None:
                        return target
    return None


def _web_address(text: str) -> str | None:
    text = "".join(text.split())
    return text if text[:8].lower().startswith(("http://", "https://")) else None
