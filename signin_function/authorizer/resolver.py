"""Ask the system for the addresses of a name, for so long and no longer."""

from __future__ import annotations

import socket
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

Addresses = list[tuple[Any, ...]]
"""As `socket.getaddrinfo` gives them."""


class Resolver:
    """
    Looks names up, one after the other, with one thread at most.

    The system's own wait for a name server takes no deadline, and may last half a minute. So a thread waits for the
    system, and whoever asked waits for the thread, and leaves when time is up. Each provider has a resolver of its own:
    a name server that hangs costs one thread, however many tokens come, and none of another provider's time.
    """

    def __init__(self) -> None:
        """Look nothing up, and start no thread yet."""
        self._free = threading.Lock()

    def addresses(self, host: str, port: int, left: Callable[[], float]) -> Addresses:
        """
        Return the addresses of *host*, for connections to *port*. *left* gives the seconds that are left.

        Raises:
            OSError: There are none; TimeoutError if none came in time, or an earlier name is still being looked up.
            UnicodeError: *host* is no name.
        """
        if not self._free.acquire(timeout=left()):
            raise TimeoutError
        found: Future[Addresses] = Future()
        try:
            # As a daemon, or a name server that hangs would keep the process from ending.
            threading.Thread(target=self._look_up, args=(found, host, port), name="resolver", daemon=True).start()
        except RuntimeError as error:
            self._free.release()
            raise OSError("no thread to look a name up with") from error
        return found.result(left())

    def _look_up(self, found: Future[Addresses], host: str, port: int) -> None:
        try:
            found.set_result(list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))
        except Exception as error:  # noqa: BLE001 - it is raised where it is waited for
            found.set_exception(error)
        finally:
            self._free.release()
