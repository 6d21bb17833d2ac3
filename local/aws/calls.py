"""Remember the calls that came, so that a test can ask what was called."""

from __future__ import annotations

import json
import threading
from collections import deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkzeug.wrappers import Response

    from local.aws.call import Call

LARGEST = 16 * 1024 * 1024
"""
Characters of JSON. The oldest calls go when there are more: a stack may run for weeks, and any web page can send calls
that nobody has signed, of 10 MB each.
"""

SECRET_PARAMETERS = frozenset({"SecretString", "SecretBinary", "Password", "OldPassword", "NewPassword"})


class Calls:
    """The record, in order of arrival, and the layer that writes it."""

    def __init__(self, following: Callable[[Call], Response]) -> None:
        """Take the next layer."""
        self._following = following
        self._calls: deque[tuple[dict[str, Any], int]] = deque()
        self._length = 0
        self._lock = threading.Lock()

    def __call__(self, call: Call) -> Response:
        """Record the call, pass it on, and add the status of the answer."""
        entry: dict[str, Any] = {"operation": call.name, "parameters": _shown(call.parameters), "status": None}
        self._remember(entry)
        response = self._following(call)
        entry["status"] = response.status_code
        return response

    def list(self) -> list[dict[str, Any]]:
        """Return `{operation, parameters, status}` of each call; the status is None until it is answered, if ever."""
        with self._lock:
            return [dict(entry) for entry, _ in self._calls]

    def clear(self) -> None:
        """Forget them."""
        with self._lock:
            self._calls.clear()
            self._length = 0

    def _remember(self, entry: dict[str, Any]) -> None:
        if len(json.dumps(entry)) > LARGEST // 10:
            entry["parameters"] = {}
        length = len(json.dumps(entry))
        with self._lock:
            self._calls.append((entry, length))
            self._length += length
            while self._length > LARGEST:
                self._length -= self._calls.popleft()[1]


def _shown(parameters: dict[str, Any] | None) -> dict[str, Any]:
    given = {name: value for name, value in (parameters or {}).items() if value is not None}
    hidden = dict.fromkeys(SECRET_PARAMETERS & given.keys(), "***")
    # Times and blobs have no JSON of their own.
    shown: dict[str, Any] = json.loads(json.dumps({**given, **hidden}, default=str))
    return shown
