"""Recorded polls served again over loopback, document by document.

A series is a folder of feeds, each a folder of documents `NNNN_<time>.xml` in order of time.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

_NAME = re.compile(r"(\d{4})_(\d{4}-\d\d-\d\dT\d{6})([pm])(\d\d)(\d\d)\.\w+$")


@dataclass(frozen=True)
class Recorded:
    """One document and the moment at which it was fetched."""

    path: Path
    at: datetime


@dataclass
class Series:
    """The documents of several feeds, and which of them is being served."""

    feeds: dict[str, list[Recorded]]
    current: dict[str, Recorded] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path) -> Series:
        feeds = {}
        for sub in sorted(folder.iterdir()):
            documents = [recorded for path in sub.glob("*") if (recorded := _recorded(path))]
            if documents:
                feeds[sub.name] = sorted(documents, key=lambda one: (one.at, one.path.name))
        return cls(feeds)

    def rounds(self, *, every: int = 1) -> Iterator[datetime]:
        """Step through the series, by position; serve round N of each feed, and yield its time."""
        longest = max(map(len, self.feeds.values()))
        for number in range(0, longest, every):
            for name, documents in self.feeds.items():
                self.current[name] = documents[min(number, len(documents) - 1)]
            yield max(one.at for one in self.current.values())


def _recorded(path: Path) -> Recorded | None:
    found = _NAME.search(path.name)
    if found is None:
        return None
    _, stamp, sign, hours, minutes = found.groups()
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    local = datetime.strptime(stamp, "%Y-%m-%dT%H%M%S").replace(tzinfo=UTC)
    return Recorded(path, local - offset if sign == "p" else local + offset)


@contextmanager
def serving(series: Series) -> Iterator[str]:
    """Serve `series.current` on loopback; yield the address to which `/NAME` is added."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            recorded = series.current.get(self.path.strip("/"))
            body = recorded.path.read_bytes() if recorded else b""
            self.send_response(200 if recorded else 404)
            self.send_header("Content-Type", "application/xml")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def date_time_string(self, timestamp: float | None = None) -> str:
            # The server's clock stands where the poll's does, or every date is taken for skewed.
            recorded = series.current.get(self.path.strip("/")) if timestamp is None else None
            return super().date_time_string(recorded.at.timestamp() if recorded else timestamp)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
