"""The programs that are compared: how each is installed, set up, run, and asked what it stored."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from xml.sax.saxutils import quoteattr

_READER = ("reader", "sgmllib3k", "requests")
_READER_WORKERS = 16
_NEWSBOAT_THREADS = 64
_PIP = ("-m", "pip", "install", "-qqq", "--disable-pip-version-check")

SERVERS = ("yarr", "Miniflux")
WITHOUT_SERVERS = "servers in Go that poll by their own clock; measured apart, by hand"


class Unavailable(Exception):
    """A program that cannot be compared here, and why."""


class Program(Protocol):
    """One row of the table. Every run starts in its state folder, which is its HOME too."""

    @property
    def name(self) -> str:
        """As the table has it."""

    def install(self) -> str:
        """Make it runnable; its version. Raises Unavailable."""

    def set_up(self, folder: Path, urls: Sequence[str]) -> None:
        """Subscribe to these feeds, fetching nothing."""

    def command(self) -> Sequence[str]:
        """Poll every feed once, now."""

    def stored(self, folder: Path) -> int:
        """How many entries its database holds."""


@dataclass(frozen=True, slots=True)
class Ingest:
    """This program, as it is in this folder."""

    name: str = "ingest"

    def install(self) -> str:
        version = _output(sys.executable, "-m", "ingest", "--version")
        if version is None:
            raise Unavailable(f"{sys.executable} -m ingest does not run")
        return version

    def set_up(self, folder: Path, urls: Sequence[str]) -> None:
        (folder / "config.toml").write_text(
            '[database]\nurl = "sqlite:///ingest.db"\n[fetch]\nallow_networks = ["127.0.0.0/8"]\n'
            "site_delay_seconds = 0\nconnections_per_site = 8\n"
        )
        lines = (f'<outline type="rss" xmlUrl={quoteattr(url)}/>' for url in urls)
        opml = f'<opml version="2.0"><head/><body>{"".join(lines)}</body></opml>'
        (folder / "feeds.opml").write_text(opml)
        command = (sys.executable, "-m", "ingest", "--quiet", "feeds", "import", "feeds.opml")
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)

    def command(self) -> Sequence[str]:
        return (sys.executable, "-m", "ingest", "--quiet", "fetch", "--all")

    def stored(self, folder: Path) -> int:
        return _count(folder / "ingest.db", "article")


@dataclass(frozen=True, slots=True)
class Reader:
    """https://github.com/lemon24/reader, in an environment of its own."""

    environment: Path
    name: str = f"reader, {_READER_WORKERS} workers"

    def install(self) -> str:
        if not self._python.exists():
            made = subprocess.run([sys.executable, "-m", "venv", self.environment], check=False)
            if made.returncode or subprocess.run([self._python, *_PIP, *_READER]).returncode:
                shutil.rmtree(self.environment, ignore_errors=True)
                raise Unavailable("pip could not install it")
        version = _output(self._python, "-c", "import reader; print('reader', reader.__version__)")
        if version is None:
            raise Unavailable(f"what is in {self.environment} does not run")
        return version

    def set_up(self, folder: Path, urls: Sequence[str]) -> None:
        (folder / "urls").write_text("\n".join(urls))
        script = (
            "import reader\nwith reader.make_reader('reader.db') as one:\n"
            "    for url in open('urls').read().split():\n        one.add_feed(url)\n"
        )
        subprocess.run([self._python, "-c", script], cwd=folder, check=True)

    def command(self) -> Sequence[str]:
        script = (
            "import reader\nwith reader.make_reader('reader.db') as one:\n"
            f"    one.update_feeds(workers={_READER_WORKERS}, scheduled=False)\n"
        )
        return (str(self._python), "-c", script)

    def stored(self, folder: Path) -> int:
        return _count(folder / "reader.db", "entries")

    @property
    def _python(self) -> Path:
        return self.environment / "bin" / "python"


@dataclass(frozen=True, slots=True)
class Newsboat:
    """https://newsboat.org, from the system's packages."""

    name: str = f"newsboat, {_NEWSBOAT_THREADS} threads"

    def install(self) -> str:
        if shutil.which("newsboat") is None:
            if os.geteuid() != 0 or shutil.which("apt-get") is None:
                raise Unavailable("not installed: `apt-get install newsboat`, as root")
            command = ["apt-get", "install", "--yes", "-qq", "newsboat"]
            if subprocess.run(command, capture_output=True).returncode:
                raise Unavailable("apt-get could not install it")
        return (_output("newsboat", "--version") or "newsboat").splitlines()[0]

    def set_up(self, folder: Path, urls: Sequence[str]) -> None:
        (folder / "urls").write_text("\n".join(urls) + "\n")
        (folder / "config").write_text(
            f"reload-threads {_NEWSBOAT_THREADS}\nrefresh-on-startup no\n"
        )

    def command(self) -> Sequence[str]:
        return ("newsboat", "-x", "reload", "-u", "urls", "-c", "cache.db", "-C", "config")

    def stored(self, folder: Path) -> int:
        return _count(folder / "cache.db", "rss_item")


def _output(*command: str | Path) -> str | None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def _count(path: Path, table: str) -> int:
    with closing(sqlite3.connect(path)) as connection:
        (count,) = connection.execute(f"select count(*) from {table}").fetchone()
    return int(count)
