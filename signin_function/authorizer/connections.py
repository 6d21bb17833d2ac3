"""Connect to an issuer, and to nobody else in its name, for so long and no longer."""

from __future__ import annotations

import functools
import io
import socket
import ssl
import threading
import time
from http import HTTPStatus
from http.client import HTTP_PORT, HTTPS_PORT, HTTPConnection, HTTPResponse
from typing import TYPE_CHECKING, Any, Self, cast

if TYPE_CHECKING:
    from collections.abc import Callable

    from authorizer.resolver import Resolver

PORTS = {"https": HTTPS_PORT, "http": HTTP_PORT}
BEFORE_AN_ANSWER = frozenset(range(100, 200)) - {HTTPStatus.SWITCHING_PROTOCOLS}
"""After 101 comes no answer, and nobody asked for it."""


class Connections:
    """
    One connection to each place that is asked, for several requests, and no wait after *seconds*.

    Each single wait is for what is left of them, so that a server that hangs, or sends one byte at a time, can hold
    nobody up for longer. It raises TimeoutError.
    """

    def __init__(self, seconds: float, resolver: Resolver) -> None:
        """Begin to count, and open no connection yet. *resolver* will find the addresses."""
        self._resolver = resolver
        self._ends = time.monotonic() + seconds
        self._by_place: dict[tuple[str, str, int], HTTPConnection] = {}
        self._opened: list[socket.socket] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for opened in self._opened:
            opened.close()

    def to(self, scheme: str, host: str, port: int | None) -> HTTPConnection:
        """Return the connection to *host*, for https or http, at the scheme's own port if none is given."""
        place = scheme, host, port or PORTS[scheme]
        if place not in self._by_place:
            self._by_place[place] = _Connection(self, *place)
        return self._by_place[place]

    def forget(self) -> None:
        """Have the next request open another."""
        self._by_place.clear()

    def left(self) -> float:
        """Return the seconds that are left, or raise TimeoutError if there are none."""
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def open(self, host: str, port: int) -> socket.socket:
        """Return a connection to the first address of *host* that answers, each having its share of the time."""
        addresses = self._resolver.addresses(host, port, self.left)
        for following in range(len(addresses) - 1, -1, -1):
            try:
                return self._opened_to(addresses[-1 - following], following)
            except OSError:
                # It may be a kind of address that this machine does not have, IPv6 mostly.
                if not following:
                    raise
        raise OSError("a name without addresses")

    def _opened_to(self, found: tuple[Any, ...], following: int) -> socket.socket:
        family, kind, protocol, _, address = found
        opening = socket.socket(family, kind, protocol)
        self._opened.append(opening)
        opening.settimeout(self.left() / (1 + following))
        opening.connect(address)
        return opening

    def secure(self, opened: socket.socket, host: str) -> ssl.SSLSocket:
        """Return what was *opened*, with TLS, if whoever is there proves to be *host*."""
        opened.settimeout(self.left())
        secured = tls().wrap_socket(opened, server_hostname=host)
        self._opened.append(secured)
        return secured


class _Response(HTTPResponse):
    """http.client's, which of all that may come before an answer (RFC 9110, 15.2) passes over 100 alone."""

    def begin(self) -> None:
        super().begin()
        while self.status in BEFORE_AN_ANSWER:
            self.headers = None  # type: ignore[assignment] # as before the first
            super().begin()


class _Connection(HTTPConnection):
    """http.client's, on a socket of *connections*."""

    response_class = _Response

    def __init__(self, connections: Connections, scheme: str, host: str, port: int) -> None:
        super().__init__(host, port)
        self._connections = connections
        self._scheme = scheme
        self.default_port = PORTS[scheme]

    def connect(self) -> None:
        opened = self._connections.open(self.host, self.port)
        if self._scheme == "https":
            opened = self._connections.secure(opened, self.host)
        self.sock = cast("socket.socket", _PunctualSocket(opened, self._connections.left))


class _PunctualSocket:
    """What http.client needs of a socket. Each of its operations may take what is *left*."""

    def __init__(self, opened: socket.socket, left: Callable[[], float]) -> None:
        self._opened = opened
        self._left = left

    def sendall(self, data: bytes) -> None:
        self._opened.settimeout(self._left())
        self._opened.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_PunctualReader(self._opened, self._left))

    def close(self) -> None:
        """Do nothing: http.client would, before it has read an answer that is to be the last. `Connections` does."""


class _PunctualReader(io.RawIOBase):
    def __init__(self, opened: socket.socket, left: Callable[[], float]) -> None:
        self._opened = opened
        self._left = left

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._opened.settimeout(self._left())
        return self._opened.recv_into(buffer)


_MAKING_TLS = threading.Lock()


def tls() -> ssl.SSLContext:
    """Return the context that trusts whom the machine trusts, and checks names."""
    # Made once: reading all the certificates takes so long that fifty fetches that each did would all be late.
    with _MAKING_TLS:
        return _tls()


@functools.cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()
