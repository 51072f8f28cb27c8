"""The guard: which addresses, ports and schemes this program connects to.

Anyone may put any URL into a feed, a redirect or a name server. So the check is made where the
connection is: a name is resolved once, every address it gave is checked, and the connection goes to
what was checked. Nothing is sent to an address inside, unless `allow_networks` opens it.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

from ingest.config import FetchSettings
from ingest.errors import ConfigError, FetchError
from ingest.fetch.target import Target
from ingest.model import PollOutcome

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""A host name and a port to addresses, best first. Raises OSError where there are none."""

# IANA special-purpose registries (RFC 6890 and its updates), and what routers never pass on.
_FORBIDDEN_V4: tuple[tuple[ipaddress.IPv4Network, str], ...] = tuple(
    (ipaddress.IPv4Network(network), what)
    for network, what in (
        ("0.0.0.0/8", "unspecified"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "carrier-grade NAT"),
        ("127.0.0.0/8", "loopback"),
        ("169.254.0.0/16", "link-local"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "reserved"),
        ("192.0.2.0/24", "documentation"),
        ("192.88.99.0/24", "6to4 relay"),
        ("192.168.0.0/16", "private"),
        ("198.18.0.0/15", "benchmarking"),
        ("198.51.100.0/24", "documentation"),
        ("203.0.113.0/24", "documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
    )
)
_FORBIDDEN_V6: tuple[tuple[ipaddress.IPv6Network, str], ...] = tuple(
    (ipaddress.IPv6Network(network), what)
    for network, what in (
        ("::/128", "unspecified"),
        ("::1/128", "loopback"),
        ("64:ff9b:1::/48", "local NAT64"),
        ("fc00::/7", "private"),
        ("fe80::/10", "link-local"),
        ("fec0::/10", "site-local"),
        ("ff00::/8", "multicast"),
        ("2001::/23", "reserved"),  # Teredo, ORCHID, benchmarking
        ("2001:db8::/32", "documentation"),
        ("3fff::/20", "documentation"),
    )
)
_GLOBAL_V6 = ipaddress.IPv6Network("2000::/3")  # all that IANA has given out as global unicast
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052
_SIX_TO_FOUR = ipaddress.IPv6Network("2002::/16")  # RFC 3056
_V4_MAPPED = ipaddress.IPv6Network("::ffff:0:0/96")

# Ports above 1023 that no browser asks either, because other services listen there
# (Fetch standard, section "Port blocking").
_BAD_PORTS = frozenset(
    {1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6679, 6697, 10080}
    | set(range(6665, 6670))
)
# Names that no public name server knows (RFC 6761, 6762, 8375, ICANN 2024 for .internal).
_INSIDE_SUFFIXES = (".localhost", ".local", ".internal", ".home.arpa", ".lan")
_LOOKUP_THREADS = 16  # slow name servers must not hold up the quick ones
_KEEP_LOOKUPS_SECONDS = 60.0
_MAX_LOOKUPS = 10_000


class Guard:
    """Decides about targets and addresses, and resolves names.

    `resolver` replaces the system's. `clock` is monotonic seconds. Raises ConfigError for networks
    that cannot be read.
    """

    def __init__(
        self,
        settings: FetchSettings,
        *,
        resolver: Resolver | None = None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        try:
            self._allowed = tuple(ipaddress.ip_network(n) for n in settings.allow_networks)
        except ValueError as error:
            raise ConfigError(
                f"fetch.allow_networks: {error}; a network is written 192.168.0.0/16"
            ) from error
        self._allowed_ports = frozenset(settings.allow_ports)
        self._resolver = resolver or self._resolve_by_system
        self._clock = clock
        self._executor: ThreadPoolExecutor | None = None
        self._known: dict[tuple[str, int], tuple[float, tuple[str, ...]]] = {}
        self._objection = lru_cache(maxsize=65_536)(self._find_objection)

    def close(self) -> None:
        """Let the lookup threads go."""
        if self._executor is not None:
            self._executor.shutdown(wait=False, cancel_futures=True)
            self._executor = None

    def check_target(self, target: Target) -> None:
        """Scheme, port, and the address where the URL spells one. Raises FetchError (REFUSED)."""
        if target.scheme not in ("http", "https"):
            raise refused(f"only http and https are fetched, not {target.scheme}:")
        port = target.port
        if port not in (80, 443) and port not in self._allowed_ports:
            if port < 1024:
                raise refused(f"port {port} is not one feeds are served on; see fetch.allow_ports")
            if port in _BAD_PORTS:
                raise refused(f"port {port} belongs to another service; see fetch.allow_ports")
        if is_literal(target.host):
            self.check_address(target.host)

    def check_proxied_target(self, target: Target) -> None:
        """What can be said before a proxy resolves the name: it must not be one of its own network.

        Raises FetchError (REFUSED). Any `allow_networks` opens this: they fetch inside.
        """
        name = target.host.removesuffix(".")
        is_inside = "." not in name or name.endswith(_INSIDE_SUFFIXES)
        if is_inside and not is_literal(name) and not self._allowed:
            raise refused(f"{name} is a name of the proxy's own network; see fetch.allow_networks")

    def check_address(self, address: str, host: str | None = None) -> None:
        """Raise FetchError (REFUSED) unless `address`, which `host` resolved to, may be asked."""
        objection = self._objection(address)
        if objection is not None:
            where = f"{host} is {address}, which" if host else address
            raise refused(f"{where} is {objection}; fetch.allow_networks would open it")

    def allows(self, address: str) -> bool:
        """Whether `check_address` would pass it."""
        return self._objection(address) is None

    async def addresses(self, host: str, port: int) -> tuple[str, ...]:
        """The checked addresses of `host`; one bad address condemns them all.

        Raises FetchError: NAME_ERROR where the name does not resolve, REFUSED.
        """
        if is_literal(host):
            self.check_address(host)
            return (host,)
        now = self._clock() if self._clock else asyncio.get_running_loop().time()
        known = self._known.get((host, port))
        if known is not None and known[0] > now:
            return known[1]
        try:
            found = tuple(dict.fromkeys(await self._resolver(host, port)))
        except (OSError, UnicodeError) as error:
            reason = getattr(error, "strerror", None) or "lookup failed"
            raise FetchError(
                f"the name {host} does not resolve: {reason}", PollOutcome.NAME_ERROR
            ) from error
        if not found:
            raise FetchError(f"the name {host} has no address", PollOutcome.NAME_ERROR)
        for address in found:
            self.check_address(address, host)
        if len(self._known) >= _MAX_LOOKUPS:
            self._known.clear()
        self._known[host, port] = (now + _KEEP_LOOKUPS_SECONDS, found)
        return found

    async def _resolve_by_system(self, host: str, port: int) -> Sequence[str]:
        if self._executor is None:
            self._executor = ThreadPoolExecutor(_LOOKUP_THREADS, thread_name_prefix="lookup")
        found = await asyncio.get_running_loop().run_in_executor(
            self._executor, socket.getaddrinfo, host, port, 0, socket.SOCK_STREAM
        )
        return [str(entry[4][0]) for entry in found]

    def _find_objection(self, text: str) -> str | None:
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            return "no address"
        forms = (address, *_embedded(address))
        if any(_is_within(form, self._allowed) for form in forms):
            return None
        for form in forms:
            objection = _objection_to(form)
            if objection is not None:
                return objection
        return None


def refused(message: str) -> FetchError:
    """Our own no, as an error."""
    return FetchError(f"refused: {message}", PollOutcome.REFUSED)


def is_literal(host: str) -> bool:
    """Whether a host as `parse_target` writes it is an address rather than a name."""
    return ":" in host or (host[-1:].isdigit() and host.replace(".", "").isdigit())


def _is_within(address: Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks if network.version == address.version)


def _embedded(address: Address) -> tuple[Address, ...]:
    """The IPv4 address a translator on the way would make of an IPv6 one."""
    if isinstance(address, ipaddress.IPv4Address):
        return ()
    if address in _V4_MAPPED or address in _NAT64:
        return (ipaddress.IPv4Address(int(address) & 0xFFFFFFFF),)
    if address in _SIX_TO_FOUR:
        return (ipaddress.IPv4Address((int(address) >> 80) & 0xFFFFFFFF),)
    return ()


def _objection_to(address: Address) -> str | None:
    if isinstance(address, ipaddress.IPv4Address):
        return next((what for network, what in _FORBIDDEN_V4 if address in network), None)
    if address.scope_id is not None:
        return "link-local"
    if address in _V4_MAPPED or address in _NAT64:
        return None  # judged by the IPv4 address inside
    for network, what in _FORBIDDEN_V6:
        if address in network:
            return what
    return None if address in _GLOBAL_V6 else "reserved"
