"""
Serve a WSGI application over HTTP/1.1 and HTTPS on one port: uvicorn, with h11 and websockets, in a thread of its own.

What is ours is what a server of AWS's endpoint and of tests needs beside that: TLS on the port that takes plain HTTP,
the number of connections, and an end that frees the port at once and lets answers that have begun arrive.
"""

from __future__ import annotations

import asyncio
import socket
import sys
import threading
from typing import TYPE_CHECKING

import uvicorn

from local.http.adapter import Adapter
from local.http.connection import HttpConnection, WebSocketProtocol

if TYPE_CHECKING:
    import ssl
    from wsgiref.types import WSGIApplication

_BACKLOG = 512
_IDLE_SECONDS = 3600
"""After how long without a request a connection is closed. Long: a client may notice only by an error."""
_PING_SECONDS = 30.0
"""After how long the client of a WebSocket is sent a ping."""
_HEAD_BYTES = 64 * 1024
"""More than the 10,240 bytes of headers that API Gateway takes: those are to reach the gateway that is played here."""
_TLS_HANDSHAKE = b"\x16"
"""The first byte of a TLS connection (RFC 8446, 5.1). No HTTP request begins with it."""
_PAUSE_SECONDS = 0.1


class _Uvicorn(uvicorn.Server):
    """uvicorn's server, with connections accepted from a socket that takes both HTTP and HTTPS."""

    def __init__(self, application: WSGIApplication, listener: socket.socket, tls: ssl.SSLContext | None) -> None:
        super().__init__(
            uvicorn.Config(
                Adapter(application),
                loop="asyncio",
                http=HttpConnection,
                ws=WebSocketProtocol,
                ws_ping_interval=_PING_SECONDS,
                lifespan="off",
                interface="asgi3",
                log_config=None,
                log_level="error",
                access_log=False,
                proxy_headers=False,
                server_header=False,
                date_header=False,
                timeout_keep_alive=_IDLE_SECONDS,
                h11_max_incomplete_event_size=_HEAD_BYTES,
            )
        )
        self.accepted = 0
        self.drained = threading.Event()
        self._listener = listener
        self._tls = tls
        self._arriving: set[asyncio.Task[None]] = set()

    @property
    def open(self) -> int:
        return len(self.server_state.connections) + len(self._arriving)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to accept connections. uvicorn itself listens nowhere."""
        await super().startup(sockets=sockets)
        self._accepting = asyncio.create_task(self._accept())

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:  # noqa: ARG002 - uvicorn's parameter
        """Free the port, take no further request, and end when all answers that have begun are sent."""
        self._accepting.cancel()
        self._listener.close()
        for task in self._arriving:
            task.cancel()
        try:
            for connection in list(self.server_state.connections):
                connection.shutdown()
        finally:
            self.drained.set()  # `Server.close` waits for it, whatever was raised above
        while self.open or self.server_state.tasks:  # noqa: ASYNC110 - uvicorn tells of no end of a connection
            await asyncio.sleep(_PAUSE_SECONDS)

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, _ = await loop.sock_accept(self._listener)
            except OSError:  # too many open files: the connection waits in the backlog
                await asyncio.sleep(_PAUSE_SECONDS)
                continue
            self.accepted += 1
            task = loop.create_task(self._take(connection))
            self._arriving.add(task)
            task.add_done_callback(self._arriving.discard)

    async def _take(self, connection: socket.socket) -> None:
        try:
            # With Nagle's algorithm the second piece of an answer would wait until the client acknowledges the first,
            # for 40 ms. asyncio turns it off only on sockets that it has made itself.
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            tls = self._tls if self._tls and await _first_byte(connection) == _TLS_HANDSHAKE else None
            await asyncio.get_running_loop().connect_accepted_socket(self._new_connection, connection, ssl=tls)
        except OSError:  # the client has closed the connection, or does not trust the certificate
            connection.close()
        except asyncio.CancelledError:
            connection.close()
            raise

    def _new_connection(self) -> HttpConnection:
        return HttpConnection(self.config, self.server_state, self.lifespan.state)


class Server:
    """A running server of one application. Close it to free its port."""

    def __init__(
        self, application: WSGIApplication, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None
    ) -> None:
        """
        Start serving *application* on *port* (0: any free port). With *tls* the same port takes HTTPS as well.

        If the application raises ConnectionError, its connection is closed without an answer. Each request has a thread
        of its own, in which the application may wait as long as it likes.

        Raises:
            SystemExit: The port is taken; stderr says so.
        """
        listener = _listener(host, port)
        self._server = _Uvicorn(application, listener, tls)
        self.host = host
        self.port: int = listener.getsockname()[1]
        self.url = f"http://{host}:{self.port}"
        self._thread = threading.Thread(target=self._server.run, args=([],), name=self.url, daemon=True)
        self._thread.start()

    @property
    def accepted(self) -> int:
        """How many connections have been accepted so far."""
        return self._server.accepted

    @property
    def open(self) -> int:
        """How many connections are open. One that the client has closed may be counted for a moment longer."""
        return self._server.open

    def close(self) -> None:
        """Wait until the port is free and no further request is taken. Answers that have begun are sent to the end."""
        self._server.should_exit = True
        self._server.drained.wait()


def _listener(host: str, port: int) -> socket.socket:
    try:
        listener = socket.create_server((host, port), backlog=_BACKLOG)
    except OSError as error:
        sys.exit(f"Port {port} of {host} cannot be listened on: {error.strerror}.")
    listener.setblocking(False)  # noqa: FBT003 - it has no other form
    return listener


async def _first_byte(connection: socket.socket) -> bytes:
    """Return the first byte that the client sends, and leave it where TLS or HTTP will read it."""
    loop, readable = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(connection, readable.set)
    try:
        await readable.wait()
    finally:
        loop.remove_reader(connection)
    return connection.recv(1, socket.MSG_PEEK)
