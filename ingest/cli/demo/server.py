"""A feed server on loopback for the demo: conditional requests, and news between polls."""

from __future__ import annotations

import hashlib
import socket
import threading
from collections import Counter
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

from ingest.cli.demo.outlets import OUTLETS, Outlet, content_type, document


class DemoServer:
    """Serves the sample feeds on 127.0.0.1 while it is entered.

    A feed that has a second edition shows it from the second request on. `dead` is a port that is
    taken and does not listen: connections to it are refused.
    """

    def __init__(self) -> None:
        self._files = frozenset(outlet.file for outlet in OUTLETS if outlet.file)
        self._started_at = datetime.now(UTC)
        self._requests: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._dead = socket.socket()
        self._dead.bind(("127.0.0.1", 0))
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._http.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()
        self._dead.close()

    def url(self, outlet: Outlet) -> str:
        """Where `outlet` is served, or would be."""
        if outlet.file is None:
            return f"http://127.0.0.1:{self._dead.getsockname()[1]}/{outlet.name}.xml"
        return f"http://127.0.0.1:{self._http.server_port}/{outlet.file}"

    def served(self) -> int:
        """How many requests have been answered."""
        with self._lock:
            return self._requests.total()

    def _next_document(self, file: str) -> bytes:
        with self._lock:
            self._requests[file] += 1
            edition = min(self._requests[file], 2)
        return document(file, edition, self._started_at)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        demo = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                file = self.path.lstrip("/")
                if file not in demo._files:
                    self.send_error(404)
                    return
                body = demo._next_document(file)
                tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
                unchanged = self.headers.get("If-None-Match") == tag
                self.send_response(304 if unchanged else 200)
                self.send_header("ETag", tag)
                if unchanged:
                    self.end_headers()
                    return
                self.send_header("Content-Type", content_type(file))
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing: the daemon's own progress is shown."""

        return Handler
