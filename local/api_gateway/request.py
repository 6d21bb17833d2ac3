"""An HTTP request as API Gateway receives it."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from local.http.adapter import HEADERS

if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment


@dataclass(frozen=True)
class HttpRequest:
    """
    An HTTP request without its body.

    *path* is as it was sent, percent-encoded or not: REST APIs do not decode it in events. Inferred: nor to find the
    route.
    Source: https://github.com/localstack/localstack/pull/7728, https://github.com/serverless/serverless/issues/5037

    *headers* are (name, value) pairs in the order and spelling in which they were sent; a name may occur more than
    once. *received* is in seconds since 1970.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: tuple[tuple[str, str], ...]
    source_ip: str
    protocol: str
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    received: float = field(default_factory=time.time)

    @property
    def request_time(self) -> str:
        """When it was received, as `$context.requestTime` has it (CLF)."""
        return time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(self.received))

    def header(self, name: str) -> str | None:
        """Return the last header with that name. The case of letters does not matter."""
        found = [value for key, value in self.headers if key.lower() == name.lower()]
        return found[-1] if found else None

    def parameter(self, name: str) -> str | None:
        """Return the last query string parameter with that name."""
        return dict(self.query).get(name)


def read_request(environ: WSGIEnvironment) -> HttpRequest:
    """Return the request in a WSGI *environ*."""
    return HttpRequest(
        method=environ["REQUEST_METHOD"],
        path=environ.get("RAW_URI", "").partition("?")[0] or "/",
        query=tuple(parse_qsl(_decoded(environ.get("QUERY_STRING", "")), keep_blank_values=True)),
        headers=tuple(environ[HEADERS]),
        source_ip=environ.get("REMOTE_ADDR", "127.0.0.1"),
        protocol=environ.get("SERVER_PROTOCOL", "HTTP/1.1"),
    )


def _decoded(text: str) -> str:
    # PEP 3333: WSGI passes bytes as text that was decoded as Latin-1.
    return text.encode("latin-1").decode("utf-8", "replace")
