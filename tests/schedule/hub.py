"""A WebSub hub on loopback: keeps what it is asked, verifies and delivers when the test says so."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode

from tests.schedule.post_server import PostServer


class FakeHub(PostServer):
    """`asked` are the forms it was sent, oldest first; it answers them with `status`."""

    def __init__(self) -> None:
        super().__init__("/hub")
        self.asked: list[dict[str, str]] = []
        self.status = 202

    def take(self, headers: Mapping[str, str], body: bytes) -> int:
        """Keep a form."""
        self.asked.append(dict(parse_qsl(body.decode())))
        return self.status

    @property
    def callback(self) -> str:
        """Where the last request wants to be answered."""
        return self.asked[-1]["hub.callback"]

    def verify(self, challenge: str = "c/1&", **changed: str) -> tuple[int, str]:
        """Ask whether the last request was meant; the answer's status and text."""
        last = self.asked[-1]
        query = {
            "hub.mode": last["hub.mode"],
            "hub.topic": last["hub.topic"],
            "hub.challenge": challenge,
        }
        if "hub.lease_seconds" in last:
            query["hub.lease_seconds"] = last["hub.lease_seconds"]
        query |= {name.replace("_", ".", 1): value for name, value in changed.items()}
        return call(f"{last['hub.callback']}?{urlencode(query)}")

    def deliver(self, body: bytes = b"<rss/>") -> int:
        """Announce news where the last request wants it; the answer's status."""
        return call(self.callback, body)[0]


def call(url: str, body: bytes | None = None) -> tuple[int, str]:
    """GET, or POST where there is a body."""
    try:
        with urllib.request.urlopen(url, body, timeout=60.0) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()
