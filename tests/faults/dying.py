"""`ingest` in a process that kills itself at a chosen point: no clock decides where it dies.

    python -m tests.faults.dying PLAN COUNTS ARGUMENT...

PLAN is `count`, or what dies and at which point, counted from the start of the process:

    self:N     the process, at its Nth dealing with the database: before a statement, between a
               statement and its effect being seen, or with everything written and not committed
    worker:N   the worker that is given the Nth document, and nobody else
    both:N     that worker, and then the process before it can record what happened

COUNTS is the file in which a process that gets through leaves how many points of each there were.
"""

from __future__ import annotations

import asyncio
import atexit
import json
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

from ingest import workers
from ingest.cli import main


class Plan:
    """Who is to die when, and how far things have come."""

    def __init__(self, text: str) -> None:
        self.victim, _, number = text.partition(":")
        self.at = int(number or 0)
        self.statements = 0
        self.documents = 0
        self._lock = threading.Lock()  # the writer, the reader and the loop have connections

    def step(self, *_: object, **__: object) -> None:
        """One more dealing with the database."""
        with self._lock:
            self.statements += 1
            if self.victim == "self" and self.statements == self.at:
                die()

    async def ask(self, worker: Any, question: object) -> object:
        """Give a worker its document, unless it is the one that dies over it."""
        self.documents += 1
        if self.victim not in ("worker", "both") or self.documents != self.at:
            return await _ask(worker, question)
        answer = asyncio.ensure_future(_ask(worker, question))
        await asyncio.sleep(0)  # the document is on its way
        worker.kill()
        await asyncio.wait({answer})
        if self.victim == "both":
            die()
        return answer.result()


def die() -> None:
    """As `kill -9`: nothing is flushed, nothing is closed."""
    os.kill(os.getpid(), signal.SIGKILL)


_ask = workers._Worker.ask


def run(plan: Plan, counts: Path) -> None:
    """Be `ingest`, with the rest of the command line, until the plan says otherwise."""
    for name in ("before_cursor_execute", "after_cursor_execute", "commit"):
        event.listen(Engine, name, plan.step)

    async def ask(worker: workers._Worker, question: object) -> object:
        return await plan.ask(worker, question)

    workers._Worker.ask = ask  # type: ignore[method-assign,assignment]
    atexit.register(
        lambda: counts.write_text(json.dumps([plan.statements, plan.documents]), encoding="ascii")
    )
    main()


if __name__ == "__main__":
    told, written, *sys.argv[1:] = sys.argv[1:]
    run(Plan(told), Path(written))
