"""Serve a WSGI application over HTTP and HTTPS, in threads of its own, keeping connections open between requests."""

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
"""The key in a WSGI environment under which the request's headers stand as (name, value) pairs, as sent."""

_BODILESS = frozenset({204, 304})
_HANDSHAKE = b"\x16"
"""What TLS begins with, and HTTP does not: RFC 8446, 5.1."""


class _Body(io.RawIOBase):
    """The body of a request; `left` bytes of it have not been read."""

    def __init__(self, source: io.BufferedIOBase, length: int) -> None:
        self._source = source
        self.left = length

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece = self._source.read(min(len(buffer), self.left))
        buffer[: len(piece)] = piece
        self.left -= len(piece)
        return len(piece)


class _RequestHandler(WSGIRequestHandler):
    """
    werkzeug's, which closes every connection, with connections kept alive.

    One is closed if the client says so, if it is older than HTTP/1.1, and if the application left a body unread or the
    body came in chunks: where the next request begins is then not known.
    """

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or an answer in two pieces would wait for the client's acknowledgement
    server: _Server

    def make_environ(self) -> dict[str, Any]:
        environ: dict[str, Any] = super().make_environ()
        if not environ.get("wsgi.input_terminated"):
            said = environ.get("CONTENT_LENGTH") or ""
            environ["wsgi.input"] = _Body(self.rfile, int(said[:20]) if said.isdecimal() else 0)
        # WSGI joins headers of one name; whoever plays API Gateway must see that there were two.
        return {**environ, HEADERS: list(self.headers.items())}

    def run_wsgi(self) -> None:
        self.environ = environ = self.make_environ()
        try:
            pieces, status, headers = run_wsgi_app(self.server.app, environ)
        except ConnectionError:
            # An application's way of breaking the connection without an answer.
            self.close_connection = True
            return
        except Exception:  # noqa: BLE001 - whatever an application does, the server goes on
            self.server.log("error", "Error on request:\n%s", traceback.format_exc())
            pieces, status, headers = run_wsgi_app(InternalServerError(), environ)
        unread = getattr(environ["wsgi.input"], "left", 1) > 0
        self._send_head(status, headers, last=unread or self.request_version != "HTTP/1.1")
        try:
            self._send_body(pieces, status, headers)
        finally:
            getattr(pieces, "close", lambda: None)()  # as WSGI wants it
        if unread:
            self._discard()

    def _send_head(self, status: str, headers: Headers, *, last: bool) -> None:
        code, _, reason = status.partition(" ")
        self.send_response(int(code), reason)
        for name, value in headers.to_wsgi_list():
            self.send_header(name, value)
        if int(code) not in _BODILESS and "Content-Length" not in headers:
            self.send_header("Transfer-Encoding", "chunked")
        if last or self.close_connection:
            self.send_header("Connection", "close")  # sets `close_connection`, too
        self.end_headers()

    def _send_body(self, pieces: Iterable[bytes], status: str, headers: Headers) -> None:
        if self.command == "HEAD" or int(status[:3]) in _BODILESS:
            return
        length, sent = headers.get("Content-Length", type=int), 0
        # An answer may be large, or have no end: each piece goes as it comes.
        for piece in filter(None, pieces):
            self.wfile.write(piece if length is not None else b"%x\r\n%b\r\n" % (len(piece), piece))
            sent += len(piece)
        if length is None:
            self.wfile.write(b"0\r\n\r\n")
        elif sent != length:
            # The client waits for the rest: only the connection's end tells that there is none.
            self.close_connection = True

    def _discard(self) -> None:
        """Read what is still coming, or the client would see a reset connection instead of the answer."""
        with selectors.DefaultSelector() as selector:
            selector.register(self.connection, selectors.EVENT_READ)
            while selector.select(timeout=0.01) and self.connection.recv(1 << 20):
                pass

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002 - the base's
        """Answer what is no request, or one with a header over 64 KiB: no application gets to see it."""
        body = json.dumps({"error": "bad_request", "error_description": "The request cannot be read."}).encode()
        self.send_response_only(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Write nothing: the applications log what is worth it."""


class _Server(ThreadedWSGIServer):
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
            if self._tls is not None and request.recv(1, socket.MSG_PEEK) == _HANDSHAKE:
                self._open.discard(request)
                request = self._tls.wrap_socket(request, server_side=True, do_handshake_on_connect=False)
                self._open.add(request)
                request.do_handshake()
        except OSError:  # the client has broken off, or does not trust us
            self.shutdown_request(request)
            return
        super().process_request_thread(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    @property
    def open(self) -> int:
        return len(self._open)

    def let_go(self) -> None:
        """Take no further request on any connection; an answer under way is still sent."""
        for connection in self._open.copy():
            with suppress(OSError):  # it was closed meanwhile
                # `SSLSocket.shutdown` would send what follows without TLS.
                socket.socket.shutdown(connection, socket.SHUT_RD)


class Server:
    """An application being served. Close it to free its port."""

    def __init__(
        self, application: WSGIApplication, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None
    ) -> None:
        """
        Start serving *application* on *port* (0: any free one). If it raises a ConnectionError, nothing is answered.

        With *tls* the same port takes HTTPS as well.

        Raises:
            SystemExit: The port is taken; stderr says so.
        """
        self._server = _Server(host, port, application, handler=_RequestHandler, tls=tls)
        self.host = host
        self.port: int = self._server.port
        self.url = f"http://{host}:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name=self.url, daemon=True)
        self._thread.start()

    @property
    def accepted(self) -> int:
        """How many connections there have been."""
        return self._server.accepted

    @property
    def open(self) -> int:
        """How many connections there are now; one that the client closed may count for a moment longer."""
        return self._server.open

    def close(self) -> None:
        """Stop listening, wait until the port is free, and let go of the connections that are open."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._server.let_go()
