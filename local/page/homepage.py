"""Serve the page to try the service, on the API's address and beside the API."""

from __future__ import annotations

import html
import json
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
    "/local/camera.js": PAGE / "camera.js",
    "/local/calls.js": PAGE / "calls.js",
    "/local/channel.js": PAGE / "channel.js",
    "/local/faults.js": PAGE / "faults.js",
    "/local/messaging.js": PAGE / "messaging.js",
    "/local/people.js": PAGE / "people.js",
    "/local/room.js": PAGE / "room.js",
    "/local/wire.js": PAGE / "wire.js",
    **{f"/local/web_client/{file.name}": file for file in sorted((ROOT / "web_client" / "src").glob("*.js"))},
    "/local/aws-sdk.js": ROOT / ".build" / "page" / "aws-sdk.js",
    "/local/chime-sdk.js": ROOT / ".build" / "page" / "chime-sdk.js",
}
"""The page's files. `make page` builds the last two, which are missing where Node.js is not installed."""
AWS_PATHS = {f"/local/aws/{name}": f"/local/{name}" for name in ("calls", "channels", "faults")}
"""The paths under which the page reaches the control paths of the AWS endpoint."""


class Site:
    """
    A WSGI application with the page and the API. It answers 503 until it is opened.

    The page belongs to the local stack and not to the API, so its paths do not reach the gateway. The page sets faults
    of AWS, lists its calls and opens channels through its own origin, because the AWS endpoint lets no page read such
    answers.
    `http.same_origin` keeps other pages from doing so.
    """

    def __init__(self) -> None:
        self._texts: Mapping[str, str] = {}
        self._api = self._aws = cast(
            "WSGIApplication", Response("Starting.\n", status=503, headers={"Retry-After": "1"})
        )

    def open(self, api: WSGIApplication, aws: WSGIApplication, addresses: Mapping[str, str], **has: bool) -> None:
        """
        Serve *api* from now on. The page shows the *addresses* and gets its control paths from *aws*.

        *has* says whether there are `rooms`, in which calls can be held, and whether the issuer invites `guests`.
        """
        self._texts = {**addresses, **{name: json.dumps(there) for name, there in has.items()}}
        self._api, self._aws = api, aws

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        path = environ.get("PATH_INFO", "")
        if path in AWS_PATHS:
            return self._aws({**environ, "PATH_INFO": AWS_PATHS[path]}, start_response)
        file = PATHS.get(path) if environ["REQUEST_METHOD"] == "GET" else None
        if self._texts and file and file.is_file():
            return _response(file, self._texts)(environ, start_response)
        return self._api(environ, start_response)


def _response(file: Path, texts: Mapping[str, str]) -> Response:
    # Not cached, so that a change of a file is seen when the page is loaded again.
    headers = {"Cache-Control": "no-cache"}
    if file.suffix == ".html":
        return Response(page(file, texts), mimetype="text/html", headers=headers)
    return Response(file.read_bytes(), mimetype=mimetypes.types_map[file.suffix], headers=headers)


def page(file: Path, texts: Mapping[str, str]) -> str:
    """Return the text of *file*, with each `{{name}}` replaced by the text of that name."""
    text = file.read_text(encoding="utf-8")
    for name, value in texts.items():
        text = text.replace("{{" + name + "}}", html.escape(value))
    return text
