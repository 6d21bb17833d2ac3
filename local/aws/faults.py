"""
Make calls fail or wait on request, so that what depends on AWS can be tested for it.

A fault's error is an AWS error, or one of two things that no AWS error says: `ConnectionDropped` breaks the connection
without an answer (`GET /local/calls` shows such a call with the status null), `MalformedAnswer` answers, 200 unless the
fault says else, with what is neither XML nor JSON. Faults of one operation happen in the order in which they were set,
one a call; one with neither error nor delay lets a call pass, so that the next fault meets the second attempt.
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
from local.aws.call import CONNECT, SERVICES
from local.aws.errors import AwsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkzeug.wrappers import Response

    from local.aws.call import Call

FOREVER = -1
CONNECTION_DROPPED = "ConnectionDropped"
MALFORMED_ANSWER = "MalformedAnswer"


class InvalidFieldError(ValueError):
    """A fault that cannot be; `field` is to blame."""

    def __init__(self, field: str, message: str) -> None:
        """Name the field and what it has to be."""
        super().__init__(message)
        self.field = field


@dataclass
class Fault:
    """
    What happens to an operation's next *times* calls (-1: all): they wait, then fail if there is an error.

    *error* is a name in the service's model (ThrottledClientException), any other code, ConnectionDropped or
    MalformedAnswer; *status* overrules the status that goes with it. With *beyond_per_second* they meet only the calls
    beyond so many in any second: a quota.
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
            InvalidFieldError: Some field is not what it has to be.

        """
        if not isinstance(body, dict):
            raise InvalidFieldError("body", "has to be a JSON object")
        for field, value in body.items():
            if field not in _FIELDS:
                raise InvalidFieldError(field, f"is not one of {', '.join(_FIELDS)}")
            fits, message = _FIELDS[field]
            if not fits(value):
                raise InvalidFieldError(field, message)
        if "operation" not in body:
            raise InvalidFieldError("operation", "is required")
        return cls(**body)


class Faults:
    """The faults that are set, and the layer that applies them."""

    def __init__(self, following: Callable[[Call], Response]) -> None:
        """Take the next layer."""
        self._following = following
        self._faults: list[Fault] = []
        self._passed: dict[str, deque[float]] = {}
        self._lock = threading.Lock()

    def __call__(self, call: Call) -> Response:
        """Answer with the first fault that is set for the operation, or else with the next layer."""
        fault = self._take(call.name)
        if fault is None:
            return self._following(call)
        time.sleep(fault.delay_ms / 1000)
        return self._fail(call, fault) if fault.error else self._following(call)

    def add(self, fault: Fault) -> None:
        """Set a fault, behind those that are set."""
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        """Take all back."""
        with self._lock:
            self._faults.clear()
            self._passed.clear()

    def list(self) -> list[dict[str, Any]]:
        """Return what is set, as it was posted, `times` counted down."""
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
        """Say whether *fault* leaves this call alone, counting it among those of the last second if so."""
        if fault.beyond_per_second is None:
            return False
        passed, now = self._passed.setdefault(fault.operation, deque()), time.monotonic()
        while passed and now - passed[0] >= 1:
            passed.popleft()
        if len(passed) >= fault.beyond_per_second:
            return False
        passed.append(now)
        return True

    @staticmethod
    def _fail(call: Call, fault: Fault) -> Response:
        if fault.error == CONNECTION_DROPPED:
            raise ConnectionAbortedError(f"{fault.operation} was told to drop the connection.")
        if fault.error == MALFORMED_ANSWER:
            return errors.malformed(call, fault.status or 200)
        message = f"{fault.operation} was told to fail with this error."
        return errors.respond(call, AwsError(fault.error or "", message, fault.status))


def _is_operation(value: object) -> bool:
    return isinstance(value, str) and value in _operations()


@functools.cache
def _operations() -> frozenset[str]:
    services = (service for names in SERVICES.values() for service in names)
    return frozenset(name for service in services for name in get_service_model(service).operation_names) | {CONNECT}


def _is_integer(value: object, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


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
