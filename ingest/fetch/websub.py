"""WebSub (W3C Recommendation, 2018): the parts that need no network.

Finding hubs and topic in Link headers, building the requests to a hub, answering its verification,
checking the signature of what it delivers.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlencode, urljoin

from ingest.errors import UsageError

_MAX_SECRET_BYTES = 200  # section 5.1: less than that
_ALGORITHMS = {
    "sha1": hashlib.sha1,
    "sha256": hashlib.sha256,
    "sha384": hashlib.sha384,
    "sha512": hashlib.sha512,
}
_LINK = re.compile(r"<([^<>]*)>((?:[^,<>\"]|\"[^\"]*\")*)")
_REL = re.compile(r";\s*rel\s*=\s*(?:\"([^\"]*)\"|([^\s;,\"]+))", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class HubLinks:
    """Where to subscribe, and to what."""

    hub_urls: tuple[str, ...]
    topic_url: str | None


@dataclass(frozen=True, slots=True)
class HubRequest:
    """A POST to a hub."""

    url: str
    body: bytes = field(repr=False)  # holds the secret
    content_type: str = "application/x-www-form-urlencoded"


def links_in(link_header: str | None, base_url: str) -> HubLinks:
    """The hubs and the topic of a Link header (section 4); it goes before the document's own."""
    hubs: list[str] = []
    topic = None
    for match in _LINK.finditer(link_header or ""):
        relation = _REL.search(match[2])
        names = (relation[1] or relation[2] or "").lower().split() if relation else []
        if "hub" in names:
            hubs.append(urljoin(base_url, match[1].strip()))
        if "self" in names and topic is None:
            topic = urljoin(base_url, match[1].strip())
    return HubLinks(tuple(dict.fromkeys(hubs)), topic)


def new_secret() -> str:
    """A secret for one subscription: 256 random bits."""
    return secrets.token_hex(32)


def hub_request(
    hub_url: str,
    *,
    mode: Literal["subscribe", "unsubscribe"],
    topic_url: str,
    callback_url: str,
    lease_seconds: int | None = None,
    secret: str | None = None,
) -> HubRequest:
    """What to send to the hub (section 5.1).

    The secret only ever goes over https (section 8.1). Raises UsageError for one that is too long.
    """
    fields = {"hub.mode": mode, "hub.topic": topic_url, "hub.callback": callback_url}
    if mode == "subscribe":
        if lease_seconds is not None:
            fields["hub.lease_seconds"] = str(lease_seconds)
        if secret is not None and hub_url.lower().startswith("https://"):
            if len(secret.encode()) >= _MAX_SECRET_BYTES:
                raise UsageError(f"a WebSub secret must be shorter than {_MAX_SECRET_BYTES} bytes")
            fields["hub.secret"] = secret
    return HubRequest(hub_url, urlencode(fields).encode("ascii"))


@dataclass(frozen=True, slots=True)
class Verified:
    """The hub's question was ours: echo `challenge` with 200; it holds for `lease_seconds`."""

    challenge: str
    lease_seconds: int | None


@dataclass(frozen=True, slots=True)
class Denied:
    """The hub ended or refused the subscription."""

    reason: str


def verify_intent(
    query: Mapping[str, str], *, mode: Literal["subscribe", "unsubscribe"], topic_url: str
) -> Verified | Denied | None:
    """What the hub's GET to our callback means; None, to be answered 404, if it is not ours.

    Sections 5.2 and 5.3: `mode` and `topic_url` are what we asked for last.
    """
    if query.get("hub.topic") != topic_url:
        return None
    if query.get("hub.mode") == "denied":
        return Denied(" ".join(query.get("hub.reason", "").split())[:200] or "no reason given")
    challenge = query.get("hub.challenge")
    if query.get("hub.mode") != mode or not challenge:
        return None
    lease = query.get("hub.lease_seconds", "")
    is_number = lease.isascii() and lease.isdigit() and len(lease) < 12
    return Verified(challenge, int(lease) if is_number else None)


def signature_is_valid(header: str | None, body: bytes, secret: str) -> bool:
    """Whether an X-Hub-Signature header signs `body` (section 7.1); none never does.

    A delivery that fails is answered with success all the same and ignored, as the section asks.
    """
    method, equals, signature = (header or "").strip().partition("=")
    algorithm = _ALGORITHMS.get(method.strip().lower())
    if algorithm is None or not equals:
        return False
    expected = hmac.new(secret.encode(), body, algorithm).hexdigest()
    return hmac.compare_digest(expected.encode(), signature.strip().lower().encode())
