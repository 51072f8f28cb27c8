"""What is made once for a whole test run, however many processes share the run."""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from ingest.cli.demo.outlets import OUTLETS
from ingest.cli.demo.server import DemoServer
from ingest.cli.front import run


def once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """The folder that `make` has filled; whoever comes first calls it, the others wait."""
    base = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent  # each process has a folder of its own in there
    folder = base / f"once-{name}"
    done = folder / "done"
    with (base / f"once-{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            done.touch()
    return folder


def fetched(config: Path) -> None:
    """Poll the feeds of a config file twice, as `ingest fetch` does; some may fail."""
    for _ in range(2):
        assert run(["--quiet", "--config", str(config), "fetch", "--all"]) in (0, 1)


def copied_sqlite(source: Path, target: Path) -> str:
    """The URL of a copy of an SQLite database, journal included."""
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)
    return f"sqlite:///{target}"


def write_config(path: Path, url: str, server: DemoServer, names: set[str] | None = None) -> None:
    """A config file for the sample feeds (or those named) and this database."""
    lines = [
        f'[database]\nurl = "{url}"',
        '[fetch]\nallow_networks = ["127.0.0.0/8"]\nsite_delay_seconds = 0.0',
        "[schedule]\ntick_seconds = 0.1\nmin_interval_seconds = 1\nmax_interval_seconds = 5",
    ]
    for outlet in OUTLETS:
        if names is None or outlet.name in names:
            lines.append(
                f'[[feeds]]\nurl = "{server.url(outlet)}"\nname = "{outlet.name}"\n'
                f'publisher = "{outlet.publisher}"'
            )
    path.write_text("\n".join(lines), encoding="utf-8")


def newsroom_folder(factory: pytest.TempPathFactory) -> Path:
    """`ingest.db` with the sample feeds, fetched twice: with the edit and the late copy."""

    def make(folder: Path) -> None:
        with DemoServer() as server:
            write_config(folder / "config.toml", f"sqlite:///{folder}/ingest.db", server)
            fetched(folder / "config.toml")

    return once(factory, "newsroom", make)
