"""An issuer on loopback that serves any document that a test gives it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request, Response

from local.http.server import Server

if TYPE_CHECKING:
    import ssl
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
