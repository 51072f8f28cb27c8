"""The rounds of the benchmark, one program after the other, and again: Measured rows come out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from benchmarks.rivals.measure import run
from benchmarks.rivals.programs import Program

CHANGED_SHARE = 0.1  # of the feeds, in the delta round
ROUNDS = {
    "cold": "everything is new",
    "prime": "nothing has changed; newsboat keeps validators only now",
    "warm304": "nothing has changed, and the server says so",
    "delta": "one feed in ten has one or two new entries",
    "warm200": "nothing has changed, but the server ignores validators",
}


@dataclass(frozen=True, slots=True)
class Measured:
    """One run of one program in one round."""

    program: str
    repeat: int
    round: str
    cpu_ms_per_feed: float
    wall_seconds: float
    peak_mb: float
    requests: int
    answered_200: int
    answered_304: int
    stored: int
    expected: int
    status: int


class Server(AbstractContextManager["Server"]):
    """The server's process."""

    def __init__(self, *, feeds: int, entries: int, seed: int) -> None:
        numbers = {"feeds": feeds, "entries": entries, "seed": seed}
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "benchmarks.rivals.server"),
                *(part for name, value in numbers.items() for part in (f"--{name}", str(value))),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        said = json.loads(self._process.stdout.readline())
        self.urls: list[str] = said["urls"]
        self.entries: int = said["entries"]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.terminate()
        self._process.wait()

    def order(self, **order: float) -> dict[str, int]:
        """Tell it what to do; what it had counted."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(order), file=self._process.stdin, flush=True)
        answer: dict[str, int] = json.loads(self._process.stdout.readline())
        return answer


def measure(
    program: Program,
    server: Server,
    folder: Path,
    *,
    rounds: Sequence[str],
    repeat: int,
    latency_seconds: float,
    timeout_seconds: float,
    told: Callable[[Measured], None],
) -> None:
    """Run one program through the rounds, in a new folder, from an empty database on."""
    folder.mkdir(parents=True)
    server.order(rewind=1, validators=1, latency_seconds=latency_seconds)
    program.set_up(folder, server.urls)
    # An installed program has its compiled modules.
    environ = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    environ["HOME"] = str(folder)
    expected = server.entries
    for turn, name in enumerate(rounds):
        if name == "delta":
            expected += server.order(advance=CHANGED_SHARE, turn=turn)["new_entries"]
        server.order(validators=name != "warm200", reset=1)
        cost = run(
            program.command(),
            folder,
            environ,
            folder / "log.txt",
            timeout_seconds=timeout_seconds,
        )
        seen = server.order()
        told(
            Measured(
                program.name,
                repeat,
                name,
                cost.cpu_seconds / len(server.urls) * 1e3,
                cost.wall_seconds,
                cost.peak_bytes / 1e6,
                seen["requests"],
                seen["full"],
                seen["unchanged"],
                program.stored(folder),
                expected,
                cost.status,
            )
        )
