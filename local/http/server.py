"""Serve a WSGI application over HTTP and HTTPS, with a thread for each connection, and keep connections alive."""

from __future__ import annotations

import io
import json
import selectors
import socket
import threading
import traceback
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import InternalServerError
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler
from werkzeug.test import run_wsgi_app

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable
    from wsgiref.types import WSGIApplication

    from werkzeug.datastructures import Headers

HEADERS = "local.headers"
"""The key in a WSGI environment under which the request's headers are, as a list of (name, value), as sent."""

_STATUSES_WITHOUT_BODY = frozenset({204, 304})
_TLS_HANDSHAKE = b"\x16"
"""The first byte of a TLS connection (RFC 8446, 5.1). No HTTP request begins with it."""


class _RequestBody(io.RawIOBase):
    """The body of a request; `unread` is how many bytes of it have not been read."""

    def __init__(self, source: io.BufferedIOBase, length: int) -> None:
        self._source = source
        self.unread = length

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece = self._source.read(min(len(buffer), self.unread))
        buffer[: len(piece)] = piece
        self.unread -= len(piece)
        return len(piece)


class _RequestHandler(WSGIRequestHandler):
    """
    werkzeug's request handler, except that it keeps connections alive.

    A connection is closed after an answer if the client asks for that or speaks an older version than HTTP/1.1. It is
    also closed if the application did not read the whole body, or if the body came in chunks: then nobody knows where
    the next request begins.
    """

    protocol_version = "HTTP/1.1"
    # With Nagle's algorithm the second piece of an answer would wait until the client acknowledges the first.
    disable_nagle_algorithm = True
    server: _ThreadedServer

    def make_environ(self) -> dict[str, Any]:
        environ: dict[str, Any] = super().make_environ()
        if not environ.get("wsgi.input_terminated"):
            length = environ.get("CONTENT_LENGTH") or ""
            environ["wsgi.input"] = _RequestBody(self.rfile, int(length[:20]) if length.isdecimal() else 0)
        # WSGI joins headers of the same name, but API Gateway passes each of them on.
        return {**environ, HEADERS: list(self.headers.items())}

    def run_wsgi(self) -> None:
        self.environ = environ = self.make_environ()
        try:
            pieces, status, headers = run_wsgi_app(self.server.app, environ)
        except ConnectionError:
            # An application raises this to close the connection without an answer.
            self.close_connection = True
            return
        except Exception:  # noqa: BLE001 - no error of an application may stop the server
            self.server.log("error", "Error on request:\n%s", traceback.format_exc())
            pieces, status, headers = run_wsgi_app(InternalServerError(), environ)
        unread = getattr(environ["wsgi.input"], "unread", 1) > 0
        self._send_head(status, headers, last=unread or self.request_version != "HTTP/1.1")
        try:
            self._send_body(pieces, status, headers)
        finally:
            getattr(pieces, "close", lambda: None)()  # PEP 3333: the server has to call it
        if unread:
            self._discard_input()

    def _send_head(self, status: str, headers: Headers, *, last: bool) -> None:
        code, _, reason = status.partition(" ")
        self.send_response(int(code), reason)
        for name, value in headers.to_wsgi_list():
            self.send_header(name, value)
        if int(code) not in _STATUSES_WITHOUT_BODY and "Content-Length" not in headers:
            self.send_header("Transfer-Encoding", "chunked")
        if last or self.close_connection:
            self.send_header("Connection", "close")  # this sets `close_connection` as well
        self.end_headers()

    def _send_body(self, pieces: Iterable[bytes], status: str, headers: Headers) -> None:
        if self.command == "HEAD" or int(status[:3]) in _STATUSES_WITHOUT_BODY:
            return
        length, sent = headers.get("Content-Length", type=int), 0
        # Each piece is sent at once, because an answer may be large or endless.
        for piece in filter(None, pieces):
            self.wfile.write(piece if length is not None else b"%x\r\n%b\r\n" % (len(piece), piece))
            sent += len(piece)
        if length is None:
            self.wfile.write(b"0\r\n\r\n")
        elif sent != length:
            # The client waits for the missing bytes: only the end of the connection tells that none will come.
            self.close_connection = True

    def _discard_input(self) -> None:
        """Read what still arrives: if the server closes before, the client sees a reset connection, not the answer."""
        with selectors.DefaultSelector() as selector:
            selector.register(self.connection, selectors.EVENT_READ)
            while selector.select(timeout=0.01) and self.connection.recv(1 << 20):
                pass

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002 - the base class has these parameters
        """Answer a request that cannot be parsed or has a header over 64 KiB. No application gets it."""
        body = json.dumps({"error": "bad_request", "error_description": "The request cannot be read."}).encode()
        self.send_response_only(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Write nothing: the applications write their own logs."""


class _ThreadedServer(ThreadedWSGIServer):
    request_queue_size = 512
    daemon_threads = True

    def __init__(self, *arguments: Any, tls: ssl.SSLContext | None, **more: Any) -> None:
        self.accepted = 0
        self._tls = tls
        self._open: set[socket.socket] = set()
        super().__init__(*arguments, **more)

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        self.accepted += 1
        self._open.add(connection)
        return connection, address

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            if self._tls is not None and request.recv(1, socket.MSG_PEEK) == _TLS_HANDSHAKE:
                self._open.discard(request)
                request = self._tls.wrap_socket(request, server_side=True, do_handshake_on_connect=False)
                self._open.add(request)
                request.do_handshake()
        except OSError:  # the client has closed the connection, or does not trust the certificate
            self.shutdown_request(request)
            return
        super().process_request_thread(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    @property
    def open(self) -> int:
        return len(self._open)

    def drain(self) -> None:
        """Take no further request on any connection. An answer that is being sent is sent to its end."""
        for connection in self._open.copy():
            with suppress(OSError):  # it was closed in the meantime
                # Not `SSLSocket.shutdown`: it ends TLS, and the rest of an answer would be sent unencrypted.
                socket.socket.shutdown(connection, socket.SHUT_RD)


class Server:
    """A running server of one application. Close it to free its port."""

    def __init__(
        self, application: WSGIApplication, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None
    ) -> None:
        """
        Start serving *application* on *port* (0: any free port). With *tls* the same port takes HTTPS as well.

        If the application raises ConnectionError, its connection is closed without an answer.

        Raises:
            SystemExit: The port is taken; stderr says so.
        """
        self._server = _ThreadedServer(host, port, application, handler=_RequestHandler, tls=tls)
        self.host = host
        self.port: int = self._server.port
        self.url = f"http://{host}:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name=self.url, daemon=True)
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
        """Stop listening, wait until the port is free, and drain the connections that are open."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._server.drain()
