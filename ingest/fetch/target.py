"""URLs as the wire needs them: ASCII, without userinfo and fragment, the host spelled one way.

Every transport is given the URL rebuilt here, never the string a feed or a redirect wrote, so that
no two parsers can disagree about which host it names.
"""

from __future__ import annotations

import re
import socket
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import quote, unquote, urljoin, urlsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}
_NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_][a-z0-9_-]{0,62})*\.?")
_PLAIN = re.compile(r"[!-~]*\Z")
# What may stand unescaped in a path or query (RFC 3986), and "%": what is escaped stays so.
_SAFE = "!#$%&'()*+,/:;=?@[]~|"


class InvalidUrl(ValueError):
    """Not a URL this program can ask for. The text says why, without repeating secrets."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where one request goes. `host` is an ASCII name or an address without brackets."""

    url: str
    scheme: str
    host: str
    port: int
    path: str  # and query
    userinfo: tuple[str, str] | None = field(default=None, repr=False)

    @property
    def origin(self) -> tuple[str, str, int]:
        """RFC 6454: credentials stay within it."""
        return self.scheme, self.host, self.port

    @property
    def is_default_port(self) -> bool:
        """Whether the port goes without saying."""
        return self.port == _DEFAULT_PORTS.get(self.scheme)


@lru_cache(maxsize=16_384)
def parse_target(url: str) -> Target:
    """Read `url`. Any scheme with a host passes here: which are allowed, the guard says.

    Raises InvalidUrl.
    """
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise InvalidUrl("not a URL: its host or port cannot be read") from error
    if "\\" in parts.netloc:
        raise InvalidUrl("not a URL: browsers read a backslash in the host another way")
    scheme = parts.scheme.lower()
    if not scheme:
        raise InvalidUrl("not a URL: it has no http:// or https:// in front")
    if not host:
        if scheme in _DEFAULT_PORTS:
            raise InvalidUrl("not a URL: it names no host")
        return Target(url=f"{scheme}:", scheme=scheme, host="", port=0, path="")
    host = _ascii_host(host)
    if port is None:
        port = _DEFAULT_PORTS.get(scheme, 0)
    path = parts.path or "/"
    if not path.startswith("/"):
        path = "/" + path
    if parts.query:
        path = f"{path}?{parts.query}"
    if not _PLAIN.match(path) or '"' in path or "<" in path or ">" in path:
        path = quote(path, safe=_SAFE)
    userinfo = None
    if parts.username is not None or parts.password is not None:
        userinfo = (unquote(parts.username or ""), unquote(parts.password or ""))
    shown = f"[{host}]" if ":" in host else host
    if port != _DEFAULT_PORTS.get(scheme):
        shown = f"{shown}:{port}"
    return Target(f"{scheme}://{shown}{path}", scheme, host, port, path, userinfo)


def redirect_target(base: Target, location: str) -> Target:
    """Where a Location header leads, seen from `base` (RFC 9110, section 10.2.2).

    Header values arrive as latin-1; some servers put UTF-8 there. Raises InvalidUrl.
    """
    with suppress(UnicodeEncodeError, UnicodeDecodeError):
        location = location.encode("latin-1").decode("utf-8")
    try:
        joined = urljoin(base.url, location.strip())
    except ValueError as error:
        raise InvalidUrl("the target of a redirect is not a URL") from error
    return parse_target(joined)


def masked(url: str) -> str:
    """`url` for a message: without userinfo, and without the query, where keys are kept."""
    try:
        target = parse_target(url)
    except InvalidUrl:
        return "(not a URL)"
    path, question, _ = target.path.partition("?")
    return target.url.partition("?")[0] + ("?…" if question else "") if path else target.url


def literal_ipv4(host: str) -> str | None:
    """`host` in dotted form, if any spelling makes it an IPv4 address: 2130706433, 0x7f.1, 017.1.

    The C library and libcurl read these as addresses; so must the guard.
    """
    if not host or not (host[-1].isdigit() or host[-1] in "abcdefx."):
        return None
    bare = host.removesuffix(".")
    if not bare or not bare[0].isdigit():
        return None
    try:
        return socket.inet_ntoa(socket.inet_aton(bare))
    except (OSError, ValueError):
        return None


def _ascii_host(host: str) -> str:
    if ":" in host:
        address, percent, _zone = host.partition("%")
        try:
            packed = socket.inet_pton(socket.AF_INET6, address)
        except (OSError, ValueError) as error:
            raise InvalidUrl("not a URL: what stands in brackets is no IPv6 address") from error
        if percent:
            raise InvalidUrl("an address with a zone is local to one machine")
        return socket.inet_ntop(socket.AF_INET6, packed)
    if "%" in host:
        host = unquote(host)
    if not host.isascii():
        import idna

        try:
            host = idna.encode(host, uts46=True).decode("ascii")
        except idna.IDNAError as error:
            raise InvalidUrl("not a URL: its host is no international name") from error
    host = host.lower()
    literal = literal_ipv4(host)
    if literal is not None:
        return literal
    if not _NAME.fullmatch(host):
        raise InvalidUrl("not a URL: its host is no name")
    return host
