"""HTTP connections to an issuer, in which DNS, TCP, TLS and each read and write share one deadline."""

from __future__ import annotations

import io
import socket
import ssl
import threading
import time
from http import HTTPStatus
from http.client import HTTP_PORT, HTTPS_PORT, HTTPConnection, HTTPResponse
from typing import TYPE_CHECKING, Any, Self, cast

from authorizer.trust import trust

if TYPE_CHECKING:
    from collections.abc import Callable

PORTS = {"https": HTTPS_PORT, "http": HTTP_PORT}
INTERIM_STATUSES = frozenset(range(100, 200)) - {HTTPStatus.SWITCHING_PROTOCOLS}
"""What may come before an answer (RFC 9110, 15.2), without 101: we never ask for it, and no answer follows it."""
Addresses = list[tuple[Any, ...]]
"""As `socket.getaddrinfo` gives them."""


class Resolver:
    """
    Looks up the addresses of names, one name at a time, in one thread at most.

    `socket.getaddrinfo` takes no deadline, and may wait for a name server for half a minute. So a thread of its own
    calls it, and the caller waits for that thread until its deadline. Each provider has its own resolver: a name server
    that hangs costs one thread, however many tokens come, and delays no other provider.
    """

    def __init__(self) -> None:
        """Look nothing up, and start no thread yet."""
        self._free = threading.Lock()

    def addresses(self, host: str, port: int, remaining: Callable[[], float]) -> Addresses:
        """
        Return the addresses of *host*, for connections to *port*. *remaining* gives the seconds that are left.

        Raises:
            OSError: There are none; TimeoutError if none came in time, or an earlier name is still being looked up.
            UnicodeError: *host* is no name.
        """
        if not self._free.acquire(timeout=remaining()):
            raise TimeoutError
        looking_up = _LookUp(host, port, self._free)
        try:
            looking_up.start()
        except RuntimeError as error:
            self._free.release()
            raise OSError("no thread to look a name up with") from error
        looking_up.join(remaining())
        return looking_up.found()


class _LookUp(threading.Thread):
    """Looks up a name, and releases *free* when that is over."""

    def __init__(self, host: str, port: int, free: threading.Lock) -> None:
        # A daemon thread: another one would keep the process alive while a name server hangs.
        super().__init__(name="resolver", daemon=True)
        self._host = host
        self._port = port
        self._free = free
        self._outcome: Addresses | Exception = TimeoutError()

    def run(self) -> None:
        try:
            # Bytes, because for a text Python loads tables of Unicode (IDNA), and addresses of issuers are ASCII.
            self._outcome = list(socket.getaddrinfo(self._host.encode("ascii"), self._port, type=socket.SOCK_STREAM))
        except Exception as error:  # noqa: BLE001 - it is raised where it is waited for
            self._outcome = error
        finally:
            self._free.release()

    def found(self) -> Addresses:
        """Return the addresses found so far, or raise why there are none: TimeoutError if it is not over."""
        if isinstance(self._outcome, Exception):
            raise self._outcome
        return self._outcome


