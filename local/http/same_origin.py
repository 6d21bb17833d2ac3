"""Keep web pages of other origins from changing the stack under `/local/`, where nothing else asks who is calling."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from werkzeug.wrappers import Request, Response

from local.http.hosts import CONTROL

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

_HTTP = 80
_HARMLESS = {"GET", "HEAD", "OPTIONS"}


def origin(host: str, port: int) -> str:
    """Return the origin of pages that *host* serves over HTTP on *port*; browsers leave 80 out (RFC 6454, 6.2)."""
    return f"http://{host}" if port == _HTTP else f"http://{host}:{port}"


class SameOriginGuard:
    """
    A WSGI application before another: refuses what is not for the page that asks, and passes all else on.

    Browsers name a page's origin in every POST and DELETE, `no-cors` and forms included: https://fetch.spec.whatwg.org,
    3.2. Programs that are no browsers name none.
    """

    def __init__(self, application: WSGIApplication, origins: Collection[str]) -> None:
        """Take the *origins* of the stack's own page; they may be filled in later."""
        self._application = application
        self._origins = origins

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        request = Request(environ, populate_request=False)
        changes = request.path.startswith(CONTROL) and request.method not in _HARMLESS
        if changes and request.headers.get("Origin") not in (None, *self._origins):
            return _refusal()(environ, start_response)
        return self._application(environ, start_response)


def _refusal() -> Response:
    said = {"error": "forbidden", "error_description": "Of all web pages, only the stack's own may change this."}
    return Response(json.dumps(said), 403, {"Cache-Control": "no-store"}, content_type="application/json")
