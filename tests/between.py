"""A proxy between clients and a service on loopback that spoils what passes through it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import urllib3
from werkzeug.wrappers import Request, Response

from local.http.server import Server

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

Spoil = Callable[[Request, Response], Response]
HOP_BY_HOP = ("connection", "content-length", "transfer-encoding", "host")


def as_it_is(_: Request, answer: Response) -> Response:
    return answer


def without(*names: str) -> Spoil:
    """Take headers off each answer."""

    def spoil(_: Request, answer: Response) -> Response:
        for name in names:
            answer.headers.pop(name, None)
        return answer

    return spoil


def always(status: int, body: str, kind: str = "application/json", **headers: str) -> Spoil:
    """Answer everything oneself."""
    return lambda *_: Response(body, status, headers, content_type=kind)


def only(method: str, spoil: Spoil) -> Spoil:
    """Spoil the answers to one method."""
    return lambda request, answer: spoil(request, answer) if request.method == method else answer


class Between:
    """Hands on requests to the service at *base* without the headers *lost*, and answers as *spoil* leaves them."""

    def __init__(self, base: str, spoil: Spoil = as_it_is, lost: tuple[str, ...] = (), tls: Any = None) -> None:
        self._base = base
        self._spoil = spoil
        self._lost = (*HOP_BY_HOP, *lost)
        self.server = Server(self, tls=tls)
        self.url = self.server.url if tls is None else self.server.url.replace("http:", "https:")

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Any:
        request = Request(environ)
        headers = {name: value for name, value in request.headers.items() if name.lower() not in self._lost}
        passed = urllib3.request(
            request.method, self._base + request.full_path, headers=headers, retries=False, redirect=False, timeout=60
        )
        kept = [(name, value) for name, value in passed.headers.items() if name.lower() not in HOP_BY_HOP]
        return self._spoil(request, Response(passed.data, passed.status, kept))(environ, start_response)
