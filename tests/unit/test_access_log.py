"""A line of the access log, as API Gateway writes it."""

from __future__ import annotations

import json

import pytest

from local.api_gateway.access_log import AccessLog
from local.api_gateway.gateway_responses import GatewayError
from local.api_gateway.request import HttpRequest

FORMAT = (
    '{"id": "$context.requestId", "time": "$context.requestTime", "path": "$context.resourcePath", '
    '"status": "$context.status", "type": "$context.error.responseType", "reason": "$context.authorizer.reason", '
    '"authorizer": "$context.authorizer.status $context.authorizer.latency", '
    '"integration": "$context.integration.status $context.integration.latency", "took": "$context.responseLatency"}'
)
REQUEST = HttpRequest("POST", "/signin", (), (), "127.0.0.1", "HTTP/1.1", id="request-1", received=0.0)


class Clock:
    """Goes a hundredth of a second further each time it is read."""

    def __init__(self) -> None:
        self._now = 0.0

    def __call__(self) -> float:
        self._now += 0.01
        return self._now


@pytest.fixture
def lines() -> list[bytes]:
    return []


@pytest.fixture
def log(lines: list[bytes]) -> AccessLog:
    return AccessLog(FORMAT, lines.append, Clock())


def test_request_that_passed_has_a_line_with_both_calls(log: AccessLog, lines: list[bytes]) -> None:
    entry = log.entry(REQUEST)
    entry.matched("/signin")
    for step in ("authorizer", "integration"):
        with entry.calling(step):
            pass
    log.write(entry, 200)

    [line] = lines
    assert json.loads(line) == {
        "id": "request-1",
        "time": "01/Jan/1970:00:00:00 +0000",
        "path": "/signin",
        "status": "200",
        "type": "-",
        "reason": "-",
        "authorizer": "200 10",
        "integration": "200 10",
        "took": "50",
    }


def test_denied_request_has_the_authorizer_s_reason(log: AccessLog, lines: list[bytes]) -> None:
    entry = log.entry(REQUEST)
    denied = GatewayError("ACCESS_DENIED", None, {"reason": "token_expired"})
    with pytest.raises(GatewayError), entry.calling("authorizer"):
        raise denied
    entry.failed(denied)
    log.write(entry, 401)

    line = json.loads(lines[0])
    assert (line["status"], line["type"], line["reason"]) == ("401", "ACCESS_DENIED", "token_expired")
    assert (line["authorizer"], line["integration"]) == ("200 10", "- -")


def test_function_that_failed_is_one_with_status_500(log: AccessLog, lines: list[bytes]) -> None:
    entry = log.entry(REQUEST)
    with pytest.raises(ZeroDivisionError), entry.calling("integration"):
        _ = 1 / 0
    log.write(entry, 503)

    assert json.loads(lines[0])["integration"] == "500 10"


def test_stage_without_a_format_has_no_log(lines: list[bytes]) -> None:
    log = AccessLog("", lines.append)

    log.write(log.entry(REQUEST), 200)

    assert lines == []
