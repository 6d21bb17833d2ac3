"""
Let users connect to messaging: `GET /connect` becomes a WebSocket on which the events of their channels arrive.

Sources: https://docs.aws.amazon.com/chime-sdk/latest/dg/websockets.html for the address, the events and the codes, and
the comments of amazon-chime-sdk-js for a refusal, which is a WebSocket that is closed at once.
"""

from __future__ import annotations

import threading
from contextlib import ExitStack, contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast

from moto.backends import get_backend
from moto.core.exceptions import ServiceException
from moto.core.utils import utcnow

from local.aws import errors
from local.aws.call import CONNECT
from local.aws.callers import ACCOUNT
from local.aws.errors import AwsError
from local.http.websocket import WebSocketUpgrade

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from werkzeug.wrappers import Response

    from local.aws.call import Call
    from local.aws.sessions import Session
    from local.http.websocket import WebSocket

ESTABLISHED = '{"Headers": {"x-amz-chime-event-type": "SESSION_ESTABLISHED", "x-amz-chime-message-type": "SYSTEM"}}'
GOING_AWAY = 1001
"""Of those with which a client may come back, the one that asks for nothing else; that AWS says so is inferred."""
RESTART = 1012

_FORBIDDEN, _NOT_AUTHORIZED, _TRY_LATER, _INTERNAL = 4003, 4401, 1013, 1011
_FORBIDDING = {"AccessDeniedException", "ForbiddenException"}


class Connections:
    """Those that are open, and the layer that opens them."""

    def __init__(self, following: Callable[[Call], Response]) -> None:
        """Take the next layer, which answers everything else."""
        self._following = following
        self._open: dict[WebSocket, dict[str, str]] = {}
        self._lock = threading.Lock()

    def __call__(self, call: Call) -> Response:
        """Answer with a WebSocket, with a refusal, or with the next layer's response."""
        return self._connected(call) if call.name == CONNECT else self._following(call)

    def list(self) -> list[dict[str, str]]:
        """Return userArn, sessionId and accessKeyId of each, in the order in which they were opened."""
        with self._lock:
            return list(self._open.values())

    def drop(self) -> None:
        """Close all, as a restart of the service would: clients come back."""
        with self._lock:
            for opened in self._open:
                opened.close(RESTART, "Service restart")

    def _connected(self, call: Call) -> Response:
        assert call.caller is not None  # noqa: S101 - for mypy: the call is authenticated
        assert call.authorization is not None  # noqa: S101 - as above
        session, user_arn = call.caller.session, (call.parameters or {})["userArn"]
        # moto finds the package in which `services` has put it.
        backend = get_backend(cast("Any", "chimesdkmessaging"))[ACCOUNT][call.authorization.region]
        try:
            backend.check_user(user_arn)
        except ServiceException as error:
            return errors.respond(call, AwsError(error.code, error.message))
        who = {**(call.parameters or {}), "accessKeyId": call.caller.access_key_id}

        def serve(opened: WebSocket) -> None:
            with ExitStack() as ending:
                ending.callback(backend.connect(user_arn, opened.send))
                if session is not None:
                    ending.enter_context(_at_the_end_of(session, opened))
                ending.enter_context(self._listed(opened, who))
                opened.send(ESTABLISHED)
                opened.run()

        return WebSocketUpgrade(call.request.environ, serve)

    @contextmanager
    def _listed(self, opened: WebSocket, who: dict[str, str]) -> Iterator[None]:
        with self._lock:
            self._open[opened] = who
        try:
            yield
        finally:
            with self._lock:
                del self._open[opened]


def refused(call: Call, response: Response) -> Response:
    """Turn a refusal to connect, or a failure, into a WebSocket that says so and is closed."""
    if response.headers.get("x-amzn-ErrorType") in _FORBIDDING:
        code = _FORBIDDEN
    elif response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
        code = _TRY_LATER
    else:
        code = _INTERNAL if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR else _NOT_AUTHORIZED

    def serve(opened: WebSocket) -> None:
        opened.close(code, response.headers.get("x-amzn-ErrorType", ""))
        opened.run()

    return WebSocketUpgrade(call.request.environ, serve, response.status_code)


@contextmanager
def _at_the_end_of(session: Session, opened: WebSocket) -> Iterator[None]:
    left = (session.expiration - utcnow()).total_seconds()
    timer = threading.Timer(left, opened.close, (GOING_AWAY, "The credentials have expired"))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
