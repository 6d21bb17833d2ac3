"""
Make calls fail or wait, so that one can test what a client does then.

A fault's error is an AWS error, or one of two failures that are none: `ConnectionDropped` breaks the connection without
a response (`GET /local/calls` shows such a call with the status null); `MalformedAnswer` sends a body that is neither
XML nor JSON, with status 200 unless the fault has another. The faults of one operation are applied in the order in
which they were set, one to each call. A fault with neither error nor delay lets its call pass; set it first
to make the second attempt fail instead of the first.
"""

from __future__ import annotations

import functools
import threading
import time
from collections import deque
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from moto.core.utils import get_service_model

from local.aws import errors
from local.aws.aws_request import CONNECT, SERVICES
from local.aws.errors import AwsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkzeug.wrappers import Response

    from local.aws.aws_request import AwsRequest

FOREVER = -1
CONNECTION_DROPPED = "ConnectionDropped"
MALFORMED_ANSWER = "MalformedAnswer"


class InvalidFieldError(ValueError):
    """A request to a control path has a wrong `field`; the text says what the field has to be."""

    def __init__(self, field: str, message: str) -> None:
        """Take the field's name and what it has to be."""
        super().__init__(message)
        self.field = field


@dataclass
class Fault:
    """
    What happens to the next *times* calls of an operation (-1: to all): they wait *delay_ms*, then fail with *error*.

    *error* is an error in the service's model (ThrottledClientException), any other code, ConnectionDropped,
    MalformedAnswer, or None for a delay alone. *status* overrides the error's own. *beyond_per_second* makes the fault
    a quota: it is applied only to calls beyond that many in any second.
    """

    operation: str
    error: str | None = None
    status: int | None = None
    delay_ms: int = 0
    times: int = 1
    beyond_per_second: int | None = None

    @classmethod
    def parse(cls, body: object) -> Fault:
        """
        Read a fault from a JSON body.

        Raises:
            InvalidFieldError: A field is missing, unknown or of the wrong kind.

        """
        if not isinstance(body, dict):
            raise InvalidFieldError("body", "has to be a JSON object")
        for field, value in body.items():
            if field not in _FIELDS:
                raise InvalidFieldError(field, f"is not one of {', '.join(_FIELDS)}")
            is_valid, message = _FIELDS[field]
            if not is_valid(value):
                raise InvalidFieldError(field, message)
        if "operation" not in body:
            raise InvalidFieldError("operation", "is required")
        return cls(**body)


class Faults:
    """The faults that are set, and the middleware that applies them."""

    def __init__(self, get_response: Callable[[AwsRequest], Response]) -> None:
        """Take what answers the requests that are passed on."""
        self._get_response = get_response
        self._faults: list[Fault] = []
        self._recent: dict[str, deque[float]] = {}
        self._lock = threading.Lock()
        self._cleared = threading.Event()

    def __call__(self, request: AwsRequest) -> Response:
        """Apply the first fault that is set for the operation, or answer with the response of what comes next."""
        cleared = self._cleared
        fault = self._take(request.name)
        if fault is None:
            return self._get_response(request)
        if cleared.wait(fault.delay_ms / 1000):
            # Its client has given up long ago, and does not expect that the call is still carried out.
            raise ConnectionAbortedError(f"The faults were removed while {fault.operation} waited.")
        return self._fail(request, fault) if fault.error else self._get_response(request)

    def add(self, fault: Fault) -> None:
        """Set a fault, to be applied after those that are set already."""
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        """Remove all faults, and drop the connections of the calls that wait because of one."""
        with self._lock:
            self._faults.clear()
            self._recent.clear()
            self._cleared.set()
            self._cleared = threading.Event()

    def list(self) -> list[dict[str, Any]]:
        """Return the faults that are set, with the `times` that remain."""
        with self._lock:
            return [asdict(fault) for fault in self._faults]

    def _take(self, operation: str | None) -> Fault | None:
        with self._lock:
            fault = next((fault for fault in self._faults if fault.operation == operation), None)
            if fault is None or self._is_within_quota(fault):
                return None
            if fault.times != FOREVER:
                fault.times -= 1
                if fault.times == 0:
                    self._faults.remove(fault)
        return fault

    def _is_within_quota(self, fault: Fault) -> bool:
        """Tell whether this call is within the quota of *fault*; if it is, count it for the next second."""
        if fault.beyond_per_second is None:
            return False
        recent, now = self._recent.setdefault(fault.operation, deque()), time.monotonic()
        while recent and now - recent[0] >= 1:
            recent.popleft()
        if len(recent) >= fault.beyond_per_second:
            return False
        recent.append(now)
        return True

    @staticmethod
    def _fail(request: AwsRequest, fault: Fault) -> Response:
        if fault.error == CONNECTION_DROPPED:
            raise ConnectionAbortedError(f"{fault.operation} was told to drop the connection.")
        if fault.error == MALFORMED_ANSWER:
            return errors.malformed_response(request, fault.status or 200)
        message = f"{fault.operation} was told to fail with this error."
        return errors.error_response(request, AwsError(fault.error or "", message, fault.status))


def _is_operation(value: object) -> bool:
    return isinstance(value, str) and value in _operations()


@functools.cache
def _operations() -> frozenset[str]:
    services = (service for names in SERVICES.values() for service in names)
    return frozenset(name for service in services for name in get_service_model(service).operation_names) | {CONNECT}


def _is_integer(value: object, minimum: int, maximum: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and minimum <= value <= maximum


_FIELDS: dict[str, tuple[Callable[[object], bool], str]] = {
    "operation": (_is_operation, "has to be the name of an operation that is served here"),
    "error": (
        lambda value: value is None or (isinstance(value, str) and value.isidentifier() and value.isascii()),
        "has to be the name of an error",
    ),
    "status": (lambda value: value is None or _is_integer(value, 200, 599), "has to be an HTTP status"),
    "delay_ms": (lambda value: _is_integer(value, 0, 600_000), "has to be milliseconds, 600000 at most"),
    "times": (
        lambda value: value == FOREVER or _is_integer(value, 1, 1_000_000),
        "has to be a number of calls, or -1 for all",
    ),
    "beyond_per_second": (
        lambda value: value is None or _is_integer(value, 0, 1_000_000),
        "has to be a number of calls",
    ),
}
