"""How a worker process begins, and how it is waited for.

    spawned: a new interpreter, which imports the stages        .3 s of CPU
    forked:  a copy of this process, where they are loaded      .01 s

A copy is made only where whoever asks for it knows that no thread of ours is at work (`Quiet`): a
lock that a thread holds is held for ever in the copy. Of what the copy inherits it uses nothing
but what is loaded: every descriptor but its own is closed at once, and it ends without a destructor
having run. So a connection or a database that is open here stays this process's alone.

Both talk through one socket, which is the worker's standard input and output.
"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import socket
import sys
from pathlib import Path

CAN_FORK = sys.platform == "linux"  # elsewhere the system's own libraries have threads
_ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


def spawn(end: socket.socket, cpu_seconds: float) -> int:
    """Start a worker as a new interpreter at this end of a socket; its process id."""
    fd = end.fileno()
    return os.posix_spawn(
        sys.executable,
        [sys.executable, "-c", "from ingest.serving import serve; serve()", str(cpu_seconds)],
        {**os.environ, **_ENVIRONMENT},
        file_actions=[(os.POSIX_SPAWN_DUP2, fd, 0), (os.POSIX_SPAWN_DUP2, fd, 1)],
    )


def fork(end: socket.socket, cpu_seconds: float) -> int:
    """Start a worker as a copy of this process at this end of a socket; its process id.

    Only while no other thread of ours is at work.
    """
    os.environ.update(_ENVIRONMENT)  # read when numpy is loaded, whose threads are not copied
    from ingest import harvest

    assert harvest  # loaded here, it is loaded in every copy
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        _forget_all_but(end.fileno())
        from ingest.serving import serve

        serve(cpu_seconds)
        status = 0
    finally:
        os._exit(status)  # whatever was raised: the parent's frames are not ours to go back to


def _forget_all_but(fd: int) -> None:
    """In the copy: no descriptor, signal handler or garbage of the parent."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    gc.freeze()
    os.dup2(fd, 0)
    os.dup2(fd, 1)
    for other in Path("/proc/self/fd").iterdir():
        if int(other.name) > 2:
            with contextlib.suppress(OSError):  # the one that listed them
                os.close(int(other.name))


def status_of(pid: int) -> int | None:
    """The exit status of a worker, minus the signal if one ended it; None while it lives.

    To be asked no more once it was told.
    """
    ended, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if ended else None
