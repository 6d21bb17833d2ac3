"""Serve WebSocket (RFC 6455) on a connection of `server`, in its thread. Other threads may queue messages for it."""

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
"""After how long without traffic a client is sent a ping."""

_CHUNK_BYTES = 65_536


class WebSocket:
    """An open WebSocket. Only `run` uses the socket; the other methods may be called from any thread."""

    def __init__(self, environ: WSGIEnvironment) -> None:
        """
        Take the connection that a request asks to upgrade.

        Raises:
            RemoteProtocolError: The request does not ask for a WebSocket.
        """
        self._socket: socket.socket = environ["werkzeug.socket"]
        self._protocol = WSConnection(ConnectionType.SERVER)
        self._protocol.initiate_upgrade_connection(_headers(environ), environ["PATH_INFO"])
        self._outbox: queue.SimpleQueue[Event] = queue.SimpleQueue()
        # A selector waits for sockets alone, so a byte on this pair wakes it when the queue gets something.
        self._wake_receiver, self._wake_sender = socket.socketpair()

    def send(self, text: str) -> None:
        """Queue a text message."""
        self._enqueue(TextMessage(text))

    def close(self, code: int, reason: str = "") -> None:
        """Queue the end of the connection, with a status code of RFC 6455, 7.4."""
        self._enqueue(CloseConnection(code, reason))

    def run(self) -> None:
        """Serve until either side closes. Messages from the client are read and dropped: Chime defines none."""
        with ExitStack() as resources:
            selector = resources.enter_context(selectors.DefaultSelector())
            for end in (self._wake_receiver, self._wake_sender):
                resources.enter_context(end)
            selector.register(self._socket, selectors.EVENT_READ)
            selector.register(self._wake_receiver, selectors.EVENT_READ)
            with suppress(OSError):  # the client is gone
                self._answer(next(self._protocol.events()))
                while self._protocol.state is not ConnectionState.CLOSED:
                    self._serve_once(selector)

    def _serve_once(self, selector: selectors.BaseSelector) -> None:
        ready = [key.fileobj for key, _ in selector.select(PING_SECONDS)]
        if self._wake_receiver in ready:
            self._wake_receiver.recv(_CHUNK_BYTES)
            while not self._outbox.empty():
                self._write(self._outbox.get())
        if self._socket in ready:
            self._read()
        if not ready:
            self._write(Ping())

    def _read(self) -> None:
        self._protocol.receive_data(self._received() or None)
        try:
            for event in self._protocol.events():
                self._answer(event)
        except RemoteProtocolError as error:
            self._write(error.event_hint or CloseConnection(1002))

    def _received(self) -> bytes:
        piece = self._socket.recv(_CHUNK_BYTES)
        # TLS may have decrypted more than was asked for, and a selector does not report such bytes.
        while isinstance(self._socket, ssl.SSLSocket) and self._socket.pending():
            piece += self._socket.recv(_CHUNK_BYTES)
        return piece

    def _answer(self, event: Event) -> None:
        if isinstance(event, Request):
            self._write(AcceptConnection())
        elif isinstance(event, (Ping, CloseConnection)):
            self._write(event.response())

    def _write(self, event: Event) -> None:
        # A connection that is closing accepts no more events.
        with suppress(LocalProtocolError):
            self._socket.sendall(self._protocol.send(event))

    def _enqueue(self, event: Event) -> None:
        self._outbox.put(event)
        with suppress(OSError):  # the connection has ended
            self._wake_sender.send(b"!")


class WebSocketUpgrade(Response):
    """A response that turns its connection into a WebSocket; 426 if the request does not ask for one."""

    def __init__(self, environ: WSGIEnvironment, serve: Callable[[WebSocket], None], status: int = 101) -> None:
        """Take the request, the function that serves the WebSocket, and the status to record for the request."""
        self._serve = serve
        try:
            self._websocket: WebSocket | None = WebSocket(environ)
            super().__init__(status=status)
        except RemoteProtocolError:
            self._websocket = None
            super().__init__("This address speaks WebSocket.\n", 426, {"Upgrade": "websocket"})

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve the WebSocket until it ends. The error then makes `server` close the connection without an answer."""
        if self._websocket is None:
            return super().__call__(environ, start_response)
        self._serve(self._websocket)
        raise ConnectionAbortedError("The WebSocket is over.")


def _headers(environ: WSGIEnvironment) -> list[tuple[bytes, bytes]]:
    headers: dict[str, Any] = {
        name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name.startswith("HTTP_")
    }
    return [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
