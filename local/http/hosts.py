"""Refuse requests whose Host is not this machine, because a web page could otherwise read answers (DNS rebinding)."""

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
"""The names of this machine: its own, and those that containers of Docker and Podman use."""

AWS_DOMAINS = (".amazonaws.com", ".chime.aws")
"""
AWS's names, `chime.aws` for WebSockets and media, which a browser can be told to resolve to this machine. An untrusted
network's DNS can do that, too.
"""

BUCKET_DOMAIN = ".localhost"
"""Of the names by which SDKs call the buckets at `localhost`: `files.localhost`, this machine too (RFC 6761, 6.3)."""

CONTROL = "/local/"
"""Paths that control the local stack. They are not AWS's, need no signature, and are refused under AWS's names."""

_HOST = re.compile(r"([a-z0-9.-]+|\[[0-9a-f:.]+\])(:\d{1,5})?", re.IGNORECASE | re.ASCII)


class HostGuard:
    """
    A WSGI middleware that answers 421 to requests for names that are not this machine's, and passes the others on.

    The owner of evil.example can point that name at 127.0.0.1 while a page of http://evil.example:3000 is open. To the
    browser the page and the local stack then have one origin, so the page may read all answers. But its requests still
    have `Host: evil.example:3000`. IP addresses are accepted, because they do not go through DNS.
    """

    def __init__(self, application: WSGIApplication, domains: tuple[str, ...] = ()) -> None:
        """Take the next application, and *domains* (`.amazonaws.com`) whose names reach all paths but `CONTROL`."""
        self._application = application
        self._domains = domains

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request, which may also be the one that opens a WebSocket."""
        if self._is_accepted(environ.get("HTTP_HOST", ""), Request(environ, populate_request=False).path):
            return self._application(environ, start_response)
        return _misdirected()(environ, start_response)

    def _is_accepted(self, host: str, path: str) -> bool:
        found = _HOST.fullmatch(host)
        if found is None:
            return False
        name = found[1].lower()
        if name in NAMES or _is_address(name):
            return True
        return name.endswith(self._domains) and not path.startswith(CONTROL)


def _is_address(name: str) -> bool:
    try:
        ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def _misdirected() -> Response:
    body = {"error": "bad_request", "error_description": "This is localhost, and answers to no such name."}
    return Response(json.dumps(body), 421, {"Cache-Control": "no-store"}, content_type="application/json")
