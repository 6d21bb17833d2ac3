"""A port that is free now, and for as long as a test needs to close it and open it again."""

from __future__ import annotations

import os
import socket
from contextlib import suppress


def lasting_free_port() -> int:
    """Return a free port below those that the system hands out, for which others ask all the time."""
    for port in range(10_000 + os.getpid() % 10_000, 30_000):
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise AssertionError("There is none.")
