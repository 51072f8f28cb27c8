"""A webhook's receiver on loopback: keeps what it is sent, and answers as the test says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.schedule.post_server import PostServer


@dataclass(frozen=True, slots=True)
class Got:
    """One message as it came."""

    headers: dict[str, str]  # lower-case names
    body: bytes

    @property
    def message_id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def events(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.body)["data"]["events"]
        return found

    @property
    def cursors(self) -> list[str]:
        return [event["cursor"] for event in self.events]


class FakeReceiver(PostServer):
    """`got` are the messages, oldest first; it answers them with `statuses`, then with 200.

    A status of 0 closes the connection without an answer, after the message was taken in.
    """

    def __init__(self) -> None:
        super().__init__("/hook/path-secret")
        self.got: list[Got] = []
        self.statuses: list[int] = []

    def take(self, headers: Mapping[str, str], body: bytes) -> int:
        """Keep a message."""
        self.got.append(Got(dict(headers), body))
        return self.statuses.pop(0) if self.statuses else 200

    @property
    def events(self) -> list[dict[str, Any]]:
        """What was sent, in the order in which it came."""
        return [event for one in self.got for event in one.events]
