"""Speak WebSocket (RFC 6455) on a connection of `web`, from one thread; others may hand it what is to be sent."""

from __future__ import annotations

import queue
import selectors
import socket
import ssl
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Response
from wsproto import ConnectionType, WSConnection
from wsproto.connection import ConnectionState
from wsproto.events import AcceptConnection, CloseConnection, Event, Ping, Request, TextMessage
from wsproto.utilities import LocalProtocolError, RemoteProtocolError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from wsgiref.types import StartResponse, WSGIEnvironment

PING_SECONDS = 30.0
"""How often a silent client is asked whether it is there."""

_PIECE = 65_536


class WebSocket:
    """An open connection. Only `run` reads and writes; the other methods may be called from any thread."""

    def __init__(self, environ: WSGIEnvironment) -> None:
        """
        Take the connection that a request asks to upgrade.

        Raises:
            RemoteProtocolError: It asks for no WebSocket.
        """
        self._socket: socket.socket = environ["werkzeug.socket"]
        self._wire = WSConnection(ConnectionType.SERVER)
        self._wire.initiate_upgrade_connection(_headers(environ), environ["PATH_INFO"])
        self._outbox: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._alarm, self._bell = socket.socketpair()

    def send(self, text: str) -> None:
        """Send a message, after those that wait."""
        self._put(TextMessage(text))

    def close(self, code: int, reason: str = "") -> None:
        """Close it with a code of RFC 6455, 7.4."""
        self._put(CloseConnection(code, reason))

    def run(self) -> None:
        """Serve it until either side closes it. What the client says is read and dropped: it has nothing to say."""
        with ExitStack() as opened:
            selector = opened.enter_context(selectors.DefaultSelector())
            for end in (self._alarm, self._bell):
                opened.enter_context(end)
            selector.register(self._socket, selectors.EVENT_READ)
            selector.register(self._alarm, selectors.EVENT_READ)
            with suppress(OSError):  # the client is gone
                self._answer(next(self._wire.events()))
                while self._wire.state is not ConnectionState.CLOSED:
                    self._turn(selector)

    def _turn(self, selector: selectors.BaseSelector) -> None:
        ready = [key.fileobj for key, _ in selector.select(PING_SECONDS)]
        if self._alarm in ready:
            self._alarm.recv(_PIECE)
            while not self._outbox.empty():
                self._write(self._outbox.get())
        if self._socket in ready:
            self._read()
        if not ready:
            self._write(Ping())

    def _read(self) -> None:
        self._wire.receive_data(self._received() or None)
        try:
            for event in self._wire.events():
                self._answer(event)
        except RemoteProtocolError as error:
            self._write(error.event_hint or CloseConnection(1002))

    def _received(self) -> bytes:
        piece = self._socket.recv(_PIECE)
        # What TLS has taken off the wire already, no selector tells of.
        while isinstance(self._socket, ssl.SSLSocket) and self._socket.pending():
            piece += self._socket.recv(_PIECE)
        return piece

    def _answer(self, event: Event) -> None:
        if isinstance(event, Request):
            self._write(AcceptConnection())
        elif isinstance(event, (Ping, CloseConnection)):
            self._write(event.response())

    def _write(self, event: Event) -> None:
        # One that is closing takes nothing more.
        with suppress(LocalProtocolError):
            self._socket.sendall(self._wire.send(event))

    def _put(self, event: Event) -> None:
        self._outbox.put(event)
        with suppress(OSError):  # it is over
            self._bell.send(b"!")


class WebSocketUpgrade(Response):
    """An answer that takes its connection over, to be the last thing on it; 426 if no WebSocket was asked for."""

    def __init__(self, environ: WSGIEnvironment, serve: Callable[[WebSocket], None], status: int = 101) -> None:
        """Take the request, what to do with the WebSocket, and the status under which the request is remembered."""
        self._serve = serve
        try:
            self._opened: WebSocket | None = WebSocket(environ)
            super().__init__(status=status)
        except RemoteProtocolError:
            self._opened = None
            super().__init__("This address speaks WebSocket.\n", 426, {"Upgrade": "websocket"})

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve the connection until it ends; `web` then drops it."""
        if self._opened is None:
            return super().__call__(environ, start_response)
        self._serve(self._opened)
        raise ConnectionAbortedError("The WebSocket is over.")


def _headers(environ: WSGIEnvironment) -> list[tuple[bytes, bytes]]:
    given: dict[str, Any] = {
        name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name.startswith("HTTP_")
    }
    return [(name.encode(), value.encode("latin-1")) for name, value in given.items()]