class IssuerConnections:
    """
    One connection to each origin that is asked, for several requests, until a deadline of *seconds* from now.

    Every single wait is limited to the time that is left then, so that a server that hangs, or sends one byte at a
    time, cannot make it longer. A wait that reaches the deadline raises TimeoutError.
    """

    def __init__(self, seconds: float, resolver: Resolver) -> None:
        """Start the time, and open no connection yet. *resolver* will find the addresses."""
        self._resolver = resolver
        self._ends = time.monotonic() + seconds
        self._by_origin: dict[tuple[str, str, int], HTTPConnection] = {}
        self._sockets: list[socket.socket] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for opened in self._sockets:
            opened.close()

    def connection(self, scheme: str, host: str, port: int | None) -> HTTPConnection:
        """Return the connection to the origin (RFC 6454, 4); without *port*, at the port of *scheme*, https or http."""
        origin = scheme, host, port or PORTS[scheme]
        if origin not in self._by_origin:
            self._by_origin[origin] = _Connection(self, *origin)
        return self._by_origin[origin]

    def discard(self) -> None:
        """Use none of the connections again: the next request opens a new one."""
        self._by_origin.clear()

    def remaining(self) -> float:
        """
        Return the seconds that are left.

        Raises:
            TimeoutError: There are none.
        """
        remaining = self._ends - time.monotonic()
        if remaining <= 0:
            raise TimeoutError
        return remaining

    def open_socket(self, host: str, port: int) -> socket.socket:
        """Return a connection to the first address of *host* that accepts one; each gets its share of the time."""
        addresses = self._resolver.addresses(host, port, self.remaining)
        for others_left in range(len(addresses) - 1, -1, -1):
            try:
                return self._connected_to(addresses[-1 - others_left], others_left)
            except OSError:
                # Not an error yet: it may be an address of a family that this machine does not have, IPv6 mostly.
                if not others_left:
                    raise
        raise OSError("a name without addresses")

    def _connected_to(self, found: tuple[Any, ...], others_left: int) -> socket.socket:
        family, kind, protocol, _, address = found
        opened = socket.socket(family, kind, protocol)
        self._sockets.append(opened)
        # As http.client's own connect() has it. Without it a request waits until the server has confirmed the end of
        # the handshake, which a server that has nothing to say may put off for 40 ms.
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        opened.settimeout(self.remaining() / (1 + others_left))
        opened.connect(address)
        return opened

    def open_secured(self, host: str, port: int) -> ssl.SSLSocket:
        """Return a connection as `open_socket` does, with TLS, or raise ssl.SSLError unless *host* proves its name."""
        context = trust().tls()
        try:
            return self._secured(context, host, port)
        except ssl.SSLCertVerificationError:
            wider = trust().wider_than(context)
            if wider is None:
                raise
            return self._secured(wider, host, port)

    def _secured(self, context: ssl.SSLContext, host: str, port: int) -> ssl.SSLSocket:
        opened = self.open_socket(host, port)
        opened.settimeout(self.remaining())
        # Bytes, as in the look-up.
        secured = context.wrap_socket(opened, server_hostname=host.encode("ascii"))
        self._sockets.append(secured)
        return secured


class _Response(HTTPResponse):
    """http.client's response, but it passes over all interim responses; http.client passes over 100 alone."""

    def begin(self) -> None:
        super().begin()
        while self.status in INTERIM_STATUSES:
            self.headers = None  # type: ignore[assignment] # begin() reads nothing while there are headers
            super().begin()


class _Connection(HTTPConnection):
    """http.client's connection, on a socket of *connections*."""

    response_class = _Response

    def __init__(self, connections: IssuerConnections, scheme: str, host: str, port: int) -> None:
        super().__init__(host, port)
        self._connections = connections
        self._scheme = scheme
        self.default_port = PORTS[scheme]

    def connect(self) -> None:
        secured = self._scheme == "https"
        open_one = self._connections.open_secured if secured else self._connections.open_socket
        opened: socket.socket = open_one(self.host, self.port)
        self.sock = cast("socket.socket", _DeadlineSocket(opened, self._connections.remaining))


class _DeadlineSocket:
    """What http.client needs of a socket. Each of its operations may take the time that is *remaining* then."""

    def __init__(self, opened: socket.socket, remaining: Callable[[], float]) -> None:
        self._opened = opened
        self._remaining = remaining

    def sendall(self, data: bytes) -> None:
        self._opened.settimeout(self._remaining())
        self._opened.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_DeadlineReader(self._opened, self._remaining))

    def close(self) -> None:
        """
        Do nothing; `IssuerConnections` closes the socket.

        http.client would close it too early: before it has read an answer after which the server closes.
        """


class _DeadlineReader(io.RawIOBase):
    def __init__(self, opened: socket.socket, remaining: Callable[[], float]) -> None:
        self._opened = opened
        self._remaining = remaining

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._opened.settimeout(self._remaining())
        return self._opened.recv_into(buffer)
