"""
The access log of a stage: a line for each request, in the format that the template gives.

Source: AWS, "Variables for access logging for API Gateway". A variable without a value is a hyphen. The ids of the
calls of functions (`authorizer.requestId` and `integration.requestId`) are not known here, and so are hyphens.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from local.api_gateway.gateway_responses import OK, substitute

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from local.api_gateway.gateway_responses import GatewayError
    from local.api_gateway.request import HttpRequest
    from local.lambda_runtime.process import LogSink

UNKNOWN = "-"
FAILED = 500


class AccessLog:
    """Writes a line in *line_format* for each request to *write*; none if the format is empty."""

    def __init__(self, line_format: str, write: LogSink, clock: Callable[[], float] = time.monotonic) -> None:
        """*clock* returns seconds."""
        self._format = line_format
        self._write = write
        self._clock = clock

    def entry(self, http: HttpRequest) -> AccessLogEntry:
        """Return the entry of a request that begins now."""
        return AccessLogEntry(http, self._clock)

    def write(self, entry: AccessLogEntry, status: int) -> None:
        """Write the line of a request that was answered with *status*."""
        if self._format:
            self._write(substitute(self._format, entry.context(status), UNKNOWN).encode() + b"\n")


class AccessLogEntry:
    """What becomes known of one request, for its line."""

    def __init__(self, http: HttpRequest, clock: Callable[[], float]) -> None:
        self._http = http
        self._clock = clock
        self._began = clock()
        self._known: dict[str, Any] = {"authorizer": {}, "integration": {}}

    def matched(self, resource_path: str) -> None:
        """Note the path of the route."""
        self._known["resourcePath"] = resource_path

    @contextmanager
    def calling(self, step: str) -> Iterator[None]:
        """Note how long the *step* took ("authorizer" or "integration"), and whether its function failed."""
        began, said = self._clock(), self._known[step]
        said["status"] = FAILED
        try:
            yield
            said["status"] = OK
        finally:
            said["latency"] = self._milliseconds(began)

    def failed(self, error: GatewayError) -> None:
        """Note which gateway response answers the request, and what the authorizer said if it denied it."""
        self._known["error"] = {"responseType": error.response_type}
        if error.authorizer:
            # Inferred: the status of an authorizer that denied is 200, because its function has answered.
            self._known["authorizer"] |= {**error.authorizer, "status": OK}

    def context(self, status: int) -> dict[str, Any]:
        """Return the variables, as `$context` has them."""
        http = self._http
        return {
            "extendedRequestId": http.id,
            "httpMethod": http.method,
            "requestId": http.id,
            "requestTime": http.request_time,
            "responseLatency": self._milliseconds(self._began),
            "status": status,
            **self._known,
        }

    def _milliseconds(self, began: float) -> int:
        return round(1000 * (self._clock() - began))
