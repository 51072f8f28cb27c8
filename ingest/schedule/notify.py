"""Telling systemd how the daemon fares: the sd_notify protocol, without a library.

See sd_notify(3): lines of NAME=value in one datagram to the socket that NOTIFY_SOCKET names.
"""

from __future__ import annotations

import os
import socket


def notify(*lines: str) -> bool:
    """Send these lines (READY=1, STATUS=…, WATCHDOG=1, STOPPING=1). False where nobody listens."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return False
    if address.startswith("@"):  # Linux's abstract namespace
        address = "\0" + address[1:]
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
            channel.setblocking(False)  # a listener that does not read holds nobody up
            channel.connect(address)
            channel.sendall("\n".join(lines).encode())
    except OSError:
        return False
    return True
