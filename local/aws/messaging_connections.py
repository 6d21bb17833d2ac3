"""
Open WebSockets to Chime SDK messaging: `GET /connect`, after which the events of the user's channels arrive.

Sources: https://docs.aws.amazon.com/chime-sdk/latest/dg/websockets.html for the address, the events and the close
codes; comments in amazon-chime-sdk-js for how a connection is refused: it is opened as a WebSocket and closed at once.
"""

from __future__ import annotations

import asyncio
import threading
from contextlib import ExitStack, contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast

from moto.backends import get_backend
from moto.core.exceptions import ServiceException
from moto.core.utils import utcnow

from local.aws import errors
from local.aws.aws_request import CONNECT, PREFETCH
from local.aws.errors import AwsError
from local.aws.identities import ACCOUNT
from local.http.websocket import WebSocketUpgrade

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from werkzeug.wrappers import Response

    from local.aws.aws_request import AwsRequest
    from local.aws.identities import AssumedSession
    from local.http.websocket import WebSocket

GOING_AWAY = 1001
"""A client may connect again after this close code. That AWS sends it when credentials expire is inferred."""
RESTART = 1012

_FORBIDDEN, _NOT_AUTHORIZED, _TRY_LATER, _INTERNAL = 4003, 4401, 1013, 1011
_FORBIDDEN_ERRORS = {"AccessDeniedException", "ForbiddenException"}


class MessagingConnections:
    """The open WebSockets, and the middleware that opens them."""

    def __init__(self, get_response: Callable[[AwsRequest], Response]) -> None:
        """Take what answers all other operations."""
        self._get_response = get_response
        self._open: dict[WebSocket, dict[str, str]] = {}
        self._lock = threading.Lock()

    def __call__(self, request: AwsRequest) -> Response:
        """Answer with a WebSocket, with an error, or with the response of what comes next."""
        return self._connect(request) if request.name == CONNECT else self._get_response(request)

    def list(self) -> list[dict[str, str]]:
        """Return userArn, sessionId and accessKeyId of each, in the order in which they were opened."""
        with self._lock:
            return list(self._open.values())

    def drop(self, code: int = RESTART) -> None:
        """Close all; by default with the code of a service that restarts, after which clients connect again."""
        with self._lock:
            for websocket in self._open:
                websocket.close(code, "Service restart" if code == RESTART else "")

    def _connect(self, request: AwsRequest) -> Response:
        assert request.caller is not None  # noqa: S101 - for mypy: the request is authenticated
        assert request.authorization is not None  # noqa: S101 - as above
        session, parameters = request.caller.session, request.parameters or {}
        user_arn = parameters["userArn"]
        # By its name in moto, because the same module imported from `local.chime` would have a state of its own.
        backend = get_backend(cast("Any", "chimesdkmessaging"))[ACCOUNT][request.authorization.region]
        try:
            backend.check_user(user_arn)
        except ServiceException as error:
            return errors.error_response(request, AwsError(error.code, error.message))
        description = {name: parameters[name] for name in ("userArn", "sessionId")}
        description["accessKeyId"] = request.caller.access_key_id
        prefetch = [parameters.get(name, "") for name in PREFETCH]

        async def serve(websocket: WebSocket) -> None:
            with ExitStack() as cleanup:
                if session is not None:
                    cleanup.enter_context(_closed_when_expired(session, websocket))
                cleanup.enter_context(self._listed(websocket, description))
                # Last, because it sends the first event, after which everything else is taken to be done.
                # In a thread, because it waits for the service's lock.
                cleanup.callback(await asyncio.to_thread(backend.connect, user_arn, websocket.send, *prefetch))
                await websocket.until_closed()

        return WebSocketUpgrade(request.http_request.environ, serve)

    @contextmanager
    def _listed(self, websocket: WebSocket, description: dict[str, str]) -> Iterator[None]:
        with self._lock:
            self._open[websocket] = description
        try:
            yield
        finally:
            with self._lock:
                del self._open[websocket]


def closing_upgrade(request: AwsRequest, response: Response) -> Response:
    """Return a WebSocket that is closed at once, with the close code that stands for an error *response*."""
    if response.headers.get("x-amzn-ErrorType") in _FORBIDDEN_ERRORS:
        code = _FORBIDDEN
    elif response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
        code = _TRY_LATER
    else:
        code = _INTERNAL if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR else _NOT_AUTHORIZED

    async def serve(websocket: WebSocket) -> None:
        await websocket.refuse(code, response.headers.get("x-amzn-ErrorType", ""))

    return WebSocketUpgrade(request.http_request.environ, serve, response.status_code)


@contextmanager
def _closed_when_expired(session: AssumedSession, websocket: WebSocket) -> Iterator[None]:
    remaining = (session.expiration - utcnow()).total_seconds()
    timer = threading.Timer(remaining, websocket.close, (GOING_AWAY, "The credentials have expired"))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
