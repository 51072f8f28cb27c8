"""robots.txt as RFC 9309 says, for article pages. Feeds are published to be polled: not asked.

The standard library's parser knows neither wildcards nor the longest match, so this is our own;
`fetch_robots` asks, whoever calls it keeps the answer (a day is the RFC's limit).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urljoin

from ingest.errors import FetchError
from ingest.fetch.request import FetchRequest, Limits
from ingest.fetch.target import InvalidUrl, parse_target
from ingest.model import PollOutcome

if TYPE_CHECKING:
    from ingest.fetch.client import Client

_MAX_BYTES = 512_000  # RFC 9309, section 2.5: at least 500 kibibytes
_MAX_RULES = 5_000
KEEP_SECONDS = 86_400  # section 2.4


@dataclass(frozen=True, slots=True)
class Rule:
    """A path pattern with `*` and a closing `$`, and whether it allows."""

    pattern: str
    allows: bool


@dataclass(frozen=True, slots=True)
class Robots:
    """What one server asks of one user agent."""

    rules: tuple[Rule, ...] = ()

    def allows(self, url: str) -> bool:
        """The longest pattern that matches decides; of two as long, the one that allows.

        RFC 9309, section 2.2.2. A URL that cannot be read is not allowed.
        """
        try:
            path = _canonical(parse_target(url).path)
        except InvalidUrl:
            return False
        if path == "/robots.txt":
            return True
        best = (-1, True)
        for rule in self.rules:
            size = len(rule.pattern)
            if (size, rule.allows) > best and _matches(rule.pattern, path):
                best = (size, rule.allows)
        return best[1]


ALLOW_ALL = Robots()
ALLOW_NOTHING = Robots((Rule("/", allows=False),))


def parse_robots(body: bytes, user_agent: str) -> Robots:
    """The rules of the groups for `user_agent`'s product token, or else of those for `*`.

    Lines that RFC 9309 does not define are as if they were not there (section 2.2.4), `Crawl-delay`
    among them: how far apart requests are is the gate's affair.
    """
    token = user_agent.partition("/")[0].strip().lower()
    ours: list[Rule] = []
    everyones: list[Rule] = []
    named: set[str] = set()
    is_open = False  # further user-agent lines join the group until its first rule
    has_own_group = False
    for raw in body[:_MAX_BYTES].decode("utf-8", "replace").lstrip("\ufeff").splitlines():
        key, colon, value = raw.partition("#")[0].partition(":")
        if not colon:
            continue
        key, value = key.strip().lower(), value.strip()
        if key == "user-agent":
            if not is_open:
                named = set()
                is_open = True
            named.add(value.partition("/")[0].strip().lower())
            has_own_group = has_own_group or token in named
            continue
        if key not in ("allow", "disallow"):
            continue
        is_open = False
        if value and len(ours) + len(everyones) < _MAX_RULES:
            rule = Rule(_canonical(value), key == "allow")
            if token in named:
                ours.append(rule)
            if "*" in named:
                everyones.append(rule)
    return Robots(tuple(ours if has_own_group else everyones))


async def fetch_robots(client: Client, url: str, user_agent: str) -> Robots:
    """Ask the server of `url`. No file (4xx) allows everything, no answer allows nothing.

    RFC 9309, section 2.3.1.
    """
    limits = Limits(max_bytes=_MAX_BYTES, max_inflated_bytes=_MAX_BYTES, total_timeout_seconds=20)
    request = FetchRequest(
        url=urljoin(url, "/robots.txt"),
        user_agent=user_agent,
        accept="text/plain, */*;q=0.5",
        limits=limits,
    )
    try:
        got = await client.fetch(request)
    except FetchError as error:
        is_missing = error.status is not None and 400 <= error.status < 500 and error.status != 429
        is_odd = error.outcome in (PollOutcome.TOO_LARGE, PollOutcome.REDIRECT_ERROR)
        return ALLOW_ALL if is_missing or is_odd else ALLOW_NOTHING
    return parse_robots(got.body or b"", user_agent)


def _canonical(path: str) -> str:
    """Escapes spelled one way: unreserved characters bare, everything else escaped in capitals."""
    return quote(
        unquote(path, errors="surrogateescape").encode("utf-8", "surrogateescape"),
        safe="!$&'()*+,/:;=?@~#[]",
    )


def _matches(pattern: str, path: str) -> bool:
    """`*` for any run, `$` for the end; no backtracking, so no pattern is slow."""
    is_anchored = pattern.endswith("$")
    first, *rest = pattern.removesuffix("$").split("*")
    if not path.startswith(first):
        return False
    if not rest:
        return not is_anchored or len(path) == len(first)
    position = len(first)
    for part in rest[:-1]:
        found = path.find(part, position)
        if found < 0:
            return False
        position = found + len(part)
    last = rest[-1]
    if is_anchored:
        return path.endswith(last) and len(path) - len(last) >= position
    return path.find(last, position) >= 0
