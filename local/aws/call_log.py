"""Record the calls that arrive, so that a test, or the page, can ask which ones there were."""

from __future__ import annotations

import json
import threading
from collections import deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkzeug.wrappers import Response

    from local.aws.aws_request import AwsRequest

MAX_LENGTH = 16 * 1024 * 1024
"""
Of all records, in characters of JSON. The oldest are dropped beyond it: a stack may run for weeks, and any web page can
send calls of 10 MB that nobody has signed.
"""

SECRET_PARAMETERS = frozenset({"Body", "SecretString", "SecretBinary", "Password", "OldPassword", "NewPassword"})


class CallLog:
    """The calls in order of arrival, and the middleware that records them."""

    def __init__(self, get_response: Callable[[AwsRequest], Response]) -> None:
        """Take what answers the requests that are passed on."""
        self._get_response = get_response
        self._calls: deque[tuple[dict[str, Any], int]] = deque()
        self._length = 0
        self._lock = threading.Lock()

    def __call__(self, request: AwsRequest) -> Response:
        """Record the request, pass it on, then add the response's status to the record."""
        entry: dict[str, Any] = {"operation": request.name, "parameters": _loggable(request.parameters), "status": None}
        self._record(entry)
        response = self._get_response(request)
        entry["status"] = response.status_code
        return response

    def list(self) -> list[dict[str, Any]]:
        """Return `{operation, parameters, status}` of each call; status is None as long as it is not answered."""
        with self._lock:
            return [dict(entry) for entry, _ in self._calls]

    def clear(self) -> None:
        """Delete the record."""
        with self._lock:
            self._calls.clear()
            self._length = 0

    def _record(self, entry: dict[str, Any]) -> None:
        if len(json.dumps(entry)) > MAX_LENGTH // 10:
            entry["parameters"] = {}
        length = len(json.dumps(entry))
        with self._lock:
            self._calls.append((entry, length))
            self._length += length
            while self._length > MAX_LENGTH:
                self._length -= self._calls.popleft()[1]


def _loggable(parameters: dict[str, Any] | None) -> dict[str, Any]:
    given = {name: value for name, value in (parameters or {}).items() if value is not None}
    hidden = dict.fromkeys(SECRET_PARAMETERS & given.keys(), "***")
    # `default`, because JSON has no times and no bytes.
    loggable: dict[str, Any] = json.loads(json.dumps({**given, **hidden}, default=str))
    return loggable
