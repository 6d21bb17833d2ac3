"""
Call a WSGI application for what uvicorn receives: an HTTP request through a2wsgi, and what asks for a WebSocket.

The application answers both alike, so that all that stands before it is passed by both. It opens a WebSocket by
answering with `websocket.WebSocketUpgrade`; any other answer refuses it.
"""

from __future__ import annotations

import asyncio
import io
import logging
import sys
import threading
from concurrent.futures import Executor, Future
from email.utils import formatdate
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes, urlsplit

from a2wsgi import WSGIMiddleware
from a2wsgi.wsgi import build_environ
from h11 import LocalProtocolError
from werkzeug.exceptions import InternalServerError
from werkzeug.test import run_wsgi_app

from local.http.websocket import UPGRADE, Upgrade, serve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from local.http.connection import HttpConnection, WebSocketProtocol

    Connection = HttpConnection | WebSocketProtocol

HEADERS = "local.headers"
"""The key in a WSGI environment under which the request's headers are, as a list of (name, value), as sent."""

CONNECTION = "local.connection"
"""The key in an ASGI scope under which the `connection` is."""

_logger = logging.getLogger(__name__)


class _Threads(Executor):
    """A thread for each call: one that waits for minutes holds up neither the others nor the end of the program."""

    def submit(self, call: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        future: Future[Any] = Future()

        def run() -> None:
            try:
                future.set_result(call(*arguments, **named))
            except BaseException as error:  # noqa: BLE001 - as `ThreadPoolExecutor` does: it is raised by `result`
                future.set_exception(error)

        threading.Thread(target=run, daemon=True).start()
        return future


class Adapter:
    """A WSGI application as one for `connection`."""

    def __init__(self, application: WSGIApplication) -> None:
        """Take the application. If it raises ConnectionError, the connection is closed without an answer."""
        self._application = application
        self._threads = _Threads()
        self._http = WSGIMiddleware(self._run)  # type: ignore[arg-type]
        self._http.executor.shutdown()
        self._http.executor = self._threads  # type: ignore[assignment]

    async def __call__(self, connection: Connection, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        scope = {**scope, "headers": _without_ambiguous(scope["headers"]), CONNECTION: connection}
        try:
            if scope["type"] == "http":
                await self._http(scope, _raising_if_gone(receive), _dated(_closing_if_wrong(send, connection)))
            else:
                await self._open(scope, receive, _dated(send))
        except ConnectionError:
            connection.transport.close()
            # Until the connection is gone, because uvicorn would otherwise answer in the application's place.
            while not (await receive())["type"].endswith(".disconnect"):
                pass

    async def _open(self, scope: Any, receive: Any, send: Any) -> None:
        await receive()
        upgrade = Upgrade(tuple(scope["subprotocols"]))
        http_scope = {**scope, "method": "GET", "scheme": scope["scheme"].replace("ws", "http")}
        environ = {**_environ(build_environ(http_scope, io.BytesIO())), UPGRADE: upgrade}  # type: ignore[arg-type]
        loop = asyncio.get_running_loop()
        pieces, status, headers = await loop.run_in_executor(
            self._threads, lambda: run_wsgi_app(self._caught, environ, buffered=True)
        )
        if upgrade.serve is not None:
            await serve(upgrade, receive, send)
            return
        encoded = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.to_wsgi_list()]
        await send({"type": "websocket.http.response.start", "status": int(status[:3]), "headers": encoded})
        await send({"type": "websocket.http.response.body", "body": b"".join(pieces)})

    def _run(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Call the application, in a thread of `_threads`."""
        return _Pieces(self._caught(_environ(environ), start_response), environ["asgi.scope"][CONNECTION])

    def _caught(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        try:
            return self._application(environ, start_response)
        except ConnectionError:
            raise
        except Exception:
            _logger.exception("An application failed in %s %s", environ["REQUEST_METHOD"], environ["PATH_INFO"])
            return InternalServerError()(environ, start_response)


class _Pieces:
    """The pieces of an answer, until the client is gone: an answer may be endless."""

    def __init__(self, pieces: Iterable[bytes], connection: Connection) -> None:
        self._pieces = pieces
        self._connection = connection

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            if self._connection.is_closing:
                raise ConnectionAbortedError("The client is gone.")
            yield piece

    def close(self) -> None:
        """PEP 3333: the server has to call it."""
        getattr(self._pieces, "close", lambda: None)()


def _without_ambiguous(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    # WSGI turns "-" into "_", so that `X_Forwarded_For` would pass for `X-Forwarded-For`.
    return [(name, value) for name, value in headers if b"_" not in name]


def _raising_if_gone(receive: Any) -> Any:
    async def receive_more() -> Any:
        message = await receive()
        if message["type"] == "http.disconnect":
            # a2wsgi would take what has arrived for the whole body.
            raise ConnectionAbortedError("The client is gone.")
        return message

    return receive_more


def _closing_if_wrong(send: Any, connection: Connection) -> Any:
    async def send_on(message: Any) -> None:
        try:
            await send(message)
        except LocalProtocolError:
            # The body is not as long as its Content-Length says: only the end of the connection tells the client.
            connection.transport.close()

    return send_on


def _dated(send: Any) -> Any:
    async def send_on(message: Any) -> None:
        if message["type"] in ("http.response.start", "websocket.http.response.start"):
            # uvicorn's own is as old as a second, or more on a busy machine. Clients read a server's clock from it.
            date = (b"date", formatdate(usegmt=True).encode())
            message = {**message, "headers": [date, *message["headers"]]}
        await send(message)

    return send_on


def _environ(environ: Any) -> WSGIEnvironment:
    """Return a2wsgi's *environ* with what it leaves out, or has from a path that is decoded already."""
    scope = environ["asgi.scope"]
    target = urlsplit(scope["raw_path"].decode("ascii")) if scope["raw_path"][:1] != b"/" else None
    path = target.path if target else scope["raw_path"].decode("ascii")
    query = f"?{environ['QUERY_STRING']}" if environ["QUERY_STRING"] else ""
    changes = {
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "REQUEST_URI": path + query,
        "RAW_URI": path + query,
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        HEADERS: scope[CONNECTION].sent_headers,
    }
    if target and target.netloc:  # a request line with a whole address (RFC 9112, 3.2.2)
        changes["HTTP_HOST"] = target.netloc
    return {**environ, **changes}
