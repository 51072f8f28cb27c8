"""A webhook's receiver on loopback: keeps what it is sent, and answers as the test says."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any


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


class FakeReceiver:
    """`got` are the messages, oldest first; it answers them with `statuses`, then with 200.

    A status of 0 closes the connection without an answer, after the message was taken in.
    """

    def __init__(self) -> None:
        self.got: list[Got] = []
        self.statuses: list[int] = []
        self.answer_headers: dict[str, str] = {}
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.got.append(Got(headers, body))
                status = receiver.statuses.pop(0) if receiver.statuses else 200
                if status == 0:
                    self.close_connection = True
                    return
                self.send_response(status)
                for name, value in receiver.answer_headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook/path-secret"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    def __enter__(self) -> FakeReceiver:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def events(self) -> list[dict[str, Any]]:
        """What was sent, in the order in which it came."""
        return [event for one in self.got for event in one.events]
