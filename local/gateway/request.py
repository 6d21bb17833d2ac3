"""A request as API Gateway sees it, before any function does."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from local.web import HEADERS

if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment

LARGEST_BODY = 10 * 1024 * 1024
"""Bytes. Source: AWS, "Amazon API Gateway quotas", payload size."""


class BodyTooLargeError(Exception):
    """The body has more than `LARGEST_BODY` bytes."""


@dataclass(frozen=True)
class Request:
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


def read_request(environ: WSGIEnvironment) -> Request:
    """Return the request that *environ* holds, without its body."""
    return Request(
        method=environ["REQUEST_METHOD"],
        path=_decoded(environ.get("PATH_INFO", "")) or "/",
        query=tuple(parse_qsl(_decoded(environ.get("QUERY_STRING", "")), keep_blank_values=True)),
        headers=tuple(environ[HEADERS]),
        source_ip=environ.get("REMOTE_ADDR", "127.0.0.1"),
        protocol=environ.get("SERVER_PROTOCOL", "HTTP/1.1"),
    )


def read_body(environ: WSGIEnvironment) -> bytes:
    """
    Return the request's body.

    Raises:
        BodyTooLargeError: It is too large, or says so; what follows is not read.
    """
    stream: Any = environ["wsgi.input"]
    said = environ.get("CONTENT_LENGTH") or "0"
    length = int(said) if said.isdecimal() else 0
    if length > LARGEST_BODY:
        raise BodyTooLargeError
    if not environ.get("wsgi.input_terminated"):
        return bytes(stream.read(length)) if length else b""
    body = bytes(stream.read(LARGEST_BODY + 1))
    if len(body) > LARGEST_BODY:
        raise BodyTooLargeError
    return body


def _decoded(text: str) -> str:
    # WSGI hands bytes over as Latin-1.
    return text.encode("latin-1").decode("utf-8", "replace")
