"""What is on the API's address: the page to try it, and the API."""

from __future__ import annotations

import html
import mimetypes
from pathlib import Path
from typing import TYPE_CHECKING, cast

from werkzeug.wrappers import Response

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

PAGE = Path(__file__).resolve().parent
ROOT = PAGE.parents[1]
PATHS = {
    "/": PAGE / "index.html",
    "/local/page.css": PAGE / "page.css",
    "/local/page.js": PAGE / "page.js",
    "/local/calls.js": PAGE / "calls.js",
    "/local/faults.js": PAGE / "faults.js",
    "/local/wire.js": PAGE / "wire.js",
    "/local/chime-signin.js": ROOT / "web_client" / "chime-signin.js",
    "/local/aws-sdk.js": ROOT / ".build" / "page" / "aws-sdk.js",
}
"""What the page consists of. `make page` builds the last one, which is missing where Node.js is."""
AWS = {"/local/aws/faults": "/local/faults", "/local/aws/calls": "/local/calls"}
"""What the page is told and may switch of AWS, and where AWS has it."""


class Site:
    """
    A WSGI application that answers 503 until it is opened.

    The page is the local stack's own and no part of the API: its paths never reach the gateway. The page switches the
    faults of AWS, and sees its calls, by way of its own origin, as AWS lets no page read its answers there; `origins`
    refuses other pages.
    """

    def __init__(self) -> None:
        self._addresses: Mapping[str, str] = {}
        self._api = self._aws = cast(
            "WSGIApplication", Response("Starting.\n", status=503, headers={"Retry-After": "1"})
        )

    def open(self, api: WSGIApplication, aws: WSGIApplication, addresses: Mapping[str, str]) -> None:
        """Serve *api* from now on; the page tells the *addresses*, and what it asks of *aws* gets there."""
        self._addresses = addresses
        self._api, self._aws = api, aws

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        path = environ.get("PATH_INFO", "")
        if path in AWS:
            return self._aws({**environ, "PATH_INFO": AWS[path]}, start_response)
        file = PATHS.get(path) if environ["REQUEST_METHOD"] == "GET" else None
        if self._addresses and file and file.is_file():
            return _response(file, self._addresses)(environ, start_response)
        return self._api(environ, start_response)


def _response(file: Path, addresses: Mapping[str, str]) -> Response:
    # What is changed while the stack runs is seen at the next load.
    kept = {"Cache-Control": "no-cache"}
    if file.suffix == ".html":
        return Response(page(file, addresses), mimetype="text/html", headers=kept)
    return Response(file.read_bytes(), mimetype=mimetypes.types_map[file.suffix], headers=kept)


def page(file: Path, addresses: Mapping[str, str]) -> str:
    """Return *file*, in which each `{{name}}` has become the address of that name."""
    text = file.read_text(encoding="utf-8")
    for name, address in addresses.items():
        text = text.replace("{{" + name + "}}", html.escape(address))
    return text
