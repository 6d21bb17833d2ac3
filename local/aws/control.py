"""The paths under `/local/`, for whoever runs or tests the stack: credentials, faults, channels, meetings and more."""

from __future__ import annotations

import json
from ipaddress import ip_address
from typing import TYPE_CHECKING

from werkzeug.wrappers import Request, Response

from local.aws import channels, clocks, meetings
from local.aws.faults import Fault, InvalidFieldError
from local.aws.messaging_connections import RESTART

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.aws.call_log import CallLog
    from local.aws.faults import Faults
    from local.aws.messaging_connections import MessagingConnections

PREFIX = "/local/"

_CLOSE_CODES = (range(1000, 1004), range(1007, 1015), range(3000, 5000))
"""Those that may be sent (RFC 6455, 7.4)."""


class UnknownRoleError(LookupError):
    """No role has that logical id."""


class Control:
    """Answers the paths that AWS does not have. Requests and responses are JSON."""

    def __init__(
        self,
        credentials: Callable[[str], dict[str, str]],
        owner_credentials: Callable[[], dict[str, str]],
        faults: Faults,
        calls: CallLog,
        connections: MessagingConnections,
    ) -> None:
        """Take what returns a role's credentials by its logical id, and the owner's, and the middlewares to control."""
        self._credentials = credentials
        self._owner_credentials = owner_credentials
        self._faults = faults
        self._calls = calls
        self._connections = connections
        self._routes: dict[tuple[str, str], Callable[[Request], Response]] = {
            ("POST", "/local/credentials"): self._give_credentials,
            ("POST", "/local/faults"): self._add_fault,
            ("GET", "/local/faults"): lambda _: _json(faults.list()),
            ("DELETE", "/local/faults"): self._clear_faults,
            ("GET", "/local/calls"): lambda _: _json(calls.list()),
            ("DELETE", "/local/calls"): self._clear_calls,
            ("GET", "/local/connections"): lambda _: _json(connections.list()),
            ("DELETE", "/local/connections"): self._drop_connections,
            ("POST", "/local/channels"): _open_channel,
            ("POST", "/local/users/clock"): _advance_users_clock,
            ("GET", "/local/meetings"): lambda _: _json(meetings.open_meetings()),
            ("POST", "/local/meetings/clock"): _advance_clock,
            ("GET", "/local/meetings/behaviours"): lambda _: _json(meetings.behaviours()),
            ("POST", "/local/meetings/behaviours"): _choose_behaviours,
            ("DELETE", "/local/meetings/behaviours"): _reset_behaviours,
        }

    def answer(self, request: Request) -> Response:
        """Answer a request under `/local/`."""
        route = self._routes.get((request.method, request.path))
        if route is None:
            return self._no_route(request)
        try:
            return route(request)
        except InvalidFieldError as error:
            return _json({"error": "bad_request", "field": error.field, "message": f"{error.field} {error}"}, 400)

    def _no_route(self, request: Request) -> Response:
        methods = [method for method, path in self._routes if path == request.path]
        if not methods:
            return _json({"error": "not_found", "message": f"There is no {request.path}"}, 404)
        response = _json({"error": "method_not_allowed", "message": f"{request.path} takes {', '.join(methods)}"}, 405)
        response.headers["Allow"] = ", ".join(methods)
        return response

    def _give_credentials(self, request: Request) -> Response:
        body = _body(request)
        if isinstance(body, dict) and "owner" in body:
            return self._give_owner_credentials(request, body)
        role = body.get("role") if isinstance(body, dict) else None
        if not isinstance(role, str):
            raise InvalidFieldError("role", "has to be the logical id of a role in the template")
        try:
            return _json(self._credentials(role))
        except UnknownRoleError as error:
            return _json({"error": "not_found", "field": "role", "message": str(error)}, 404)

    def _give_owner_credentials(self, request: Request, body: dict[str, object]) -> Response:
        if body["owner"] is not True or len(body) > 1:
            raise InvalidFieldError("owner", "has to be true, and no role goes with it")
        if not _is_loopback(request.remote_addr):
            message = "The owner's credentials are for programs on this machine alone."
            return _json({"error": "forbidden", "field": "owner", "message": message}, 403)
        return _json(self._owner_credentials())

    def _add_fault(self, request: Request) -> Response:
        self._faults.add(Fault.parse(_body(request)))
        return _json(self._faults.list())

    def _clear_faults(self, _: Request) -> Response:
        self._faults.clear()
        return _json([])

    def _clear_calls(self, _: Request) -> Response:
        self._calls.clear()
        return _json([])

    def _drop_connections(self, request: Request) -> Response:
        self._connections.drop(_close_code(request))
        return _json([])


def _open_channel(request: Request) -> Response:
    return _json(channels.open_channel(_body(request)))


def _advance_users_clock(request: Request) -> Response:
    clocks.advance_users_clock(_body(request))
    return _json({})


def _advance_clock(request: Request) -> Response:
    meetings.advance_clock(_body(request))
    return _json(meetings.open_meetings())


def _choose_behaviours(request: Request) -> Response:
    meetings.choose_behaviours(_body(request))
    return _json(meetings.behaviours())


def _reset_behaviours(_: Request) -> Response:
    meetings.reset_behaviours()
    return _json(meetings.behaviours())


def _close_code(request: Request) -> int:
    """Return the close code that the request asks for; without a body that of a service that restarts."""
    if not request.get_data():
        return RESTART
    body = _body(request)
    code = body.get("code") if isinstance(body, dict) else None
    if not isinstance(code, int) or not any(code in codes for codes in _CLOSE_CODES):
        raise InvalidFieldError("code", "has to be a WebSocket close code, such as 4401")
    return code


def _is_loopback(address: str | None) -> bool:
    try:
        return ip_address(address or "").is_loopback
    except ValueError:
        return False


def _body(request: Request) -> object:
    try:
        return json.loads(request.get_data())
    except (ValueError, RecursionError) as error:
        raise InvalidFieldError("body", "has to be JSON") from error


def _json(content: object, status: int = 200) -> Response:
    return Response(json.dumps(content), status, {"Cache-Control": "no-store"}, content_type="application/json")
