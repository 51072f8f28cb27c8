"""Inside a worker process: frames in, the pure stages, frames out.

Apart from `workers`, so that a worker loads no event loop. A frame is a length of 8 bytes, big
endian, and a pickle. Pickles go between our own processes only, never to or from disk or network.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import sys
from collections.abc import Callable, Mapping
from typing import IO

from ingest.errors import ParseError
from ingest.model import Article, Fingerprint, HarvestedEntry, Key, Media, Removed
from ingest.model.pickling import pickle_quickly

LENGTH_BYTES = 8
# What there is one of for each entry, or more.
TRAVELLING = (HarvestedEntry, Article, Fingerprint, Key, Removed, Media)
_MAX_MEMORY_BYTES = 2 << 30  # address space of one worker


def serve(cpu_seconds: float | None = None) -> None:
    """Answer frames from standard input until it ends.

    Each may take `cpu_seconds`; without them, what the command line says.
    """
    if cpu_seconds is None:
        cpu_seconds = float(sys.argv[1])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends us
    _bound_memory()
    source = os.fdopen(os.dup(0), "rb")
    sink = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # a library that prints must not print into the frames

    from ingest.harvest import add_page, harvest

    pickle_quickly(*TRAVELLING)
    functions: dict[str, Callable[..., object]] = {"harvest": harvest, "add_page": add_page}
    while (question := _read_frame(source)) is not None:
        signal.setitimer(signal.ITIMER_PROF, cpu_seconds)
        answer = _answer(functions, question)
        signal.setitimer(signal.ITIMER_PROF, 0)
        payload = pickle.dumps(answer, protocol=pickle.HIGHEST_PROTOCOL)
        sink.write(len(payload).to_bytes(LENGTH_BYTES, "big"))
        sink.write(payload)
        sink.flush()


def _answer(functions: Mapping[str, Callable[..., object]], question: bytes) -> object:
    name, arguments = pickle.loads(question)
    try:
        return functions[name](*arguments)
    except ParseError as error:
        return ParseError(str(error), error.outcome)
    except Exception as error:
        return f"{type(error).__name__}: {error}"[:500]


def _read_frame(source: IO[bytes]) -> bytes | None:
    head = source.read(LENGTH_BYTES)
    if len(head) < LENGTH_BYTES:
        return None
    length = int.from_bytes(head, "big")
    payload = source.read(length)
    return payload if len(payload) == length else None


def _bound_memory() -> None:
    import resource

    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (_MAX_MEMORY_BYTES, _MAX_MEMORY_BYTES))
