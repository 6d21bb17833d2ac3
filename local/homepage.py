"""What is on the API's address: the page to try it, and the API."""

from __future__ import annotations

import html
from pathlib import Path
from typing import TYPE_CHECKING

from werkzeug.wrappers import Response

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

PAGE = Path(__file__).with_name("page.html")


class Site:
    """
    A WSGI application that answers 503 until it is opened.

    The page is the local stack's own and no part of the API: `GET /` never reaches the gateway.
    """

    def __init__(self) -> None:
        self._page = ""
        self._api: WSGIApplication = Response("Starting.\n", status=503, headers={"Retry-After": "1"})

    def open(self, api: WSGIApplication, addresses: Mapping[str, str]) -> None:
        """Serve *api* from now on; the page tells the *addresses*."""
        self._page = page(addresses)
        self._api = api

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        if self._page and environ["REQUEST_METHOD"] == "GET" and environ.get("PATH_INFO") == "/":
            return Response(self._page, mimetype="text/html")(environ, start_response)
        return self._api(environ, start_response)


def page(addresses: Mapping[str, str]) -> str:
    """Return the page, in which each `{{name}}` has become the address of that name."""
    text = PAGE.read_text(encoding="utf-8")
    for name, address in addresses.items():
        text = text.replace("{{" + name + "}}", html.escape(address))
    return text
