"""A server on loopback that keeps what is posted to it: the tests' hub and receiver stand on it."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self


class PostServer(ABC):
    """Every POST goes to `take`, whose status is answered; 0 closes the connection unanswered."""

    def __init__(self, path: str) -> None:
        self.answer_headers: dict[str, str] = {}
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                status = owner.take({k.lower(): v for k, v in self.headers.items()}, body)
                if status == 0:
                    self.close_connection = True
                    return
                self.send_response(status)
                for name, value in owner.answer_headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}{path}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    @abstractmethod
    def take(self, headers: Mapping[str, str], body: bytes) -> int:
        """Keep a request (lower-case header names); the status that answers it."""

    def __enter__(self) -> Self:
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
