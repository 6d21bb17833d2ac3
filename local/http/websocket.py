"""
Serve WebSocket (RFC 6455), as an application of the event loop that its server runs.

A WSGI application opens one by answering with `WebSocketUpgrade`, after whatever checks stand before it: it gets the
request's path, query and headers from its environ as for any other, and by `asked_subprotocols(environ)` what the
client speaks. Then a coroutine of the application serves it, in the server's event loop, beside all other connections:

    async def echo(websocket: WebSocket) -> None:
        while True:                                     # until the client goes: `receive` then raises
            websocket.send(await websocket.receive())   # text is str, binary messages are bytes

    def answer(request: Request) -> Response:
        if request.args.get("token") != "right":
            return Response(status=403)                 # the handshake fails with this status
        return WebSocketUpgrade(request.environ, echo, subprotocol="echo")

To refuse with a close code, serve with `lambda websocket: websocket.refuse(4401, "reason")`: browsers tell their page
the close code of a WebSocket, and nothing of a handshake that failed.

The coroutine must not block (`asyncio.to_thread` for what does), and must go on receiving while the WebSocket is open,
because pings and the client's close arrive in the same order. `send` and `close` may be called from every thread.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Response

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable
    from wsgiref.types import StartResponse, WSGIEnvironment

UPGRADE = "local.upgrade"
"""The key in a WSGI environment under which an `Upgrade` is, if the request asks for a WebSocket."""

NORMAL, INTERNAL_ERROR = 1000, 1011
_logger = logging.getLogger(__name__)


class WebSocketClosedError(Exception):
    """The WebSocket is closed, by either side. `code` is the close code; 1005 and 1006 if the client sent none."""

    def __init__(self, code: int) -> None:
        """Take the close code."""
        super().__init__(f"The WebSocket was closed with {code}.")
        self.code = code


class WebSocket:
    """An open WebSocket."""

    def __init__(self, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]) -> None:
        """Take ASGI's functions. This is for `serve`."""
        self._receive = receive
        self._send = send
        self._loop = asyncio.get_running_loop()
        self._outbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def receive(self) -> str | bytes:
        """
        Return the next message of the client.

        Raises:
            WebSocketClosedError: There is none. A coroutine that serves this WebSocket need not catch it.
        """
        message = await self._receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketClosedError(message.get("code", 1005))
        text: str | None = message.get("text")
        return text if text is not None else bytes(message["bytes"])

    async def until_closed(self) -> None:
        """Drop what the client sends until either side closes."""
        with suppress(WebSocketClosedError):
            while True:
                await self.receive()

    async def refuse(self, code: int, reason: str = "") -> None:
        """Close at once, and wait for the client to agree."""
        self.close(code, reason)
        await self.until_closed()

    def send(self, message: str | bytes) -> None:
        """Queue a text message or a binary one. Nothing is sent after `close`."""
        self._enqueue({"type": "websocket.send", "text" if isinstance(message, str) else "bytes": message})

    def close(self, code: int = NORMAL, reason: str = "") -> None:
        """Queue the end, with a close code (RFC 6455, 7.4) and a reason of 123 bytes at most."""
        self._enqueue({"type": "websocket.close", "code": code, "reason": reason})

    async def write(self) -> None:
        """Send what is queued, up to the end. This is for `serve`."""
        with suppress(OSError):  # the client is gone
            kind = ""
            while kind != "websocket.close":
                message = await self._outbox.get()
                kind = message["type"]
                await self._send(message)

    def _enqueue(self, message: dict[str, Any]) -> None:
        with suppress(RuntimeError):  # the server is closed, and its loop with it
            self._loop.call_soon_threadsafe(self._outbox.put_nowait, message)


@dataclass
class Upgrade:
    """A request for a WebSocket: the subprotocols that the client speaks, and the application's answer."""

    subprotocols: tuple[str, ...]
    serve: Callable[[WebSocket], Awaitable[None]] | None = None
    subprotocol: str | None = None


class WebSocketUpgrade(Response):
    """A response that turns its connection into a WebSocket; 426 if the request does not ask for one."""

    def __init__(
        self,
        environ: WSGIEnvironment,
        serve: Callable[[WebSocket], Awaitable[None]],
        status: int = 101,
        subprotocol: str | None = None,
    ) -> None:
        """
        Take the request, and the coroutine function that serves the WebSocket.

        *status* is what is recorded for the request. *subprotocol* is one of those that the client speaks.
        """
        self._serve = serve
        self._subprotocol = subprotocol
        if UPGRADE in environ:
            super().__init__(status=status)
        else:
            super().__init__("This address speaks WebSocket.\n", 426, {"Upgrade": "websocket"})

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Tell the server to open the WebSocket."""
        if UPGRADE in environ:
            environ[UPGRADE].serve, environ[UPGRADE].subprotocol = self._serve, self._subprotocol
        return super().__call__(environ, start_response)


def asked_subprotocols(environ: WSGIEnvironment) -> tuple[str, ...]:
    """Return the subprotocols that the client speaks, in its order of preference; empty if it asks for no WebSocket."""
    upgrade = environ.get(UPGRADE)
    return upgrade.subprotocols if upgrade else ()


async def serve(upgrade: Upgrade, receive: Any, send: Any) -> None:
    """Accept the WebSocket, and run what the application answered with until it ends, between ASGI's functions."""
    assert upgrade.serve is not None  # noqa: S101 - for mypy: the caller has checked it
    await send({"type": "websocket.accept", "subprotocol": upgrade.subprotocol})
    websocket = WebSocket(receive, send)
    writer = asyncio.create_task(websocket.write())
    try:
        await upgrade.serve(websocket)
        websocket.close()
    except WebSocketClosedError:
        websocket.close()
    except Exception:
        _logger.exception("A WebSocket failed")
        websocket.close(INTERNAL_ERROR)
    await writer
