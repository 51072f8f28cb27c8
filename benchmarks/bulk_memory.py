"""The memory and CPU of a process and of all that it started, from /proc (Linux)."""

from __future__ import annotations

import contextlib
import os
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_PARENT, _USER, _SYSTEM = 1, 11, 12  # fields of /proc/PID/stat after the name (proc_pid_stat(5))
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Process:
    """A process and the CPU that it has used."""

    pid: int
    cpu_seconds: float


def processes_of(pid: int) -> Iterator[Process]:
    """The process and its descendants, those that are there now."""
    children: defaultdict[int, list[int]] = defaultdict(list)
    seconds: dict[int, float] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            one = int(entry.name)
            children[int(fields[_PARENT])].append(one)
            seconds[one] = (int(fields[_USER]) + int(fields[_SYSTEM])) / _TICKS
    left = [pid]
    while left:
        one = left.pop()
        left += children[one]
        if one in seconds:
            yield Process(one, seconds[one])


def proportional_mb(pid: int) -> float:
    """Its memory in megabytes, of pages that several share its part. Raises OSError."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0
