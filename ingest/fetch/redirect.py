"""Where a redirect leads, and what may be taken along."""

from __future__ import annotations

from ingest.errors import FetchError
from ingest.fetch.target import InvalidUrl, Target, masked, redirect_target
from ingest.fetch.wire import Receiver
from ingest.model import PollOutcome


def next_target(target: Target, receiver: Receiver, seen: set[str]) -> Target:
    """The target of a 3xx; `seen` holds the URLs so far and grows. Raises FetchError."""
    status = receiver.status
    location = receiver.headers.get("location")
    if not location:
        raise FetchError(
            f"{status} without saying where to", PollOutcome.REDIRECT_ERROR, status=status
        )
    try:
        following = redirect_target(target, location)
    except InvalidUrl as error:
        raise FetchError(
            f"{status} to what is no address: {error}", PollOutcome.REDIRECT_ERROR, status=status
        ) from error
    if following.url in seen:
        raise FetchError(
            f"redirects go in a circle, back to {masked(following.url)}",
            PollOutcome.REDIRECT_ERROR,
            status=status,
        )
    seen.add(following.url)
    return following


def is_same_server(first: Target, target: Target) -> bool:
    """Same origin, or the same host moved from http to https on the usual ports."""
    if target.origin == first.origin:
        return True
    return (
        target.host == first.host
        and (first.scheme, target.scheme) == ("http", "https")
        and first.is_default_port
        and target.is_default_port
    )
