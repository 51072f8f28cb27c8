"""The demo from beginning to end: serve, poll, show what came of it.

sample feeds on loopback <--polls-- `ingest run`, a process of its own --> .demo/ingest.db
                                                                               |
progress while it works; then stories, one `why`, feed health <----------------+
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ingest.cli.demo.outlets import OUTLETS
from ingest.cli.demo.server import DemoServer
from ingest.errors import IngestError, UsageError

DEADLINE_SECONDS = 50.0
LOOK_SECONDS = 0.25
ROUNDS = 3  # polls of each feed that answers: the second ones bring the edit and the late copy
STOP_SECONDS = 20.0
MARK = "# written by `ingest demo`"

CONFIG = """{mark}: safe to delete with its folder

[database]
url = "sqlite:///{database}"

[fetch]
allow_networks = ["127.0.0.0/8"]
site_delay_seconds = 0.02

[schedule]
min_interval_seconds = 3
default_interval_seconds = 3
max_interval_seconds = 5
tick_seconds = 0.25

[log]
format = "text"
"""

FEED = """
[[feeds]]
url = "{url}"
name = "{name}"
publisher = "{publisher}"
"""


def run_demo(folder: Path, *, is_quiet: bool) -> int:
    """Run the demo in `folder`, which is made anew; return the exit code.

    Raises UsageError for a folder that holds anything else than an earlier demo.
    """
    from ingest.cli.demo.report import Progress, report

    make_anew(folder)
    config, database = folder / "config.toml", folder / "ingest.db"
    with DemoServer() as server:
        text = CONFIG.format(mark=MARK, database=database.resolve())
        config.write_text(text + feeds_of(server), encoding="utf-8")
        print(f"Serving {len(OUTLETS)} sample feeds on loopback; `ingest run` polls them …")
        with _daemon(config, folder / "daemon.log") as daemon, Progress(is_quiet) as progress:
            deadline = time.monotonic() + DEADLINE_SECONDS
            while time.monotonic() < deadline and not progress.look(database, ROUNDS):
                if daemon.poll() is not None:
                    raise _ended(daemon, folder)
                time.sleep(LOOK_SECONDS)
        if daemon.returncode != 0:
            raise _ended(daemon, folder)
    report(config, database)
    return 0


def feeds_of(server: DemoServer) -> str:
    """The [[feeds]] tables of what is served."""
    return "".join(
        FEED.format(url=server.url(one), name=one.name, publisher=one.publisher) for one in OUTLETS
    )


def make_anew(folder: Path) -> None:
    """An empty folder for a demo. Raises UsageError for one that holds anything else than one."""
    config = folder / "config.toml"
    if folder.exists():
        is_ours = config.is_file() and config.read_text("utf-8", "replace").startswith(MARK)
        if not is_ours and (not folder.is_dir() or any(folder.iterdir())):
            raise UsageError(f"{folder}: holds something else; name another --folder")
        shutil.rmtree(folder)
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise UsageError(f"{folder}: cannot be made: {error.strerror}") from None


@contextmanager
def _daemon(config: Path, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`ingest run` as anybody would start it; at the end it gets SIGTERM and finishes."""
    environ = {name: value for name, value in os.environ.items() if not _overrides(name)}
    command = [sys.executable, "-m", "ingest", "--config", str(config), "run"]
    with (
        log.open("wb") as output,
        subprocess.Popen(
            command, stdout=output, stderr=output, stdin=subprocess.DEVNULL, env=environ
        ) as daemon,
    ):
        try:
            yield daemon
        finally:
            if daemon.poll() is None:
                daemon.send_signal(signal.SIGTERM)
            try:
                daemon.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                daemon.kill()


def _ended(daemon: subprocess.Popen[bytes], folder: Path) -> IngestError:
    log = folder / "daemon.log"
    last = log.read_text("utf-8", "replace").strip().rpartition("\n")[2]
    return IngestError(f"the daemon ended with {daemon.returncode} ({last[:200]}); see {log}")


def _overrides(variable: str) -> bool:
    """Whether a variable would change the demo's own config."""
    return variable.startswith("INGEST_") and "__" in variable
