"""Refuse requests for other names than this machine's: with one of its own a web page gets here (DNS rebinding)."""

from __future__ import annotations

import json
import re
from ipaddress import ip_address
from typing import TYPE_CHECKING

from werkzeug.wrappers import Request, Response

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

NAMES = ("localhost", "host.docker.internal", "host.containers.internal")
"""What this machine is called by itself, and in containers of Docker and Podman."""

AWS_DOMAIN = ".amazonaws.com"
"""AWS's own names, which a browser can be told to look for here. In a strange network, its DNS can say so, too."""

CONTROL = "/local/"
"""What is under it is no service of AWS, and not for AWS's names: nothing there asks for a signature."""

_HOST = re.compile(r"([a-z0-9.-]+|\[[0-9a-f:.]+\])(:\d{1,5})?", re.IGNORECASE | re.ASCII)


class HostGuard:
    """
    A WSGI application before another: refuses what is for a name that is not this machine's, and passes all else on.

    A page of http://evil.example:3000 can have its own name lead to 127.0.0.1 while it is open. To the browser it then
    is of the stack's origin, and may read all answers; but its requests still say `Host: evil.example:3000`. Addresses
    are as good as our names, because DNS has no say in them.
    """

    def __init__(self, application: WSGIApplication, domain: str | None = None) -> None:
        """Take what to pass requests on to, and a *domain* (`.amazonaws.com`) that is its own but for `CONTROL`."""
        self._application = application
        self._domain = domain

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request, be it one that becomes a WebSocket."""
        if self._is_own(environ.get("HTTP_HOST", ""), Request(environ, populate_request=False).path):
            return self._application(environ, start_response)
        return _refusal()(environ, start_response)

    def _is_own(self, host: str, path: str) -> bool:
        found = _HOST.fullmatch(host)
        if found is None:
            return False
        name = found[1].lower()
        if name in NAMES or _is_address(name):
            return True
        return self._domain is not None and name.endswith(self._domain) and not path.startswith(CONTROL)


def _is_address(name: str) -> bool:
    try:
        ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def _refusal() -> Response:
    said = {"error": "bad_request", "error_description": "This is localhost, and answers to no such name."}
    return Response(json.dumps(said), 421, {"Cache-Control": "no-store"}, content_type="application/json")
