"""Serve a WSGI application over HTTP, in threads of its own."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

HEADERS = "local.headers"
"""The key in a WSGI environment under which the request's headers stand as (name, value) pairs, as sent."""


class _RequestHandler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def make_environ(self) -> dict[str, Any]:
        # WSGI joins headers of one name; whoever plays API Gateway must see that there were two.
        return {**super().make_environ(), HEADERS: list(self.headers.items())}

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002 - the base's
        """Answer what is no request, or one with a header over 64 KiB: no application gets to see it."""
        body = json.dumps({"error": "bad_request", "error_description": "The request cannot be read."}).encode()
        self.send_response_only(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Write nothing: the applications log what is worth it."""


class _Server(ThreadedWSGIServer):
    request_queue_size = 512
    daemon_threads = True


class Server:
    """An application being served. Close it to free its port."""

    def __init__(self, application: WSGIApplication, host: str = "127.0.0.1", port: int = 0) -> None:
        """
        Start serving *application* on *port* (0: any free one).

        Raises:
            SystemExit: The port is taken; stderr says so.
        """
        self._server = _Server(host, port, application, handler=_RequestHandler)
        self.host = host
        self.port: int = self._server.port
        self.url = f"http://{host}:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name=self.url, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening and wait until the port is free."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
