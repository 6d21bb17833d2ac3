"""Lines of the log: the authorizer's own way to write them gives, to the letter, what Powertools gives."""

from __future__ import annotations

import logging
import sys
from typing import Any

import pytest
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter

from authorizer.log_lines import SERVICE, LogLines
from authorizer.telemetry import logger


def record(level: int = logging.INFO, error: bool = False, **fields: Any) -> logging.LogRecord:  # noqa: FBT001, FBT002 - a case
    exception = None
    if error:
        try:
            int("x")
        except ValueError:
            exception = sys.exc_info()
    made = logging.LogRecord(SERVICE, level, "/var/task/a.py", 7, "token accepted", (), exception, func="accepted")
    made.__dict__.update(fields)
    return made


@pytest.mark.parametrize(
    "event",
    [
        pytest.param(record(), id="plain"),
        pytest.param(record(provider="main", token_sha256="ab", request_id="1"), id="with fields"),
        pytest.param(record(provider=None, reason="x"), id="with a field that is not there"),
        pytest.param(record(provider="mäin \u2028 \U0001f600 \"'\\"), id="with letters of all kinds"),
        pytest.param(record(age=1.5, named=["a", None], hashes={"b": True}), id="with numbers, lists and objects"),
        pytest.param(record(cause=ValueError("wrong")), id="with what JSON does not know"),
        pytest.param(record(logging.WARNING), id="a warning"),
        pytest.param(record(error=True), id="with an exception"),
    ],
)
@pytest.mark.parametrize("trace", ["", "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"])
def test_line_is_as_powertools_writes_it(event: logging.LogRecord, trace: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_X_AMZN_TRACE_ID", trace)

    theirs = LambdaPowertoolsFormatter(utc=True, service=SERVICE).format(event)

    assert LogLines(utc=True, service=SERVICE).format(event) == theirs


def test_logger_writes_so() -> None:
    assert isinstance(logger().registered_formatter, LogLines)
