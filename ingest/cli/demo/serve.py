"""`ingest demo --serve`: the sample feeds alone, for an `ingest run` that is started beside it.

This is what the tutorial practises on: a newsroom that needs no network.
"""

from __future__ import annotations

import signal
import threading
from pathlib import Path

from ingest.cli.demo.outlets import OUTLETS
from ingest.cli.demo.server import DemoServer
from ingest.cli.demo.show import MARK, feeds_of, make_anew

CONFIG = """{mark}: safe to delete with its folder

[database]
url = "sqlite:///ingest.db"

[fetch]
allow_networks = ["127.0.0.0/8"]
site_delay_seconds = 0.02

[schedule]
min_interval_seconds = 5
default_interval_seconds = 5
max_interval_seconds = 20

[web]
enabled = true
"""


def serve_feeds(folder: Path) -> int:
    """Serve the sample feeds until Ctrl-C or SIGTERM; return the exit code.

    The folder, made anew, gets a config file that names them. Raises UsageError for a folder that
    holds anything else than an earlier demo.
    """
    make_anew(folder)
    ended = threading.Event()
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, lambda *_: ended.set())
    with DemoServer() as server:
        text = CONFIG.format(mark=MARK) + feeds_of(server)
        (folder / "config.toml").write_text(text, encoding="utf-8")
        print(
            f"Serving {len(OUTLETS)} sample feeds on loopback until Ctrl-C."
            f" In another terminal:\n  cd {folder}\n  ingest run",
            flush=True,
        )
        ended.wait()
    return 0
