"""uvicorn's HTTP and WebSocket connections, with what ASGI does not pass on: the connection, and headers as sent."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

if TYPE_CHECKING:
    import asyncio

_UNREADABLE = json.dumps({"error": "bad_request", "error_description": "The request cannot be read."}).encode()


class _Parser(h11.Connection):
    """h11's parser, which remembers the headers of the request that is answered now as they were sent."""

    headers: list[tuple[bytes, bytes]]

    status = 400
    """How to answer what cannot be parsed."""

    def next_event(self) -> Any:
        try:
            event = super().next_event()
        except h11.RemoteProtocolError as error:
            self.status = error.error_status_hint
            raise
        if isinstance(event, h11.Request):
            _check_target(event.target.decode("ascii"))
            _check_length({name for name, _ in event.headers})
            self.headers = event.headers.raw_items()
        return event


def _check_target(target: str) -> None:
    """
    Refuse a request line with an address that is none, such as `http://[::1`; h11 leaves that to its users.

    Raises:
        RemoteProtocolError: It is one.
    """
    try:
        if not target.startswith("/"):
            urlsplit(target)
    except ValueError as error:
        raise h11.RemoteProtocolError("The request line has no address.") from error


def _check_length(names: set[bytes]) -> None:
    """
    Refuse a body of two lengths: what stands between may see another request in it (RFC 9112, 6.1).

    Raises:
        RemoteProtocolError: It has both.
    """
    if {b"content-length", b"transfer-encoding"} <= names:
        raise h11.RemoteProtocolError("There are both Content-Length and Transfer-Encoding.")


class HttpConnection(H11Protocol):
    """One connection. The application gets it before the three arguments of ASGI."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin."""
        super().connection_made(transport)
        self.conn = self._parser = _Parser(h11.SERVER, self.config.h11_max_incomplete_event_size or 0)
        self.app = partial(self.app, self)

    @property
    def sent_headers(self) -> list[tuple[str, str]]:
        """The request's headers in the order and spelling in which they were sent, also if a name occurs twice."""
        return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in self._parser.headers]

    @property
    def is_closing(self) -> bool:
        """Whether nothing that is sent from now on can arrive."""
        return self.transport.is_closing()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's parameter
        """Answer a request that cannot be parsed or has over 64 KiB of headers. No application gets it."""
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(_UNREADABLE)))]
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            response = h11.Response(status_code=self._parser.status, headers=[*headers, ("Connection", "close")])
            for event in (response, h11.Data(data=_UNREADABLE), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """One WebSocket. The application gets it before the three arguments of ASGI."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        super().connection_made(transport)
        self.app = partial(self.app, self)

    @property
    def sent_headers(self) -> list[tuple[str, str]]:
        """The request's headers. Their names are in lower case."""
        return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in self.scope["headers"]]

    @property
    def is_closing(self) -> bool:
        """Whether nothing that is sent from now on can arrive."""
        return self.transport.is_closing()

    def shutdown(self) -> None:
        """Close it, because the server ends."""
        # After the client's close frame uvicorn would try to send another one, and raise.
        if not self.is_closing:
            super().shutdown()
