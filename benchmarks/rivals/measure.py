"""What a command costs, with all the processes it starts: CPU, wall time, peak memory."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_SAMPLE_SECONDS = 0.05
_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one run. `peak_bytes` is the largest sum of resident sizes that was seen, in which pages
    that processes share (libraries) count once for each of them; where there is no /proc, the size
    of the largest process."""

    cpu_seconds: float
    wall_seconds: float
    peak_bytes: int
    status: int


def run(
    command: Sequence[str],
    folder: Path,
    environ: Mapping[str, str],
    log: Path,
    *,
    timeout_seconds: float,
) -> Cost:
    """Run a command to its end, or to the end of its time."""
    with log.open("ab") as sink:
        started = time.monotonic()
        process = subprocess.Popen(
            command, cwd=folder, env=environ, stdout=sink, stderr=sink, start_new_session=True
        )
        watch = _MemoryWatch(process.pid)
        alarm = threading.Timer(timeout_seconds, _kill_group, (process.pid,))
        alarm.start()
        _, status, usage = os.wait4(process.pid, 0)
        wall_seconds = time.monotonic() - started
        alarm.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        peak_bytes = max(watch.end(), _resident_bytes(usage))
    return Cost(usage.ru_utime + usage.ru_stime, wall_seconds, peak_bytes, process.returncode)


def _kill_group(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


def _resident_bytes(usage: resource.struct_rusage) -> int:
    return usage.ru_maxrss * (1 if os.uname().sysname == "Darwin" else 1024)


class _MemoryWatch(threading.Thread):
    """Samples the resident sizes of a process and its descendants."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._pid = pid
        self._peak_bytes = 0
        self._is_over = threading.Event()
        self.start()

    def end(self) -> int:
        self._is_over.set()
        self.join()
        return self._peak_bytes

    def run(self) -> None:
        if not _PROC.is_dir():
            return
        page_bytes = os.sysconf("SC_PAGE_SIZE")
        while not self._is_over.wait(_SAMPLE_SECONDS):
            resident = sum(_pages(pid) for pid in _family(self._pid)) * page_bytes
            self._peak_bytes = max(self._peak_bytes, resident)


def _family(root: int) -> list[int]:
    """A process and all that descend from it."""
    family = [root]
    for pid in family:
        for task in _PROC.glob(f"{pid}/task/*/children"):
            with suppress(OSError):
                family += map(int, task.read_text().split())
    return family


def _pages(pid: int) -> int:
    try:
        return int((_PROC / str(pid) / "statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0
