"""An issuer on loopback that serves any document that a test gives it."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request, Response

from local.http.server import Server
from tests.tokens import rsa_signer

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator
    from wsgiref.types import StartResponse, WSGIEnvironment


class Issuer:
    """Serves a document for each path, and keeps the paths that were asked for, with their queries."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.documents: dict[str, Any] = {}
        self.asked: list[str] = []
        self.server = Server(self, tls=tls)
        self.url = self.server.url if tls is None else self.server.url.replace("http:", "https:")

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Any:
        request = Request(environ)
        self.asked.append(request.full_path.removesuffix("?"))
        document = self.documents.get(request.path)
        document = document() if callable(document) and not isinstance(document, Response) else document
        response = document if isinstance(document, Response) else self._json(document)
        return response(environ, start_response)

    def serve(self, path: str, document: Any) -> str:
        """Serve *document* at *path*, and return the address: JSON, a response, or a function that returns one."""
        self.documents[path] = document
        return self.url + path

    @staticmethod
    def _json(document: Any) -> Response:
        status = 404 if document is None else 200
        return Response(json.dumps(document), status, content_type="application/json")


class Late(BaseHTTPRequestHandler):
    """An issuer's server whose clock is years ahead."""

    def do_GET(self) -> None:
        host = f"http://{self.headers['Host']}"
        jwks = {"keys": [rsa_signer().jwk]}
        document = jwks if self.path == "/keys" else {"issuer": host, "jwks_uri": f"{host}/keys"}
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(document).encode())

    def date_time_string(self, timestamp: float | None = None) -> str:
        return "Fri, 01 Jan 2055 00:00:00 GMT"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name
        pass


@contextmanager
def years_ahead() -> Iterator[str]:
    """Return the address of an issuer whose documents are good, and whose clock is years ahead."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Late) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
