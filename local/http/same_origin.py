"""Let only the local stack's own page change what is under `/local/`, because these paths need no credentials."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from werkzeug.wrappers import Request, Response

from local.http.hosts import CONTROL

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

_HTTP_PORT = 80
_SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}


def origin(host: str, port: int) -> str:
    """Return the origin of pages that *host* serves over HTTP on *port*. Browsers omit port 80 (RFC 6454, 6.2)."""
    return f"http://{host}" if port == _HTTP_PORT else f"http://{host}:{port}"


class SameOriginGuard:
    """
    A WSGI middleware that answers 403 to changes that pages of other origins ask for, and passes all else on.

    Browsers send the header Origin with every POST and DELETE, also with `no-cors` and from forms
    (https://fetch.spec.whatwg.org, 3.2). Requests without that header come from other programs, and are passed on.
    """

    def __init__(self, application: WSGIApplication, origins: Collection[str]) -> None:
        """Take the next application, and the *origins* of the stack's own page, which may be added later."""
        self._application = application
        self._origins = origins

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        request = Request(environ, populate_request=False)
        changes = request.path.startswith(CONTROL) and request.method not in _SAFE_METHODS
        if changes and request.headers.get("Origin") not in (None, *self._origins):
            return _forbidden()(environ, start_response)
        return self._application(environ, start_response)


def _forbidden() -> Response:
    body = {"error": "forbidden", "error_description": "Of all web pages, only the stack's own may change this."}
    return Response(json.dumps(body), 403, {"Cache-Control": "no-store"}, content_type="application/json")
