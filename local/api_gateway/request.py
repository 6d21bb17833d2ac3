"""A request as API Gateway sees it, before any function does."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from local.http.server import HEADERS

if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment


@dataclass(frozen=True)
class HttpRequest:
    """
    A request. Names and order of *headers* are as sent, a name may stand there more than once.

    *received* is in seconds since 1970; *context* collects what only API Gateway knows (`$context`).
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: tuple[tuple[str, str], ...]
    source_ip: str
    protocol: str
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    received: float = field(default_factory=time.time)

    def header(self, name: str) -> str | None:
        """Return the last header of that name, in whatever case it was sent."""
        found = [value for key, value in self.headers if key.lower() == name.lower()]
        return found[-1] if found else None

    def parameter(self, name: str) -> str | None:
        """Return the last query string parameter of that name."""
        return dict(self.query).get(name)


def read_request(environ: WSGIEnvironment) -> HttpRequest:
    """Return the request that *environ* holds, without its body."""
    return HttpRequest(
        method=environ["REQUEST_METHOD"],
        path=_decoded(environ.get("PATH_INFO", "")) or "/",
        query=tuple(parse_qsl(_decoded(environ.get("QUERY_STRING", "")), keep_blank_values=True)),
        headers=tuple(environ[HEADERS]),
        source_ip=environ.get("REMOTE_ADDR", "127.0.0.1"),
        protocol=environ.get("SERVER_PROTOCOL", "HTTP/1.1"),
    )


def _decoded(text: str) -> str:
    # WSGI hands bytes over as Latin-1.
    return text.encode("latin-1").decode("utf-8", "replace")
